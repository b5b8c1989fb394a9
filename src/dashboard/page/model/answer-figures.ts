import { axisOfPositions, channels, draw, plainAxis } from '../../../report/figures/draw.ts';
import type { Canvas, Figure } from '../../../report/figures/figure.ts';
import { numberText } from '../../../report/names.ts';
import { categorical, token, viridis } from '../../../report/theme.ts';
import { mostOf } from '../../../shared/extremes.ts';

const ROW_PIXELS = 22;
/** Outputs that have a line of their own. */
const MOST_OUTPUTS = 8;

/** A head's weights at the last position, by position. */
export interface Head {
  name: string;
  weights: readonly number[];
}

/** f of every prefix, a line an output. @param outputs [T][outputs], null where not finite */
export function prefixFigure(
  canvas: Canvas,
  outputs: readonly (readonly (number | null)[])[],
  width: number,
): Figure {
  const count = Math.min(MOST_OUTPUTS, outputs[0]?.length ?? 0);
  const lines = Array.from({ length: count }, (_, o) => ({
    key: { label: `f ${o}`, colour: categorical(o), symbol: null },
    rows: outputs.map((row, i) => ({ position: i + 1, value: row[o] ?? Number.NaN })),
  }));
  type Row = (typeof lines)[number]['rows'][number];
  const height = 190;
  return {
    id: 'model-prefixes',
    title: 'f of every prefix',
    caption: 'What the model says after each token, as if the sequence ended there.',
    legend: count > 1 ? { kind: 'keys', title: 'output', keys: lines.map(({ key }) => key) } : undefined,
    panels: [
      {
        title: 'f of every prefix',
        width,
        height,
        alt: `f of every prefix: ${lines.map(({ key, rows }) => `${key.label} ends at ${numberText(rows.at(-1)!.value)}`).join('; ')}.`,
        svg: draw(canvas, {
          width,
          height,
          marginLeft: 64,
          y: { nice: true, grid: false },
          x: { domain: [0.5, outputs.length + 0.5] },
          marks: [
            axisOfPositions(canvas, outputs.length, width),
            ...plainAxis(canvas, 'f'),
            ...lines.flatMap(({ key, rows }) => [
              canvas.Plot.line(
                rows,
                channels<Row>({ x: 'position', y: 'value', stroke: key.colour, strokeWidth: 1.4 }),
              ),
              canvas.Plot.dot(
                rows,
                channels<Row>({
                  x: 'position',
                  y: 'value',
                  fill: key.colour,
                  r: outputs.length > 100 ? 1 : 2.2,
                }),
              ),
            ]),
          ],
        }),
      },
    ],
  };
}

/** How the last position attends to each, a row a head. Undefined where nothing computed it. */
export function attentionFigure(canvas: Canvas, heads: readonly Head[], width: number): Figure | undefined {
  const [first] = heads;
  if (!first) return undefined;
  const length = first.weights.length;
  const squares = heads.flatMap(({ name, weights }) => {
    const most = Math.max(mostOf(weights), Number.MIN_VALUE);
    return weights.map((weight, i) => ({ name, position: i + 1, at: weight / most }));
  });
  type Square = (typeof squares)[number];
  const height = 62 + ROW_PIXELS * heads.length;
  return {
    id: 'model-attention',
    title: 'Attention of the last position',
    caption:
      'How much the last position attends to each, in every layer and head; the lightest square of a row is its largest weight.',
    legend: { kind: 'ramp', title: 'weight', low: '0', high: 'the head’s largest' },
    panels: [
      {
        title: 'Attention of the last position',
        width,
        height,
        alt: `Attention of the last position: ${heads.map(({ name, weights }) => `${name} most to position ${weights.indexOf(mostOf(weights)) + 1}, ${numberText(mostOf(weights))}`).join('; ')}.`,
        svg: draw(canvas, {
          width,
          height,
          marginLeft: 108,
          x: { domain: [0.5, length + 0.5] },
          y: { type: 'band', domain: heads.map(({ name }) => name), padding: 0.08 },
          marks: [
            axisOfPositions(canvas, length, width),
            canvas.Plot.axisY({ label: null, color: token('muted'), tickSize: 0 }),
            canvas.Plot.rect(
              squares,
              channels<Square>({
                x1: (d: Square) => d.position - 0.5,
                x2: (d: Square) => d.position + 0.5,
                y: 'name',
                fill: (d: Square) => viridis(d.at),
              }),
            ),
          ],
        }),
      },
    ],
  };
}
