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
  ownTicks?: boolean;
  empty: string;
  place: Place;
  lines: readonly Line[];
}

interface LinesProps {
  place: Place;
  lines: readonly Line[];
}

/** Training losses by step. */
export function TrainingPanel({ place, lines }: LinesProps) {
  return (
    <Panel
      {...{ place, lines }}
      id="training"
      title="Training loss"
      axis="step"
      xLog={place.get('x') === 'log'}
      empty="No curve yet: training has not told a loss, or its curves were not kept."
    />
  );
}

/** Losses by test length. */
export function TestPanel({ place, lines }: LinesProps) {
  return (
    <Panel
      {...{ place, lines }}
      id="testing"
      title="Loss against test length"
      axis="test length T"
      xLog
      ownTicks
      empty="Not tested yet."
    />
  );
}

/** Lines with their files; what is zoomed to and pinned is in the address. */
function Panel({ id, title, axis, xLog, ownTicks = false, empty, place, lines }: PanelProps) {
  const [zoom, pin] = [`${id}-zoom`, `${id}-pin`];
  const ends = place.list(zoom).map(Number);
  const pinned = place.get(pin);
  const isDrawn = lines.some(({ y }) => y.length > 0);
  const isLinear = place.get('y') === 'linear';
  const zoomed: [number, number] | null =
    ends.length === 2 && ends.every(Number.isFinite) ? [ends[0]!, ends[1]!] : null;
  // What is saved is what is seen.
  const seen = () => (zoomed ? lines.map(line => within(line, zoomed)) : lines);
  const figure = () =>
    trajectories(canvas, id, seen().map(trajectoryOf), { title, axis, isLog: xLog, isLinear });
  return (
    <figure class="curves" id={id}>
      <h2>{title}</h2>
      {isDrawn ? (
        <>
          <Save name={id} svg={() => svgOf(figure())} rows={() => rowsOf(seen(), axis)} />
          <Chart
            {...{ lines, xLog, ownTicks }}
            label={title}
            xLabel={axis}
            yLabel="loss"
            yLog={!isLinear}
            zoom={zoomed}
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

/** The part of a line between two places. */
function within({ x, y, stderr, ...line }: Line, [low, high]: [number, number]): Line {
  const kept = x.flatMap((at, i) => (at >= low && at <= high ? [i] : []));
  const of = <T,>(values: readonly T[]) => kept.map(i => values[i]!);
  return { ...line, x: of(x), y: of(y), ...(stderr ? { stderr: of(stderr) } : {}) };
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
