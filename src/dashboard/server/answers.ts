import { Baselines } from '../../analysis/baseline.ts';
import { requiredLengths } from '../../analysis/required.ts';
import { settingsOf } from '../../report/frames.ts';
import { readRun } from '../../results/runs.ts';
import { type RunResults, sentLength } from '../data.ts';
import type { FollowedRun } from './followed-run.ts';
import type { Library } from './library.ts';

/** Cells that figures of a whole run are drawn of at most: more are drawn by `report`, not while somebody waits. */
const MOST_CELLS = 5000;
/** Curves that are asked for at once at most. */
const MOST_CURVES = 500;

/** What `api/<path>` gives: JSON, or bytes; undefined where there is nothing of that name. */
export async function answerOf(
  library: Library,
  path: string,
  query: URLSearchParams,
): Promise<object | Uint8Array | undefined> {
  if (path === 'snapshot') return library.snapshot();
  const run = library.run(query.get('run') ?? '');
  if (!run) return undefined;
  const cell = query.get('cell') ?? '';
  switch (path) {
    case 'curves':
      return run.curvesOf((query.get('cells') ?? '').split(',').slice(0, MOST_CURVES));
    case 'cell':
      return run.detailOf(cell);
    case 'model':
      return run.modelOf(cell);
    case 'results':
      return resultsOf(run);
    default:
      return undefined;
  }
}

/** What figures of a whole run are drawn from. */
export async function resultsOf(followed: FollowedRun): Promise<RunResults> {
  const run = await readRun(followed.folder);
  const baselines = Baselines.ofRun(run);
  const cells = run.cells.slice(0, MOST_CELLS);
  return {
    cells,
    of: run.cells.length,
    baselines: settingsOf(cells).flatMap(({ axes }) => {
      const baseline = baselines.of(axes);
      return baseline ? [{ axes, baseline }] : [];
    }),
    required: requiredLengths(cells, run.manifest.experiment.epsilon).map(sentLength),
  };
}
