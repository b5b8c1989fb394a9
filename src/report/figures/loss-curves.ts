import { measureOf } from '../../analysis/accuracy.ts';
import type { Baseline, Baselines } from '../../analysis/baseline.ts';
import { labelOf } from '../../results/axes.ts';
import type { CellResult } from '../../results/schema.ts';
import { lossPoints, settingsOf } from '../frames.ts';
import { capital, numberText } from '../names.ts';
import { ordered, token } from '../theme.ts';
import { logDomain } from './draw.ts';
import { type Canvas, type Figure, type Key, MOST_PANELS, PANEL, panelsLeft, symbolAt } from './figure.ts';
import { lossPanel, MOST_DOTS, seriesMarks } from './series.ts';

/**
 * Loss against test length, a line for each training length, a panel for each setting of the knobs; `baselines` are dashed.
 * Undefined without losses.
 */
export function lossCurves(
  canvas: Canvas,
  id: string,
  cells: readonly CellResult[],
  baselines: Pick<Baselines, 'of'>,
): Figure | undefined {
  const measure = measureOf(cells);
  const settings = settingsOf(cells);
  const panels = settings
    .slice(0, MOST_PANELS)
    .map(setting => ({ ...setting, points: lossPoints(setting.cells) }));
  const spreads = panels.flatMap(({ points }) => points.map(({ loss }) => loss));
  const values = spreads.flatMap(({ seeds }) => seeds);
  if (values.length === 0) return undefined;
  const untrained = panels.flatMap(({ axes }) => untrainedLines(baselines.of(axes)));
  const untrainedKeys = BASELINES.flatMap(
    ({ label }) => untrained.find(({ key }) => key.label === label)?.key ?? [],
  );
  const domain = logDomain(
    [...values, ...untrained.map(({ loss }) => loss)],
    spreads.flatMap(({ interval }) => interval ?? []),
  );
  const trained = [...new Set(cells.map(({ axes }) => Number(axes['train.length'])))].sort((a, b) => a - b);
  const keys: Key[] = trained.map((length, i) => ({
    label: String(length),
    colour: ordered(i, trained.length),
    symbol: symbolAt(i),
  }));
  const lengths = [
    ...new Set(panels.flatMap(({ points }) => points.map(({ testLength }) => testLength))),
  ].sort((a, b) => a - b);
  return {
    id,
    title: `${capital(measure)} against test length`,
    caption: `How wrong the model is on sequences of T tokens${measure === 'loss' ? '' : ': the share of them that it does not answer right throughout'}, by the training length N. A flat line means that longer sequences cost nothing more. Lines: geometric mean over seeds; bands: 95 % interval of that mean, spread pooled over training lengths; dots: single seeds, at most ${MOST_DOTS} of each.${untrained.length > 0 ? ' Dashed: what is reached without training, by always answering the mean, or the sequence’s own token counts.' : ''}${panelsLeft(panels.length, settings.length)}`,
    legend: { kind: 'keys', title: 'training length N', keys: [...keys, ...untrainedKeys] },
    panels: panels.map(({ axes, points }) => {
      const title = labelOf(axes) || 'all cells';
      const lines = trained.map((length, i) => ({
        key: keys[i]!,
        points: points
          .filter(({ trainLength }) => trainLength === length)
          .map(({ testLength, loss }) => ({ x: testLength, spread: loss })),
      }));
      return {
        title,
        height: PANEL.height,
        alt: `${title}: ${lines
          .flatMap(({ key, points: own }) => {
            const last = own.at(-1);
            return last ? [`N = ${key.label} ends at ${numberText(last.spread.mean)} at T = ${last.x}`] : [];
          })
          .join('; ')}.`,
        svg: lossPanel(
          canvas,
          domain,
          lengths,
          'test length T',
          [
            ...untrainedLines(baselines.of(axes)).map(({ loss, key }) =>
              canvas.Plot.ruleY([loss], { stroke: key.colour, strokeDasharray: key.dash }),
            ),
            ...lines.flatMap(({ key, points: own }) => seriesMarks(canvas, own, key, domain, 'band')),
          ],
          measure,
        ),
      };
    }),
  };
}

/** Baselines by name, with the dashes of their lines. */
const BASELINES = [
  { label: 'always the mean', dash: '5 4', pick: ({ predictMean }: Baseline) => predictMean },
  { label: 'token counts', dash: '1.5 3', pick: ({ orderZero }: Baseline) => orderZero },
] as const;

/** Losses that need no training, each with its key. */
function untrainedLines(baseline: Baseline | undefined): { loss: number; key: Key & { dash: string } }[] {
  return BASELINES.flatMap(({ label, dash, pick }) => {
    const loss = baseline && pick(baseline);
    return loss ? [{ loss, key: { label, dash, colour: token('muted'), symbol: null } }] : [];
  });
}
