import { useEffect, useMemo, useState } from 'preact/hooks';
import { attentionMaps } from '../../report/figures/attention.ts';
import { boundName, numberText } from '../../report/names.ts';
import type { CellResult, CellTheory } from '../../results/schema.ts';
import type { AttentionMap } from '../../theory/sampled.ts';
import type { CellDetail } from '../data.ts';
import type { Place } from './address.ts';
import { type Shown, shownOf, testLines, trainingLines, useCurves } from './curve-lines.ts';
import { canvas, FigureView, type Rows } from './figure.tsx';
import type { Looked } from './looked.ts';
import { TestPanel, TrainingPanel } from './panel.tsx';
import { Scroll } from './scroll.tsx';
import type { Store } from './store.ts';
import { axesText } from './words.ts';

/** Everything that is known of one cell. */
export function CellView({ looked, place, store }: { looked: Looked; place: Place; store: Store }) {
  const cell = place.get('cell');
  const table = tableOf(store, looked, place);
  const [detail, setDetail] = useState<CellDetail | null>(null);
  const at = table?.placeOf(cell);
  const state = table && at !== undefined ? table.state(at) : null;
  useEffect(() => {
    let isLate = false;
    if (table) void store.source.cell(table.head.id, cell).then(found => isLate || setDetail(found));
    return () => {
      isLate = true;
    };
  }, [table?.head.id, cell, state]);
  if (cell === '' || !table || at === undefined)
    return (
      <p class="empty">
        No cell is chosen: take one from the table of <a href={place.link({}, 'runs')}>runs</a>.
      </p>
    );
  if (!detail || detail.cell !== cell) return <p class="empty">Reading the cell…</p>;
  const { line, model, command } = detail;
  const theory = line?.theory as CellTheory | null | undefined;
  return (
    <>
      <h2>
        {axesText(detail.axes)} <small>{state}</small>
      </h2>
      <p class="note">
        cell <code>{cell}</code> of {table.head.name} <code>{table.head.run}</code>;{' '}
        <a href={place.link({ pins: cell, run: table.head.id }, 'curves')}>its curves</a>
        {model && (
          <>
            , <a href={place.link({ cell, of: table.head.id }, 'model')}>ask its model</a>
          </>
        )}
      </p>
      <Facts
        facts={{
          'trains exactly it': <code class="command">{command}</code>,
          'model file': model ? <code>{model}</code> : 'none here',
          ...(line
            ? {
                'training loss': lossText(line.trainLoss, line.trainLossStderr),
                'diverged at step': line.divergedAtStep === null ? 'no' : String(line.divergedAtStep),
                steps: String(line.steps),
                seconds: numberText(Number(line.seconds)),
                adapter: `${line.adapter}${line.driver ? `, ${line.driver}` : ''}`,
                engine: String(line.engine ?? 'not recorded'),
              }
            : {}),
        }}
      />
      <CellCurves shown={shownOf(table, at)} {...{ place, store }} />
      {line && <Tests test={line.test as TestPoint[]} />}
      {typeof line?.theoryError === 'string' && (
        <p class="notice bad">Its theory failed: {line.theoryError}</p>
      )}
      {theory && <Theory theory={theory} />}
      {!!line?.attention && (
        <Attention line={line as unknown as CellResult} map={line.attention as AttentionMap} />
      )}
      <details>
        <summary>Configuration</summary>
        <pre class="scroll" tabIndex={0}>
          {detail.config
            ? JSON.stringify(detail.config, null, 2)
            : 'The experiment is not one that this version resolves.'}
        </pre>
      </details>
    </>
  );
}

/** Its training curve, and its losses by test length, as far as they are there. */
function CellCurves({ shown, place, store }: { shown: Shown; place: Place; store: Store }) {
  const curves = useCurves(store, [shown]);
  const [training, testing] = useMemo(
    () => [trainingLines([shown], curves, 0), testLines([shown], curves)],
    [curves],
  );
  return (
    <div class="side-by-side">
      <TrainingPanel {...{ place, lines: training }} />
      <TestPanel {...{ place, lines: testing }} />
    </div>
  );
}

/** The run that a cell is looked for in: the one that is named, else the first that has it. */
export function tableOf(store: Store, looked: Looked, place: Place) {
  const [named, cell] = [place.get('of'), place.get('cell')];
  return (
    store.runs.find(({ head }) => head.id === named) ??
    [...looked.runs, ...store.runs].find(table => table.placeOf(cell) !== undefined)
  );
}

interface TestPoint {
  length: number;
  loss: number | null;
  stderr: number | null;
  accuracy?: number | null;
}

function lossText(loss: unknown, stderr: unknown): string {
  if (typeof loss !== 'number') return 'not finite';
  return typeof stderr === 'number' ? `${numberText(loss)} ± ${numberText(stderr, 2)}` : numberText(loss);
}

/** Names with what belongs to them. */
export function Facts({ facts }: { facts: Record<string, preact.ComponentChildren> }) {
  return (
    <dl>
      {Object.entries(facts).map(([name, value]) => [
        <dt key={name}>{name}</dt>,
        <dd key={`${name} value`}>{value}</dd>,
      ])}
    </dl>
  );
}

function Tests({ test }: { test: readonly TestPoint[] }) {
  if (test.length === 0) return <p class="note">It was not tested.</p>;
  const hasAccuracy = test.some(({ accuracy }) => typeof accuracy === 'number');
  return (
    <Scroll label="Tests">
      <table>
        <caption>Loss on sequences of T tokens, ± one standard error</caption>
        <thead>
          <tr>
            {['T', 'loss', '±', ...(hasAccuracy ? ['accuracy'] : [])].map(name => (
              <th key={name} scope="col" class="number">
                {name}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {test.map(({ length, loss, stderr, accuracy }) => (
            <tr key={length}>
              <th scope="row" class="number">
                {length.toLocaleString('en')}
              </th>
              <td class="number">{loss === null ? 'not finite' : numberText(loss)}</td>
              <td class="number">{stderr === null ? '–' : numberText(stderr, 2)}</td>
              {hasAccuracy && <td class="number">{numberText(accuracy ?? null)}</td>}
            </tr>
          ))}
        </tbody>
      </table>
    </Scroll>
  );
}

function Theory({ theory }: { theory: CellTheory }) {
  const { complexity, bounds, notes } = theory;
  const epsilons = [...new Set((bounds ?? []).map(({ epsilon }) => epsilon))].sort((a, b) => b - a);
  const names = [...new Set((bounds ?? []).map(({ name }) => name))];
  const logText = (log: number | null) => (log === null ? 'not finite' : numberText(log));
  return (
    <>
      <h3>Theory of its weights</h3>
      <Facts
        facts={{
          'log₁₀ C(f)': `norm ${logText(complexity.norm)}, range ${logText(complexity.range)}, empirical ${logText(complexity.empirical)}`,
          'logit margin γ': numberText(theory.logitMargin),
          'effective margin γ': numberText(theory.effectiveMargin),
          'positional margin γ': numberText(theory.positionalMargin),
          regimes: (theory.regimes ?? []).join(', ') || 'none',
          'Lipschitz L(f)': numberText(theory.lipschitz),
        }}
      />
      {names.length > 0 && (
        <Scroll label="Bounds">
          <table>
            <caption>
              Training length N by each bound, as log₁₀ N, at error ε; in brackets where it does not apply to
              this model
            </caption>
            <thead>
              <tr>
                <th scope="col">bound</th>
                {epsilons.map(epsilon => (
                  <th key={epsilon} scope="col" class="number">
                    ε = {numberText(epsilon)}
                  </th>
                ))}
              </tr>
            </thead>
            <tbody>
              {names.map(name => (
                <tr key={name}>
                  <th scope="row">{boundName(name)}</th>
                  {epsilons.map(epsilon => {
                    const bound = bounds!.find(own => own.name === name && own.epsilon === epsilon);
                    const text = bound ? logText(bound.log10N) : '–';
                    return (
                      <td key={epsilon} class="number">
                        {bound && !bound.applies ? `(${text})` : text}
                      </td>
                    );
                  })}
                </tr>
              ))}
            </tbody>
          </table>
        </Scroll>
      )}
      {notes.map(note => (
        <p class="note" key={note}>
          {note}
        </p>
      ))}
    </>
  );
}

function Attention({ line, map: { length, sequences, heads } }: { line: CellResult; map: AttentionMap }) {
  const figure = attentionMaps(canvas, `attention-${line.cell}`, [line]);
  const argmax = heads
    .map(({ argmaxMass }, h) => `${heads.length > 1 ? `head ${h + 1} ` : ''}${argmaxMass.toFixed(3)}`)
    .join(', ');
  const measured = `T = ${length}, ${sequences} sequences. Mass on the position of the largest weight: ${argmax}.`;
  if (!figure) return <p class="note">Attention of the first layer at the last position, {measured}</p>;
  const caption = `Attention of the first layer at the last position, summed over positions of one residue t mod p; on the right, how evenly it is spread on the residue of most mass, as 1 − total variation from equal shares. ${measured}`;
  return <FigureView figure={{ ...figure, caption }} rows={() => attentionRows(heads)} empty="" />;
}

function attentionRows(heads: AttentionMap['heads']): Rows {
  return [
    ['head', 'residue', 'mass'],
    ...heads.flatMap(({ residueMass }, h) => residueMass.map((mass, r) => [h + 1, r, mass])),
  ];
}
