import Table from 'cli-table3';
import { addressOf } from '../queue/address.ts';
import { connectRedis } from '../queue/connection.ts';
import { type Status, statusOf } from '../queue/status.ts';
import { log, print, printJson } from './output.ts';

/** `lengthwise status`: what waits in a queue, what runs, what failed, and who works. */
export async function status(options: { queue?: string; json: boolean }): Promise<void> {
  const redis = await connectRedis(addressOf(options.queue), log);
  try {
    const found = await statusOf(redis);
    if (options.json) printJson(found);
    else printStatus(found);
  } finally {
    redis.disconnect();
  }
}

const PLAIN = { head: [], border: [] };
const rounded = (value: number | null) => (value === null ? '-' : Math.round(value).toLocaleString('en'));

function printStatus({ queues, workers }: Status): void {
  if (queues.length === 0) print('Nothing was ever queued here.');
  else {
    const table = new Table({
      head: ['engine', 'adapter', 'waiting', 'active', 'to collect', 'failed'],
      style: PLAIN,
    });
    for (const { engine, version, adapter, jobs } of queues) {
      const { waiting, active, completed, failed } = jobs;
      table.push([`${engine} (${version})`, adapter ?? 'any', waiting, active, completed, failed]);
    }
    print(table.toString());
  }
  for (const { job, reason } of queues.flatMap(({ failures }) => failures))
    print(`job ${job} failed: ${reason}`);
  if (workers.length === 0) {
    print('No worker is at work.');
    return;
  }
  const table = new Table({
    head: ['worker', 'host', 'adapter', 'runtime', 'engine', 'now', 'jobs', 'failed', 'sequences/s'],
    style: PLAIN,
  });
  for (const { id, host, pid, adapter, runtime, engine, state, ...worker } of workers) {
    const { finished, failed, sequencesPerSecond } = worker;
    const rate = rounded(sequencesPerSecond);
    table.push([id, `${host}:${pid}`, adapter, runtime, engine, state, finished, failed, rate]);
  }
  print(table.toString());
}
