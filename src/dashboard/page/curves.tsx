import { useMemo } from 'preact/hooks';
import type { Place } from './address.ts';
import { type Shown, shownOf, testLines, trainingLines, useCurves } from './curve-lines.ts';
import type { Looked } from './looked.ts';
import { TestPanel, TrainingPanel } from './panel.tsx';
import type { Store } from './store.ts';
import { type CellTable, type Chosen, runNames } from './table.ts';

/** Cells that are drawn where nobody has chosen any. */
const SOME = 8;
/** Cells that are drawn at most. */
export const MOST_LINES = 40;
/** Training loss of cells as it is made, and their loss against the test length. */
export function CurvesView({ looked, place, store }: { looked: Looked; place: Place; store: Store }) {
  const shown = shownCells(looked, place.list('pins'));
  const curves = useCurves(store, shown);
  const training = useMemo(
    () => trainingLines(shown, curves, Number(place.get('smooth', '0'))),
    [curves, place.get('smooth')],
  );
  const testing = useMemo(() => testLines(shown, curves), [curves]);
  if (shown.length === 0)
    return <p class="empty">No cell is here: nothing is planned yet, or the filter excludes all.</p>;
  const chosen = place.list('pins').length > 0;
  return (
    <>
      <TrainingPanel {...{ place, lines: training }} />
      <TestPanel {...{ place, lines: testing }} />
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

/** Cells that are drawn, named by their runs too where these are several. */
function shownCells({ chosen }: Looked, pins: readonly string[]): Shown[] {
  const cells = chosenCells(chosen, pins);
  const runs = [...new Set(cells.map(({ table }) => table))];
  const names = runNames(runs);
  if (runs.length < 2) return cells;
  return cells.map(cell => ({ ...cell, label: `${names.get(cell.table)}: ${cell.label}` }));
}

function chosenCells(chosen: readonly Chosen[], pins: readonly string[]): Shown[] {
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
