import { leastOf, mostOf } from '../../shared/extremes.ts';
import { numberText } from '../names.ts';
import { inkOn, token, viridis } from '../theme.ts';
import { channels, draw } from './draw.ts';
import { type Canvas, type Figure, MOST_PANELS, PANEL, panelsLeft } from './figure.ts';

const ROW_PIXELS = 24;
/** Width of a panel that is alone. */
const WIDE = 720;
/** Width of a square that has room for its number. */
const NUMBER_PIXELS = 30;
/** Rows and columns of a panel at most. */
const MOST_LINES = 60;

/** Cells that stand in one place of a sweep's map: all seeds of a training length and a value of the knob. */
export interface Square {
  panel: string;
  column: number | string;
  row: number | string;
  /** What the rows of its panel are. */
  rowName: string;
  /** Null: none of them has one yet. */
  value: number | null;
  /** What is written where there is no value. */
  mark: string;
  /** The square in a sentence. */
  words: string;
  /** Where it leads. */
  link: string;
}

/** What the squares of a map are coloured by. */
export interface Shade {
  name: string;
  isLog: boolean;
  /** The light end of the ramp is the low one. */
  lowIsGood: boolean;
}

/** A sweep as it fills in: training length against a knob, a panel for each setting of the others. Undefined without squares. */
export function sweepMap(
  canvas: Canvas,
  id: string,
  squares: readonly Square[],
  { columns: columnName, shade }: { columns: string; shade: Shade },
): Figure | undefined {
  if (squares.length === 0) return undefined;
  const scaled = (value: number) => (shade.isLog ? Math.log10(value) : value);
  const isShown = (value: number | null): value is number => value !== null && (!shade.isLog || value > 0);
  const all = squares.flatMap(({ value }) => (isShown(value) ? [scaled(value)] : []));
  const [low, high] = all.length === 0 ? [0, 1] : [leastOf(all), mostOf(all)];
  const at = (value: number) => {
    const share = high - low < 1e-9 ? 1 : (scaled(value) - low) / (high - low);
    return shade.lowIsGood && high - low >= 1e-9 ? 1 - share : share;
  };
  const ends = [low, high].map(end =>
    all.length === 0 ? '–' : numberText(shade.isLog ? 10 ** end : end, 2),
  );
  if (shade.lowIsGood) ends.reverse();
  const names = [...new Set(squares.map(({ panel }) => panel))];
  const width = names.length === 1 ? WIDE : PANEL.width;
  return {
    id,
    title: `${shade.name.charAt(0).toUpperCase()}${shade.name.slice(1)} over ${columnName} and ${[...new Set(squares.map(({ rowName }) => rowName))].join(', ')}`,
    caption: `A square is the mean over seeds${shade.isLog ? ' (geometric)' : ''} of the cells that are finished; squares without a number wait (·), are in training (▸), were interrupted (‖), diverged (×) or failed (!). Choosing a square shows its cells.${panelsLeft(Math.min(names.length, MOST_PANELS), names.length)}`,
    legend: { kind: 'ramp', title: shade.name, low: ends[0]!, high: ends[1]! },
    panels: names.slice(0, MOST_PANELS).map(name => {
      const own = squares.filter(({ panel }) => panel === name);
      const columns = linesOf(own.map(({ column }) => column)).slice(0, MOST_LINES);
      const rows = linesOf(own.map(({ row }) => row))
        .slice(0, MOST_LINES)
        .reverse();
      const height = 66 + ROW_PIXELS * rows.length;
      const filled = own.filter(({ value }) => isShown(value));
      const open = own.filter(({ value }) => !isShown(value));
      const place = { x: (d: Square) => d.column, y: (d: Square) => d.row };
      const linked = { href: (d: Square) => d.link, title: (d: Square) => d.words };
      const labels = mostOf(rows.map(row => String(row).length));
      const axis = { labelArrow: 'none' as const, color: token('muted'), tickSize: 0 };
      return {
        title: name,
        width,
        height,
        alt: `${name}: ${filled.length} of ${own.length} squares have a value.`,
        svg: draw(canvas, {
          width,
          height,
          marginLeft: Math.max(42, Math.min(110, 14 + labels * 7)),
          marginRight: 6,
          x: { type: 'band', domain: columns, padding: 0.04 },
          y: { type: 'band', domain: rows, padding: 0.06 },
          marks: [
            canvas.Plot.axisX(thinned(columns, width), {
              ...axis,
              label: columnName,
              labelAnchor: 'center',
              labelOffset: 32,
              tickFormat: String,
              tickPadding: 7,
            }),
            canvas.Plot.axisY({
              ...axis,
              label: own[0]!.rowName,
              labelAnchor: 'top',
              labelOffset: 42,
              tickFormat: String,
            }),
            canvas.Plot.cell(
              open,
              channels<Square>({ ...place, ...linked, fill: token('paper'), stroke: token('rule') }),
            ),
            canvas.Plot.text(
              open,
              channels<Square>({
                ...place,
                text: (d: Square) => d.mark,
                fill: token('muted'),
                pointerEvents: 'none',
              }),
            ),
            canvas.Plot.cell(
              filled,
              channels<Square>({ ...place, ...linked, fill: (d: Square) => viridis(at(d.value!)) }),
            ),
            ...((width - 60) / columns.length >= NUMBER_PIXELS
              ? [
                  canvas.Plot.text(
                    filled,
                    channels<Square>({
                      ...place,
                      text: (d: Square) => brief(d.value!),
                      fill: (d: Square) => inkOn(at(d.value!)),
                      fontSize: (width - 60) / columns.length < 38 ? 8.5 : 10,
                      pointerEvents: 'none',
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

/** Values in order: numbers by size, before texts as they come. */
function linesOf(values: readonly (number | string)[]): (number | string)[] {
  const distinct = [...new Set(values)];
  return distinct.sort((a, b) => (typeof a === 'number' && typeof b === 'number' ? a - b : 0));
}

function thinned(columns: readonly (number | string)[], width: number): (number | string)[] {
  const step = Math.ceil(columns.length / Math.floor((width - 48) / 32));
  return columns.filter((_, i) => i % step === 0);
}

/** Two digits, and their power where they are small or large. */
function brief(value: number): string {
  const size = Math.abs(value);
  if (size !== 0 && (size < 0.0095 || size >= 1e4))
    return value.toExponential(0).replace('e-', 'e−').replace('e+', 'e');
  return String(Number(value.toPrecision(2))).replace('-', '−');
}
