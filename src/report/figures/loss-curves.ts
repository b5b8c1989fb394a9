import type { CellLine } from '../../results/schema.ts';
import { lossPoints, settingsOf } from '../frames.ts';
import { labelOf, numberText } from '../names.ts';
import { ordered } from '../theme.ts';
import { draw, lengthAxis, lengthScale, logDomain, lossAxis } from './draw.ts';
import { type Canvas, type Figure, type Key, MOST_PANELS, panelsLeft, symbolAt } from './figure.ts';
import { seriesMarks } from './series.ts';

/** Loss against test length, a line for each training length, a panel for each setting of the knobs. Undefined without losses. */
export function lossCurves(canvas: Canvas, id: string, cells: readonly CellLine[]): Figure | undefined {
  const settings = settingsOf(cells);
  const panels = settings
    .slice(0, MOST_PANELS)
    .map(setting => ({ ...setting, points: lossPoints(setting.cells) }));
  const spreads = panels.flatMap(({ points }) => points.map(({ loss }) => loss));
  const values = spreads.flatMap(({ seeds }) => seeds);
  if (values.length === 0) return undefined;
  const domain = logDomain(
    values,
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
    title: 'Loss against test length',
    caption: `How wrong the model is on sequences of T tokens, by the training length N. A flat line means that longer sequences cost nothing more. Lines: geometric mean over seeds; bands: 95 % interval of that mean, spread pooled over training lengths; dots: single seeds.${panelsLeft(panels.length, settings.length)}`,
    legend: { kind: 'keys', title: 'training length N', keys },
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
        height: 236,
        alt: `${title}: ${lines
          .flatMap(({ key, points: own }) => {
            const last = own.at(-1);
            return last ? [`N = ${key.label} ends at ${numberText(last.spread.mean)} at T = ${last.x}`] : [];
          })
          .join('; ')}.`,
        svg: draw(canvas, {
          x: lengthScale(lengths),
          y: { type: 'log', domain, clamp: true },
          marks: [
            ...lossAxis(canvas, domain),
            ...lengthAxis(canvas, lengths, 'test length T'),
            ...lines.flatMap(({ key, points: own }) => seriesMarks(canvas, own, key, domain, 'band')),
          ],
        }),
      };
    }),
  };
}
