import { useEffect, useMemo, useState } from 'preact/hooks';
import { plateauOf } from '../../analysis/plateau.ts';
import { lengthRows } from '../../analysis/predicted.ts';
import { complexityScatter } from '../../report/figures/complexity.ts';
import { lengthsNeeded } from '../../report/figures/lengths.ts';
import { lossCurves } from '../../report/figures/loss-curves.ts';
import { plateauCurves } from '../../report/figures/plateaus.ts';
import { labelOf } from '../../results/axes.ts';
import type { CellResult } from '../../results/schema.ts';
import { type RunResults, receivedLength } from '../data.ts';
import { canvas, FigureView, type Rows } from './figure.tsx';
import type { Looked } from './looked.ts';
import type { Store } from './store.ts';
import type { CellTable, Chosen } from './table.ts';

/** What the theory says of trained weights beside what was measured, run by run. */
export function TheoryView({ looked, store }: { looked: Looked; store: Store }) {
  if (looked.cells === 0) return <p class="empty">No cell meets the filter.</p>;
  return (
    <>
      {looked.chosen.map(chosen => (
        <RunTheory key={chosen.table.head.id} {...{ chosen, store }} />
      ))}
    </>
  );
}

function RunTheory({ chosen: { table, places }, store }: { chosen: Chosen; store: Store }) {
  const { head } = table;
  const [results, setResults] = useState<RunResults | null>(null);
  const counts = table.counts();
  // Theory follows training: what is new is asked for as cells finish.
  const done = counts.finished + table.columns.metrics.range.filter(value => value !== null).length;
  useEffect(() => {
    let isLate = false;
    if (done > 0) void store.source.results(head.id).then(found => isLate || setResults(found));
    return () => {
      isLate = true;
    };
  }, [head.id, done]);
  const drawn = useMemo(() => results && figuresOf(table, places, results), [results, places]);
  return (
    <section aria-label={head.name}>
      <h2 class="run-name">
        {head.name} <small>{head.run}</small>
      </h2>
      {!drawn ? (
        <p class="empty">{done > 0 ? 'Reading results…' : 'No cell is finished: nothing to draw yet.'}</p>
      ) : (
        <>
          {drawn.left > 0 && (
            <p class="note">The first {drawn.cells.length} cells are drawn; `lengthwise report` draws all.</p>
          )}
          <FigureView
            figure={drawn.lengths}
            rows={() => lengthTable(results!, drawn.cells, head.epsilons)}
            empty="No training length was measured yet."
          />
          <FigureView
            figure={drawn.scatter}
            rows={() => scatterTable(drawn.cells)}
            empty="No finished cell has theory yet: it comes a little after training."
          />
          <FigureView
            figure={drawn.plateaus}
            rows={() => scatterTable(drawn.cells)}
            empty="Plateaus against N want two training lengths."
          />
          <FigureView figure={drawn.losses} rows={() => lossTable(drawn.cells)} empty="No loss yet." />
        </>
      )}
    </section>
  );
}

function figuresOf({ columns, head }: CellTable, places: Int32Array, results: RunResults) {
  const wanted = new Set(Array.from(places, place => columns.cells[place]!));
  const cells = results.cells.filter(({ cell }) => wanted.has(cell));
  const id = head.name;
  const baselines = new Map(results.baselines.map(({ axes, baseline }) => [labelOf(axes), baseline]));
  return {
    cells,
    left: results.of - results.cells.length,
    lengths: lengthsNeeded(
      canvas,
      `${id}-lengths`,
      cells,
      measuredOf(cells, results),
      head.epsilons,
      head.knobs.map(knob => knob.slice('task.'.length)),
    ),
    scatter: complexityScatter(canvas, `${id}-complexity`, cells),
    plateaus: plateauCurves(
      canvas,
      `${id}-plateau`,
      cells,
      head.knobs.map(knob => knob.slice('task.'.length)),
    ),
    losses: lossCurves(canvas, `${id}-loss`, cells, { of: axes => baselines.get(labelOf(axes)) }),
  };
}

/** N*(ε) of the settings that are looked at. */
function measuredOf(cells: readonly CellResult[], { required }: RunResults) {
  const labels = new Set(cells.map(({ axes }) => labelOf({ ...axes, 'train.length': null })));
  return required.filter(({ axes }) => labels.has(labelOf(axes))).map(receivedLength);
}

function lengthTable(
  { required }: RunResults,
  cells: readonly CellResult[],
  epsilons: readonly number[],
): Rows {
  return [
    ['setting', 'epsilon', 'what', 'log10 N', 'low', 'high'],
    ...required.map(({ axes, epsilon, length, interval }) => [
      labelOf(axes),
      epsilon,
      'measured',
      length === null ? null : Math.log10(length),
      interval && interval[0] > 0 ? Math.log10(interval[0]) : null,
      interval && interval[1] !== null ? Math.log10(interval[1]) : null,
    ]),
    ...lengthRows(cells, epsilons).flatMap(({ axes, epsilon, predicted }) =>
      predicted.map(({ name, log10N }) => [labelOf(axes), epsilon, name, log10N, null, null]),
    ),
  ];
}

function scatterTable(cells: readonly CellResult[]): Rows {
  return [
    [
      'cell',
      'setting',
      'N',
      'seed',
      'plateau',
      'trainLoss',
      'log10 C norm',
      'log10 C range',
      'log10 C empirical',
    ],
    ...cells.map(cell => [
      cell.cell,
      labelOf(cell.axes),
      Number(cell.axes['train.length']),
      Number(cell.axes.seed),
      cell.test.length === 0 ? null : plateauOf(cell),
      cell.trainLoss,
      cell.theory?.complexity.norm ?? null,
      cell.theory?.complexity.range ?? null,
      cell.theory?.complexity.empirical ?? null,
    ]),
  ];
}

function lossTable(cells: readonly CellResult[]): Rows {
  return [
    ['cell', 'setting', 'seed', 'T', 'loss', 'stderr'],
    ...cells.flatMap(cell =>
      cell.test.map(({ length, loss, stderr }) => [
        cell.cell,
        labelOf(cell.axes),
        Number(cell.axes.seed),
        length,
        loss,
        stderr,
      ]),
    ),
  ];
}
