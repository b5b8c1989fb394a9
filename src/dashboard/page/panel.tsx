import { standalone } from '../../report/figures/compose.ts';
import type { Figure } from '../../report/figures/figure.ts';
import { type Trajectory, trajectories } from '../../report/figures/trajectories.ts';
import type { Place } from './address.ts';
import { Chart, type Line } from './chart.tsx';
import { canvas, type Rows, Save } from './figure.tsx';
import { metricText } from './words.ts';

interface PanelProps {
  id: string;
  title: string;
  axis: string;
  xLog: boolean;
  empty: string;
  place: Place;
  lines: readonly Line[];
}

/** Lines with their files; what is zoomed to and pinned is in the address. */
export function Panel({ id, title, axis, xLog, empty, place, lines }: PanelProps) {
  const [zoom, pin] = [`${id}-zoom`, `${id}-pin`];
  const ends = place.list(zoom).map(Number);
  const pinned = place.get(pin);
  const isDrawn = lines.some(({ y }) => y.length > 0);
  const figure = () => trajectories(canvas, id, lines.map(trajectoryOf), { title, axis, isLog: xLog });
  return (
    <figure class="curves" id={id}>
      <h2>{title}</h2>
      {isDrawn ? (
        <>
          <Save name={id} svg={() => svgOf(figure())} rows={() => rowsOf(lines, axis)} />
          <Chart
            {...{ lines, xLog }}
            label={title}
            xLabel={axis}
            yLabel="loss"
            yLog={place.get('y') !== 'linear'}
            zoom={ends.length === 2 && ends.every(Number.isFinite) ? [ends[0]!, ends[1]!] : null}
            onZoom={next =>
              place.set({ [zoom]: next?.map(end => Number(end.toPrecision(6))).join(',') ?? null })
            }
            pin={pinned === '' ? null : Number(pinned)}
            onPin={next => place.set({ [pin]: next === null ? null : String(next) })}
          />
          {pinned !== '' && <Pinned {...{ lines, axis }} at={Number(pinned)} />}
        </>
      ) : (
        <p class="empty">{empty}</p>
      )}
    </figure>
  );
}

function svgOf(figure: Figure | undefined): string | undefined {
  return figure ? standalone(figure).svg : undefined;
}

/** What a pin reads. */
function Pinned({ lines, axis, at }: { lines: readonly Line[]; axis: string; at: number }) {
  return (
    <table class="pinned">
      <caption>
        at {axis} {at}
      </caption>
      <tbody>
        {lines.map(({ label, x, y }) => (
          <tr key={label}>
            <th scope="row">{label}</th>
            <td class="number">{metricText(y[x.indexOf(at)] ?? null)}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function trajectoryOf({ label, colour, dash, x, y, stderr }: Line): Trajectory {
  return {
    key: { label, colour, symbol: null, ...(dash ? { dash: dash.join(' ') } : {}) },
    points: x.map((at, i) => ({ x: at, loss: y[i] ?? null, stderr: stderr?.[i] ?? null })),
  };
}

function rowsOf(lines: readonly Line[], axis: string): Rows {
  return [
    ['cell', axis, 'loss', 'standard error'],
    ...lines.flatMap(({ label, x, y, stderr }) =>
      x.map((at, i) => [label, at, y[i] ?? null, stderr?.[i] ?? null]),
    ),
  ];
}
