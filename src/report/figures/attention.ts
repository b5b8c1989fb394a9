import { meanOf } from '../../analysis/statistics.ts';
import { labelOf } from '../../results/axes.ts';
import type { CellResult } from '../../results/schema.ts';
import { mostOf } from '../../shared/extremes.ts';
import { settingsOf } from '../frames.ts';
import { numberText } from '../names.ts';
import { inkOn, token, viridis } from '../theme.ts';
import { channels, draw } from './draw.ts';
import { type Canvas, type Figure, MOST_PANELS, PANEL, panelsLeft } from './figure.ts';

const ROW_PIXELS = 24;
/** Rows of a panel at most. */
const MOST_ROWS = 12;
/** Columns up to which every square carries its number. */
const MOST_NUMBERED = 8;

/**
 * Where the attention of the longest training length lies, by residue of the position: rows are seeds (and heads), columns residues, and on
 * the right how uniform it is on the residue of most mass. Undefined where no cell has a map over more than one residue.
 */
export function attentionMaps(canvas: Canvas, id: string, cells: readonly CellResult[]): Figure | undefined {
  const settings = settingsOf(cells).flatMap(({ axes, cells: own }) => {
    const longest = mostOf(own.map(cell => Number(cell.axes['train.length'])));
    const rows = own
      .filter(cell => Number(cell.axes['train.length']) === longest)
      .flatMap(cell =>
        (cell.attention?.heads ?? []).map((head, h, heads) => ({
          name: `seed ${cell.axes.seed}${heads.length > 1 ? `, head ${h + 1}` : ''}`,
          ...head,
        })),
      )
      .filter(({ residueMass }) => residueMass.length > 1)
      .slice(0, MOST_ROWS);
    return rows.length === 0 ? [] : [{ axes, longest, rows }];
  });
  if (settings.length === 0) return undefined;
  const shown = settings.slice(0, MOST_PANELS);
  return {
    id,
    title: 'Where the model looks',
    caption: `Attention of the first layer at the last position, summed over positions of one residue t mod p; models trained at the longest N. A model that has learned the task puts everything on one residue (hardmax), in equal shares: the number on the right is 1 − total variation from equal shares within that residue.${panelsLeft(shown.length, settings.length)}`,
    legend: { kind: 'ramp', title: 'share of attention', low: '0', high: '1' },
    panels: shown.map(({ axes, longest, rows }) => {
      const title = [labelOf(axes), `N = ${longest}`].filter(Boolean).join(', ');
      const period = rows[0]!.residueMass.length;
      const columns = Array.from({ length: period }, (_, r) => String(r));
      const squares = rows.flatMap(({ name, residueMass }) =>
        residueMass.map((mass, r) => ({ name, residue: String(r), mass })),
      );
      type Square = (typeof squares)[number];
      const place = { x: (d: Square) => d.residue, y: (d: Square) => d.name };
      const height = 60 + ROW_PIXELS * rows.length;
      const labels = mostOf(rows.map(({ name }) => name.length));
      return {
        title,
        height,
        alt: `${title}: mean mass on the residue of most mass ${numberText(meanOf(rows.map(({ residueMass }) => Math.max(...residueMass))))}, mean uniformity on it ${numberText(meanOf(rows.map(({ uniformity }) => uniformity)))}, over ${rows.length} ${rows.length === 1 ? 'map' : 'maps'}.`,
        svg: draw(canvas, {
          height,
          marginLeft: Math.min(110, 14 + labels * 6.2),
          marginRight: 62,
          marginTop: 20,
          x: { type: 'band', domain: columns, padding: 0.04 },
          y: { type: 'band', domain: rows.map(({ name }) => name), padding: 0.06 },
          marks: [
            canvas.Plot.axisX(thinned(columns), {
              label: 'residue of the position, t mod p',
              labelAnchor: 'center',
              labelArrow: 'none',
              labelOffset: 32,
              color: token('muted'),
              tickSize: 0,
              tickPadding: 7,
            }),
            canvas.Plot.axisY({ label: null, color: token('muted'), tickSize: 0 }),
            canvas.Plot.cell(squares, channels<Square>({ ...place, fill: (d: Square) => viridis(d.mass) })),
            canvas.Plot.text(['uniform'], {
              frameAnchor: 'top-right',
              dx: 56,
              dy: -14,
              fill: token('muted'),
            }),
            canvas.Plot.text(
              rows,
              channels<(typeof rows)[number]>({
                y: (d: (typeof rows)[number]) => d.name,
                text: (d: (typeof rows)[number]) => d.uniformity.toFixed(2),
                frameAnchor: 'right',
                dx: 56,
              }),
            ),
            ...(columns.length <= MOST_NUMBERED
              ? [
                  canvas.Plot.text(
                    squares,
                    channels<Square>({
                      ...place,
                      text: (d: Square) => d.mass.toFixed(2),
                      fill: (d: Square) => inkOn(d.mass),
                      fontSize: columns.length > 5 ? 8.5 : 10,
                    }),
                  ),
                ]
              : []),
          ],
        }),
      };
    }),
  };
}

/** All residues while they have room, else every few. */
function thinned(columns: readonly string[]): string[] {
  const step = Math.ceil(columns.length / Math.floor((PANEL.width - 130) / 20));
  return columns.filter((_, i) => i % step === 0);
}
