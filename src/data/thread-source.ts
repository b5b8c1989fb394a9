import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';
import { askThread } from '../runtime/ask-thread.ts';
import { InputError, messageOf } from '../shared/errors.ts';
import type { Portion, SequenceSource, Wanted } from '../shared/feed.ts';
import type { Pack } from '../shared/protocol.ts';
import { longestRecord } from '../shared/records.ts';
import { formOf, type ThreadTask, tokensOf } from '../shared/task.ts';
import { PATIENCE_MS } from '../tasks/plug-in/in-time.ts';
import type { PlugInCode } from '../tasks/plug-in/loaded.ts';
import type { Draws, Records } from './draw.ts';
import type { DrawAnswer, DrawThread } from './draw-worker.ts';

/** One core is training's. */
const THREADS = Math.max(1, Math.min(8, availableParallelism() - 1));
/** Sequences of a portion, unless a step has more: the next portion is drawn while the steps of this one are taken. */
const PORTION_SEQUENCES = 2 ** 14;

/**
 * Sequences that a plug-in draws in threads. They are the same however many threads there are and however they are portioned out, from
 * whatever step on (`draw.ts`). No more of them are held than one portion.
 */
export class ThreadSource implements SequenceSource<Pack> {
  private readonly thread: DrawThread;
  private readonly script: string;
  private readonly threads: number;
  private readonly workers: Worker[] = [];

  /** @param script the built `draw-worker.ts` */
  constructor(code: PlugInCode, script: string, { threads = THREADS, patienceMs = PATIENCE_MS } = {}) {
    this.thread = { code, patienceMs };
    this.script = script;
    this.threads = threads;
  }

  /** @throws InputError when the plug-in throws, hangs, answers with what it must not, or ends its thread */
  async portion(pack: Pack, { point, first, count: wanted, room }: Wanted): Promise<Portion> {
    const { replicas, lengthMode, positions, test, model } = pack;
    const task = pack.task as ThreadTask;
    const training = point === null;
    const count = training ? Math.min(wanted, stepsThatFit(pack, task, room)) : wanted;
    const each = training ? pack.batch : count;
    const all = (training ? count : 1) * replicas.length * each;
    const own = { task, replicas, lengthMode, positions, test, period: model.period };
    const shares = Math.min(this.threads, all);
    const parts = await Promise.all(
      Array.from({ length: shares }, (_, i) => {
        const [from, to] = [Math.floor((i * all) / shares), Math.floor(((i + 1) * all) / shares)];
        return this.draw(i, { pack: own, point, first, each, from, to });
      }),
    );
    return { count, ...together(parts) };
  }

  async close(): Promise<void> {
    await Promise.all(this.workers.map(worker => worker.terminate()));
  }

  private async draw(thread: number, draws: Draws): Promise<Records> {
    this.workers[thread] ??= this.start();
    const answer = await askThread<DrawAnswer>(this.workers[thread], draws).catch(error => {
      throw new InputError(`${this.thread.code.file}: drawing sequences failed: ${messageOf(error)}`);
    });
    if ('failed' in answer) throw new InputError(answer.failed.message, answer.failed.fix);
    return answer;
  }

  private start(): Worker {
    const worker = new Worker(this.script, { workerData: this.thread, stdout: true, stderr: true });
    // What a plug-in prints is nobody's result.
    worker.stdout.resume();
    worker.stderr.resume();
    // Heard by whoever has asked it something.
    worker.on('error', () => {});
    return worker;
  }
}

/** Steps of a portion of training, one at least. */
function stepsThatFit({ replicas, batch, positions, model }: Pack, task: ThreadTask, room: number): number {
  const longest = tokensOf(task.law, Math.max(...replicas.map(({ trainLength }) => trainLength)));
  const words = longestRecord({ longest, reads: positions, form: formOf(task), outputs: model.outputs });
  const step = replicas.length * batch;
  return Math.max(1, Math.floor(Math.min(room / (step * words), PORTION_SEQUENCES / step)));
}

/** Records of several threads as one portion has them. */
function together(parts: readonly Records[]): Records {
  const starts = new Uint32Array(parts.reduce((sum, part) => sum + part.starts.length, 0));
  const records = new Uint32Array(parts.reduce((sum, part) => sum + part.records.length, 0));
  let [sequence, word] = [0, 0];
  for (const part of parts) {
    const begin = word;
    starts.set(
      part.starts.map(start => begin + start),
      sequence,
    );
    records.set(part.records, word);
    sequence += part.starts.length;
    word += part.records.length;
  }
  return { starts, records };
}
