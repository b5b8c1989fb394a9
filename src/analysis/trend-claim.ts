import type { Streams } from '../config/streams.ts';
import { labelOf, symbolOf, without } from '../results/axes.ts';
import { LEARNED, type Line, lossesOf, type Setting, shareWords } from './learned.ts';
import { plateauOf } from './plateau.ts';
import { type Reversal, reversals, reversalText } from './reversal.ts';
import { bootstrap, holm } from './statistics.ts';
import { type Block, blocksFor, pageTrend, scoreOfBlock, strengthOf } from './trend.ts';
import { type Claim, LEAST_SEEDS, listed, NEEDS_SEEDS, repeatedText, type Verdict } from './verdict.ts';

/** Level of a trend. */
export const TREND_LEVEL = 0.01;
/** Level of what would refute it in one line, adjusted for how many lines there are. */
const REFUTE_LEVEL = 0.05;

/**
 * The plateau, as a share of the loss of predicting the mean, falls with N or rises with a knob. Page's test by exact permutation
 * (`trend.ts`); blocks are seeds where the settings of a seed share their random numbers, seeds within lines where they don't. Only lines
 * count in which every model has learned to fit what it was trained on.
 *
 * Shown: p ≤ `TREND_LEVEL`, every line goes that way, and no step is shown to go against it where length is what limits.
 * Refuted: the contrary trend has p ≤ `TREND_LEVEL`, over all or (Holm-adjusted, `REFUTE_LEVEL`) in one line, or such a step is shown.
 */
export function trendClaim(
  settings: readonly Setting[],
  path: string,
  direction: 'falls' | 'rises',
  streams: Streams,
): Claim | undefined {
  const values = [...new Set(settings.map(({ axes }) => Number(axes[path])))].sort((a, b) => a - b);
  if (values.length < 2 || values.some(Number.isNaN)) return undefined;
  const { measure } = settings[0]!;
  const ordered = direction === 'rises' ? values : [...values].reverse();
  const lines = linesOf(settings, path, ordered);
  const whole = lines.filter(line => line.settings.length === ordered.length);
  const learned = whole.filter(line => line.settings.every(({ trains }) => trains));
  const rows = rowsOf(learned);
  const blocks = blocksOf(rows, streams);
  const seeds = new Set(rows.map(({ seed }) => seed)).size;
  const id = path === 'train.length' ? 'monotone-N' : `monotone-${path.split('.').at(-1)}`;
  const what = path === 'train.length' ? 'training length N' : symbolOf(path);
  const labels = (some: readonly Line[]) => listed(some.map(({ axes }) => labelOf(axes) || 'all cells'));
  const base = {
    id,
    statement: `the plateau ${direction} with ${what}`,
    statistic: `strength of Page’s trend of plateaus ${measure === 'loss' ? 'as a share of predicting the mean' : 'of error rates'}, from −1 to 1; exact permutation in ${blocks.length} independent blocks (${streams === 'paired' ? 'seeds, whose settings share their random numbers' : 'a seed in a setting each'})`,
    confidence: 0.95,
    threshold: 0,
    level: TREND_LEVEL,
    seeds: rows.length * ordered.length,
    diverged: settings.reduce(
      (sum, { members }) => sum + members.filter(cell => plateauOf(cell) === null).length,
      0,
    ),
  };
  const unlearned = whole.filter(line => !learned.includes(line));
  const expected = learned.reduce((sum, line) => sum + Math.max(...line.settings.map(countOf)), 0);
  const repeated = settings.reduce((sum, setting) => sum + setting.repeated, 0);
  const remarks = [
    ...(unlearned.length > 0
      ? [
          `left out, a model of theirs having learned nothing (all of its ${measure === 'loss' ? 'losses' : 'error rates'} are above ${shareWords({ measure }, LEARNED)}): ${labels(unlearned)}`,
        ]
      : []),
    ...(expected > rows.length
      ? [`${expected - rows.length} of ${expected} rows are incomplete or repeat another and were left out`]
      : []),
    ...(repeated > 0 ? [repeatedText(repeated)] : []),
  ];
  if (blocks.length === 0) {
    const unknown = settings.some(({ whole }) => whole === undefined);
    const lacks = unknown
      ? 'needs the loss of predicting the mean, which is not known for this experiment'
      : 'needs a line of models that have all learned something';
    return {
      ...base,
      value: null,
      interval: null,
      verdict: 'undecided',
      lacks,
      pValue: null,
      pFloor: null,
      remarks,
    };
  }
  const { strength, pValue, pFloor } = pageTrend(blocks);
  const against = linesAgainst(learned, rows);
  const steps = reversals(learned);
  const contrary = pageTrend(blocks.map(backwards)).pValue <= TREND_LEVEL;
  const lacks =
    seeds < LEAST_SEEDS
      ? NEEDS_SEEDS
      : pFloor > TREND_LEVEL
        ? `needs at least ${Math.ceil((seeds * blocksFor(TREND_LEVEL, ordered.length)) / blocks.length)} seeds: p cannot be below ${pFloor.toPrecision(2)}`
        : null;
  const verdict = verdictOf({
    refuted: contrary || against.shown.length > 0 || steps.some(({ limit }) => limit === 'length'),
    shown:
      pValue <= TREND_LEVEL && against.all.length === 0 && steps.every(({ limit }) => limit === 'training'),
    lacks,
  });
  const scores = blocks.map(scoreOfBlock);
  return {
    ...base,
    value: strength,
    interval: bootstrap(blocks.length, units =>
      strengthOf(
        units.map(i => scores[i]!),
        ordered.length,
      ),
    ),
    verdict,
    lacks: verdict === 'undecided' ? lacks : null,
    pValue,
    pFloor,
    remarks: [
      ...remarks,
      ...(against.all.length > 0 ? [`do not go that way: ${labels(against.all)}`] : []),
      ...steps.map((step: Reversal) => reversalText(step, path)),
    ],
  };
}

function verdictOf(found: { refuted: boolean; shown: boolean; lacks: string | null }): Verdict {
  if (found.lacks !== null) return 'undecided';
  return found.refuted ? 'refuted' : found.shown ? 'shown' : 'undecided';
}

/** Settings by their other axes, ordered by the value at a path. */
function linesOf(settings: readonly Setting[], path: string, ordered: readonly number[]): Line[] {
  const lines = new Map<string, Line>();
  for (const setting of settings) {
    const axes = without(setting.axes, path);
    const key = JSON.stringify(axes);
    const line = lines.get(key) ?? { axes, settings: [] };
    line.settings.push(setting);
    lines.set(key, line);
  }
  const place = ({ axes }: Setting) => ordered.indexOf(Number(axes[path]));
  return [...lines.values()].map(({ axes, settings: own }) => ({
    axes,
    settings: own.sort((a, b) => place(a) - place(b)),
  }));
}

/** Plateaus of one seed along a line, as shares of the whole. */
interface Row {
  line: Line;
  seed: unknown;
  shares: number[];
}

const countOf = ({ members }: Setting) => members.length;

/** The complete rows of lines; of equal ones, which share their random numbers whatever their names, the first. */
function rowsOf(lines: readonly Line[]): Row[] {
  const seen = new Set<string>();
  return lines.flatMap(line => {
    const bySeed = line.settings.map(
      ({ members, whole }) =>
        new Map(
          members.map(cell => [
            cell.axes.seed,
            { share: (plateauOf(cell) ?? Number.NaN) / whole!, losses: lossesOf(cell) },
          ]),
        ),
    );
    return [...bySeed[0]!.keys()].flatMap(seed => {
      const row = bySeed.map(own => own.get(seed));
      const shares = row.map(cell => cell?.share ?? Number.NaN);
      // Error rates may well be equal where losses are not.
      const key = (line.settings[0]!.measure === 'loss' ? shares : row.map(cell => cell?.losses)).join();
      if (shares.some(Number.isNaN) || seen.has(key)) return [];
      seen.add(key);
      return [{ line, seed, shares }];
    });
  });
}

/** Rows as blocks that are independent of each other. */
function blocksOf(rows: readonly Row[], streams: Streams): Block[] {
  if (streams === 'cell') return rows.map(({ shares }) => [shares]);
  const seeds = new Map<unknown, number[][]>();
  for (const { seed, shares } of rows) seeds.set(seed, [...(seeds.get(seed) ?? []), shares]);
  return [...seeds.values()];
}

const backwards = (block: Block): Block => block.map(row => [...row].reverse());

/** Lines whose own trend does not go the right way, and those in which the contrary one is shown. */
function linesAgainst(lines: readonly Line[], rows: readonly Row[]): { all: Line[]; shown: Line[] } {
  const own = lines
    .map(line => ({
      line,
      // Within a line, seeds are independent in either case.
      blocks: rows.filter(row => row.line === line).map(({ shares }): Block => [shares]),
    }))
    .filter(({ blocks }) => blocks.length > 0);
  const adjusted = holm(own.map(({ blocks }) => pageTrend(blocks.map(backwards)).pValue));
  return {
    all: own.filter(({ blocks }) => pageTrend(blocks).strength <= 0).map(({ line }) => line),
    shown: own.filter((_, i) => adjusted[i]! <= REFUTE_LEVEL).map(({ line }) => line),
  };
}
