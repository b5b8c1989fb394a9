import type { LiveWorker, PackNow, QueueHead, RunHead, RunState } from '../data.ts';
import type { Looked } from './looked.ts';
import { Scroll } from './scroll.tsx';
import type { Link } from './store.ts';
import type { CellTable } from './table.ts';
import { durationText, metricText } from './words.ts';

const STATE_WORDS: Record<RunState, string> = {
  empty: 'no cell yet',
  running: '▸ running',
  interrupted: '‖ interrupted',
  finished: '✓ finished',
  failed: '! failed',
};

/** How runs stand, and what is at work on them. */
export function Progress({ looked, queue, link }: { looked: Looked; queue: QueueHead | null; link: Link }) {
  return (
    <section class="progress" aria-label="Progress">
      {link === 'lost' && (
        <p class="notice bad" role="status">
          The server does not answer; this is how things stood. It is asked again.
        </p>
      )}
      {looked.runs.map(table => (
        <RunProgress key={table.head.id} table={table} />
      ))}
      {queue && <Queue queue={queue} />}
    </section>
  );
}

function RunProgress({ table }: { table: CellTable }) {
  const { head } = table;
  const counts = table.counts();
  const done = counts.finished + counts.diverged;
  const rate = head.packs.reduce((sum, pack) => sum + pack.sequencesPerSecond, 0);
  const facts = [
    counts.running > 0 && `${number(counts.running)} running`,
    counts.waiting > 0 && `${number(counts.waiting)} waiting`,
    counts.interrupted > 0 && `${number(counts.interrupted)} interrupted`,
    counts.diverged > 0 && `${number(counts.diverged)} diverged`,
    counts.failed > 0 && `${number(counts.failed)} failed`,
    rate > 0 && `${number(Math.round(rate))} sequences/s`,
    head.secondsLeft !== null && `${durationText(head.secondsLeft)} left`,
    head.adapter,
  ].filter(Boolean);
  return (
    <div class="run">
      <p>
        <strong>{head.name}</strong> <small>{head.run}</small>{' '}
        <span class={`state ${head.state}`} data-run-state={head.state}>
          {STATE_WORDS[head.state]}
        </span>{' '}
        <span>
          {number(done)} of {number(Math.max(head.planned, done))} cells
        </span>
      </p>
      <progress
        max={Math.max(1, head.planned)}
        value={done}
        aria-label={`Cells of ${head.name} that are finished`}
      />
      {facts.length > 0 && <p class="facts">{facts.join(' · ')}</p>}
      {head.packs
        .filter(({ worker }) => !head.queue?.workers.some(({ id }) => id === worker))
        .map(pack => (
          <p class="facts" key={pack.pack}>
            pack {pack.pack + 1} ({pack.cells} cells): {standing(pack)}
          </p>
        ))}
      <Words head={head} />
    </div>
  );
}

/** How far a pack is: `step 20 of 100, loss 0.013`. */
function standing({ phase, done, total, loss }: PackNow): string {
  const at = `${phase === 'train' ? 'step' : 'test'} ${number(done)} of ${number(total)}`;
  return loss === null ? at : `${at}, loss ${metricText(loss)}`;
}

function Words({ head }: { head: RunHead }) {
  const { state, word, problems, queue, lost } = head;
  return (
    <>
      {queue && (
        <>
          <p class="facts">
            queue: {queue.waiting} jobs waiting, {queue.active} active, {queue.failed} failed;{' '}
            {queue.workers.length === 0 ? 'no worker is at work' : `${queue.workers.length} workers`}
          </p>
          <Workers workers={queue.workers} packs={head.packs} />
        </>
      )}
      {state === 'running' && word && <p class="facts">last word: {word}</p>}
      {state === 'failed' && <p class="notice bad">It ended over an error: {word}</p>}
      {state === 'interrupted' && (
        <p class="notice">
          No process works on it. The same command goes on from its checkpoints: <code>{head.command}</code>
        </p>
      )}
      {lost.map(({ cells, reason }) => (
        <p class="notice bad" key={reason}>
          {number(cells)} cells are given up: {reason}
        </p>
      ))}
      {problems.map(problem => (
        <p class="notice bad" key={problem}>
          {problem}
        </p>
      ))}
    </>
  );
}

function Queue({ queue: { workers, failures, problem } }: { queue: QueueHead }) {
  return (
    <div class="run">
      <p>
        <strong>Queue</strong> {workers.length === 0 ? 'no worker is at work' : `${workers.length} workers`}
      </p>
      {problem && <p class="notice bad">The queue does not answer: {problem}</p>}
      <Workers workers={workers} packs={[]} />
      {failures.map(({ job, reason }) => (
        <p class="notice bad" key={job}>
          job {job} failed: {reason}
        </p>
      ))}
    </div>
  );
}

const WORKER_COLUMNS = ['worker', 'host', 'adapter', 'now', 'sequences/s', 'jobs', 'failed', 'last word'];
const NUMBERS = new Set(['sequences/s', 'jobs', 'failed']);

/** Workers of a queue, with the packs that they train. */
function Workers({ workers, packs }: { workers: readonly LiveWorker[]; packs: readonly PackNow[] }) {
  if (workers.length === 0) return null;
  return (
    <Scroll label="Workers">
      <table>
        <thead>
          <tr>
            {WORKER_COLUMNS.map(name => (
              <th key={name} scope="col" class={NUMBERS.has(name) ? 'number' : ''}>
                {name}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {workers.map(worker => {
            const pack = packs.find(own => own.worker === worker.id);
            const rate = pack?.sequencesPerSecond || worker.sequencesPerSecond;
            return (
              <tr key={worker.id}>
                <th scope="row">{worker.id}</th>
                <td>{worker.host}</td>
                <td>{worker.adapter}</td>
                <td class="now">{pack ? `${pack.cells} cells, ${standing(pack)}` : worker.state}</td>
                <td class="number">{rate === null ? '–' : number(Math.round(rate))}</td>
                <td class="number">{number(worker.finished)}</td>
                <td class="number">{number(worker.failed)}</td>
                <td>{worker.word ?? '–'}</td>
              </tr>
            );
          })}
        </tbody>
      </table>
    </Scroll>
  );
}

function number(value: number): string {
  return value.toLocaleString('en');
}
