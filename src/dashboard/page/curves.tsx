import { useEffect, useMemo, useState } from 'preact/hooks';
import { standalone } from '../../report/figures/compose.ts';
import type { Figure } from '../../report/figures/figure.ts';
import { type Trajectory, trajectories } from '../../report/figures/trajectories.ts';
import { categorical } from '../../report/theme.ts';
import type { CellDetail, Curve } from '../data.ts';
import type { Place } from './address.ts';
import { Chart, type Line } from './chart.tsx';
import { canvas, type Rows, Save } from './figure.tsx';
import type { Looked } from './looked.ts';
import type { Store } from './store.ts';
import type { CellTable } from './table.ts';
import { axesText, metricText } from './words.ts';

/** Cells that are drawn where nobody has chosen any. */
const SOME = 8;
/** Cells that are drawn at most. */
export const MOST_LINES = 40;
const DASHES = [undefined, [8, 4], [2, 4], [10, 4, 2, 4]];

/** A cell that is drawn. */
interface Shown {
  table: CellTable;
  place: number;
  cell: string;
  label: string;
}

/** Training loss of cells as it is made, and their loss against the test length. */
export function CurvesView({ looked, place, store }: { looked: Looked; place: Place; store: Store }) {
  const { version } = store;
  const shown = shownCells(looked, place.list('pins'));
  const names = shown.map(({ table, cell }) => `${table.head.id} ${cell}`).join();
  const [curves, setCurves] = useState(new Map<string, Curve>());
  const [details, setDetails] = useState(new Map<string, CellDetail>());
  useEffect(() => {
    let isLate = false;
    void readCurves(store, shown).then(found => isLate || setCurves(found));
    return () => {
      isLate = true;
    };
  }, [names, version]);
  const tested = shown.filter(({ table, place: at }) => ['finished', 'diverged'].includes(table.state(at)));
  useEffect(() => {
    let isLate = false;
    const wanted = tested.filter(({ cell }) => !details.has(cell));
    if (wanted.length > 0)
      void Promise.all(wanted.map(({ table, cell }) => store.source.cell(table.head.id, cell))).then(
        found => {
          if (isLate) return;
          const known = new Map(details);
          for (const detail of found) if (detail) known.set(detail.cell, detail);
          setDetails(known);
        },
      );
    return () => {
      isLate = true;
    };
  }, [tested.map(({ cell }) => cell).join()]);
  const training = useMemo(
    () => trainingLines(shown, curves, Number(place.get('smooth', '0'))),
    [curves, names, place.get('smooth')],
  );
  const testing = useMemo(() => testLines(shown, details), [details, names]);
  if (shown.length === 0)
    return <p class="empty">No cell is here: nothing is planned yet, or the filter excludes all.</p>;
  const chosen = place.list('pins').length > 0;
  return (
    <>
      <Panel
        {...{ place, lines: training }}
        id="training"
        title="Training loss"
        axis="step"
        xLog={place.get('x') === 'log'}
        empty="No curve yet: training has not told a loss, or its curves were not kept."
      />
      <Panel
        {...{ place, lines: testing }}
        id="testing"
        title="Loss against test length"
        axis="test length T"
        xLog
        empty="No cell of these has been tested yet."
      />
      <p class="note">
        {chosen
          ? `${shown.length} chosen cells`
          : `The first ${shown.length} of ${looked.cells} cells, those in training first`}
        : choose others in the table of <a href={place.link({}, 'runs')}>runs</a>
        {chosen && (
          <>
            , or <a href={place.link({ pins: null })}>let go of these</a>
          </>
        )}
        .
      </p>
    </>
  );
}

export function CurvesControls({ place }: { place: Place }) {
  return (
    <>
      <label class="check">
        <input
          type="checkbox"
          checked={place.get('x') === 'log'}
          onChange={event =>
            place.set({ x: event.currentTarget.checked ? 'log' : null, 'training-zoom': null })
          }
        />
        steps on a log axis
      </label>
      <label class="check">
        <input
          type="checkbox"
          checked={place.get('y') === 'linear'}
          onChange={event => place.set({ y: event.currentTarget.checked ? 'linear' : null })}
        />
        losses on a linear axis
      </label>
      <label>
        Smoothing
        <select
          value={place.get('smooth', '0')}
          onChange={event =>
            place.set({ smooth: event.currentTarget.value === '0' ? null : event.currentTarget.value })
          }
        >
          {[
            ['0', 'off'],
            ['0.6', 'some'],
            ['0.9', 'much'],
          ].map(([value, name]) => (
            <option key={value} value={value}>
              {name}
            </option>
          ))}
        </select>
      </label>
    </>
  );
}

interface PanelProps {
  id: string;
  title: string;
  axis: string;
  xLog: boolean;
  empty: string;
  place: Place;
  lines: readonly Line[];
}

function Panel({ id, title, axis, xLog, empty, place, lines }: PanelProps) {
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

function shownCells({ chosen }: Looked, pins: readonly string[]): Shown[] {
  const all = (own: (table: CellTable, place: number) => boolean, most: number) => {
    const found: Shown[] = [];
    for (const { table, places } of chosen)
      for (const place of places) {
        if (found.length >= most) return found;
        if (own(table, place)) found.push(shownOf(table, place));
      }
    return found;
  };
  if (pins.length > 0) {
    const wanted = new Set(pins);
    return all((table, place) => wanted.has(table.columns.cells[place]!), MOST_LINES);
  }
  const running = all((table, place) => table.state(place) === 'running', SOME);
  const rest = all(
    (table, place) => !['running', 'waiting'].includes(table.state(place)),
    SOME - running.length,
  );
  return [...running, ...rest];
}

function shownOf(table: CellTable, place: number): Shown {
  const cell = table.columns.cells[place]!;
  return { table, place, cell, label: axesText(table.axesOf(place)) || cell };
}

async function readCurves(store: Store, shown: readonly Shown[]): Promise<Map<string, Curve>> {
  const runs = [...new Set(shown.map(({ table }) => table.head.id))];
  const found = await Promise.all(
    runs.map(run =>
      store.curvesOf(
        run,
        shown.filter(({ table }) => table.head.id === run).map(({ cell }) => cell),
      ),
    ),
  );
  return new Map(found.flatMap(curves => [...curves]));
}

const look = (i: number): Pick<Line, 'colour' | 'dash'> => {
  const dash = DASHES[Math.floor(i / 8) % DASHES.length];
  return { colour: categorical(i), ...(dash ? { dash } : {}) };
};

function trainingLines(shown: readonly Shown[], curves: Map<string, Curve>, weight: number): Line[] {
  return shown.map(({ cell, label }, i) => {
    const { steps, losses } = curves.get(cell) ?? { steps: [], losses: [] };
    return { label, ...look(i), x: steps, y: weight > 0 ? smoothed(losses, weight) : losses };
  });
}

/** An exponential mean of logarithms. */
function smoothed(losses: readonly (number | null)[], weight: number): (number | null)[] {
  let mean: number | null = null;
  return losses.map(loss => {
    if (loss === null || loss <= 0) return loss;
    mean = mean === null ? Math.log(loss) : weight * mean + (1 - weight) * Math.log(loss);
    return Math.exp(mean);
  });
}

function testLines(shown: readonly Shown[], details: Map<string, CellDetail>): Line[] {
  return shown.flatMap(({ cell, label }, i) => {
    const test = details.get(cell)?.line?.test as
      | { length: number; loss: number | null; stderr: number | null }[]
      | undefined;
    if (!test) return [];
    return [
      {
        label,
        ...look(i),
        x: test.map(({ length }) => length),
        y: test.map(({ loss }) => loss),
        stderr: test.map(({ stderr }) => stderr),
      },
    ];
  });
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
