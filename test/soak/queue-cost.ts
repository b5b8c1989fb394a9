import { parseExperiment } from '../../src/config/experiment.ts';
import { cellsOf } from '../../src/plan/cells.ts';
import { addressOf } from '../../src/queue/address.ts';
import { Collector } from '../../src/queue/collector.ts';
import { connectRedis } from '../../src/queue/connection.ts';
import { QueueWorker } from '../../src/queue/worker.ts';
import { fakeTrainer } from '../support/fake-trainer.ts';
import { TestRedis } from '../support/redis.ts';
import { UNWATCHED } from '../support/unwatched.ts';

const TEXT = `name: empty
task: { kind: simple, omega: 1 }
model: { width: 8, mlpWidth: 8 }
train: { length: 4, steps: 1, batch: 1 }
test: { length: [8], sequences: 2 }
`;

/**
 * What the queue itself costs a job, in milliseconds: `jobs` jobs of one cell each that train nothing, queued, taken, handed in, collected.
 */
export async function queueCostMs(jobs: number): Promise<number> {
  const redis = await TestRedis.start({ settings: ['--appendonly', 'yes'] });
  const build = { engine: '0123456789ab', version: '0' };
  const seeds = Array.from({ length: jobs }, (_, i) => i);
  const cells = cellsOf(parseExperiment(TEXT, 'empty.yaml', [`seed=[${seeds}]`]));
  const connections = await Promise.all([0, 1].map(() => connectRedis(addressOf(redis.url, {}), () => {})));
  try {
    const worker = new QueueWorker(connections[0]!, fakeTrainer(), {
      ...build,
      drain: false,
      lockMs: 120_000,
      say: () => {},
    });
    const working = worker.run();
    let kept = 0;
    const collector = new Collector(
      connections[1]!,
      cells,
      { ...build, adapter: null, packMinutes: 1e-9, retry: false },
      {
        ...UNWATCHED,
        keep: async () => {
          kept++;
        },
      },
    );
    const began = performance.now();
    const failed = await collector.run();
    const ms = performance.now() - began;
    await worker.stop();
    await working;
    if (failed.length > 0 || kept !== jobs) throw new Error(`${kept} of ${jobs} cells came home`);
    return ms / jobs;
  } finally {
    for (const connection of connections) connection.disconnect();
    await redis.remove();
  }
}
