import { plateauOf } from '../../analysis/plateau.ts';
import { labelOf, settingOf } from '../../results/axes.ts';
import type { CellResult } from '../../results/schema.ts';
import { leastOf, mostOf } from '../../shared/extremes.ts';
import { categorical, token } from '../theme.ts';
import { channels, draw, logDomain, lossAxis } from './draw.ts';
import { type Canvas, type Figure, type Key, PANEL, symbolAt } from './figure.ts';

const FORMS = ['norm', 'range', 'empirical'] as const;
/** Settings that have a colour and a mark of their own. */
const MOST_KEYS = 7;

/** C(f) in its three forms against the plateau, a point a cell. Undefined where no cell has both. */
export function complexityScatter(
  canvas: Canvas,
  id: string,
  cells: readonly CellResult[],
): Figure | undefined {
  const labels = [...new Set(cells.map(({ axes }) => labelOf(settingOf(axes)) || 'all cells'))];
  const keys = labels
    .slice(0, MOST_KEYS)
    .map((label, i): Key => ({ label, colour: categorical(i), symbol: symbolAt(i) }));
  const rest: Key = { label: 'others', colour: token('muted'), symbol: 'circle' };
  const points = cells.flatMap(cell => {
    const plateau = cell.test.length === 0 ? null : plateauOf(cell);
    if (!plateau || !cell.theory) return [];
    const key = keys[labels.indexOf(labelOf(settingOf(cell.axes)) || 'all cells')] ?? rest;
    return [{ plateau, complexity: cell.theory.complexity, key }];
  });
  const panels = FORMS.flatMap(form => {
    const own = points.flatMap(({ complexity, ...point }) =>
      complexity[form] === null ? [] : [{ ...point, x: complexity[form] }],
    );
    return own.length === 0 ? [] : [{ form, own }];
  });
  if (panels.length === 0) return undefined;
  const domain = logDomain(points.map(({ plateau }) => plateau));
  return {
    id,
    title: 'Complexity against plateau',
    caption:
      'A point is a trained cell. C(f) bounds how sharply the model can react to its input: in norms, in reachable ranges, and as measured by simulation. A smaller C(f) should go with a lower plateau.',
    legend: {
      kind: 'keys',
      title: 'setting',
      keys: labels.length > MOST_KEYS ? [...keys, rest] : keys,
    },
    panels: panels.map(({ form, own }) => {
      type Row = (typeof own)[number];
      const xs = own.map(({ x }) => x);
      const pad = Math.max(0.2, 0.05 * (mostOf(xs) - leastOf(xs)));
      return {
        title: `${form} form`,
        height: PANEL.height,
        alt: `${form} form: log10 C(f) from ${leastOf(xs).toFixed(1)} to ${mostOf(xs).toFixed(1)} over ${own.length} cells.`,
        svg: draw(canvas, {
          x: { domain: [leastOf(xs) - pad, mostOf(xs) + pad] },
          y: { type: 'log', domain, clamp: true },
          marks: [
            ...lossAxis(canvas, domain, 'plateau'),
            canvas.Plot.axisX({
              label: 'log₁₀ C(f)',
              labelAnchor: 'center',
              labelArrow: 'none',
              labelOffset: 32,
              color: token('muted'),
              tickSize: 4,
              ticks: 5,
            }),
            ...[...keys, rest].map(key =>
              canvas.Plot.dot(
                own.filter(point => point.key === key),
                channels<Row>({
                  x: 'x',
                  y: (row: Row) => row.plateau,
                  fill: key.colour,
                  fillOpacity: 0.75,
                  r: 2.8,
                  ...(key.symbol ? { symbol: key.symbol } : {}),
                }),
              ),
            ),
          ],
        }),
      };
    }),
  };
}
