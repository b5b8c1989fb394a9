import { createWriteStream, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { finished } from 'node:stream/promises';
import { openDataSet, readDataSet } from '../../src/data/data-set.ts';
import { FileSource } from '../../src/data/file-source.ts';
import { ask } from '../../src/runtime/ask.ts';
import { openSession, type Session } from '../../src/runtime/session.ts';
import { vulkanDrivers } from '../../src/runtime/vulkan.ts';
import { packPortion } from '../../src/shared/feed.ts';
import type { Pack } from '../../src/shared/protocol.ts';
import { STREAM, streamKey } from '../../src/shared/random.ts';
import { deviceTask } from '../../src/tasks/device.ts';
import { sampleSequence } from '../../src/tasks/sample.ts';
import { simple } from '../../src/tasks/simple.ts';

/*
 * `npm run feed [sequences] [steps] [rounds]`: how a task of files feeds training beside the same task drawn on the device. Sequences of
 * 50 tokens are drawn by the
 * sampler's twin and written as JSON lines; both tasks train the same pack on Dawn, software, alternately.
 */

const [sequences = 1_000_000, steps = 2000, rounds = 3] = process.argv.slice(2).map(Number);
const LENGTH = 50;
const BATCH = 256;
const knobs = { omega: 2 };
const say = (line: string) => process.stdout.write(`${line}\n`);
const mebibytes = (bytes: number) => `${(bytes / 2 ** 20).toFixed(0)} MiB`;
const thousands = (rate: number) => Math.round(rate).toLocaleString('en');

const drawing = {
  ...{ task: simple, knobs, law: 'dirichlet-iid', alphaThousandths: 1000, length: LENGTH, step: 0 },
  ...{ lengthMode: 'fixed' as const, positions: 'last' as const, offsets: null },
};

async function write(path: string, count: number, stream: number): Promise<void> {
  const file = createWriteStream(path);
  for (let i = 0; i < count; i++) {
    const { tokens, targets } = sampleSequence({ ...drawing, key: streamKey(0, stream) }, i);
    const line = `${JSON.stringify({ tokens: [...tokens], targets: targets.map(target => target.map(Math.fround)) })}\n`;
    if (!file.write(line)) await new Promise<void>(resolve => file.once('drain', () => resolve()));
  }
  file.end();
  await finished(file);
}

function packOf(task: Pack['task'], replicas: number): Pack {
  return {
    model: {
      ...{
        layers: 1,
        heads: 1,
        width: 32,
        keyWidth: 32,
        mlpWidth: 128,
        vocabulary: 2,
        period: 1,
        locality: 0,
      },
      ...{ outputs: 1, activation: 'relu', norm: 'none', attention: { precision: 'infinite', scale: 0.2 } },
    },
    ...{ phiInit: [0, 0], baseWidth: 32, task, loss: 'mse', lengthMode: 'fixed', positions: 'last' },
    ...{ positionOffset: 'none', steps, batch: BATCH, logEvery: steps },
    optimiser: { beta1: 0.9, beta2: 0.999, epsilon: 1e-8, warmup: 0, schedule: 'cosine', clip: 1 },
    test: { lengths: [LENGTH], sequences: 2 },
    replicas: Array.from({ length: replicas }, (_, seed) => ({
      ...{ cell: String(seed), seed, trainLength: LENGTH, learningRate: 0.003, alphaThousandths: 1000 },
      ...{ knobs, deviceKnobs: simple.wgslKnobs(knobs) },
    })),
  } as Pack;
}

/** Sequences a second that the host portions out by itself. */
async function hostRate(source: FileSource, replicas: number, room: number): Promise<number> {
  const pack = packOf(drawn, replicas);
  const began = performance.now();
  let [step, complete] = [0, false];
  while (performance.now() - began < 1500) {
    const count = Math.max(1, Math.min(256, Math.floor(2 ** 20 / (replicas * BATCH))));
    const portion = await source.portion(pack, { point: null, first: step, count, room, complete });
    packPortion(portion);
    complete ||= portion.complete === true;
    step += portion.count;
  }
  return (step * replicas * BATCH * 1000) / (performance.now() - began);
}

async function trainRate(session: Session, pack: Pack, source?: FileSource): Promise<number> {
  const feed = source && {
    feed: async (wanted: Parameters<FileSource['portion']>[1]) =>
      packPortion(await source.portion(pack, wanted)),
  };
  const { trainSequences, trainSeconds } = await ask(
    session,
    'trained',
    { op: 'train', adapter: 'software', pack },
    feed,
  );
  return trainSequences / trainSeconds;
}

const drawn = deviceTask(simple, knobs, 'dirichlet-iid');
const folder = mkdtempSync(join(tmpdir(), 'lengthwise-feed-'));
process.env.XDG_CACHE_HOME = join(folder, 'cache');
try {
  const [train, test] = ['train.jsonl', 'test.jsonl'].map(name => join(folder, name)) as [string, string];
  await write(train, sequences, STREAM.train);
  await write(test, 2, STREAM.test);
  const before = process.memoryUsage().rss;
  const began = performance.now();
  const { content, summary } = await readDataSet({
    train: [train],
    tests: [{ length: LENGTH, files: [test] }],
  });
  say(
    `read and checked ${thousands(sequences)} sequences in ${((performance.now() - began) / 1000).toFixed(1)} s, memory + ${mebibytes(process.memoryUsage().rss - before)}`,
  );
  const { mostWords, words } = summary.train;
  const point = { reads: 'last' as const, sequences: 2, mostWords, variance: null };
  const fed = (all: number | null): Pack['task'] => ({
    ...{ source: 'host', name: 'file', maker: { kind: 'file', content }, form: 'vectors', labels: 1 },
    points: [
      { ...point, words: all },
      { ...point, words: all },
    ],
  });
  const source = new FileSource(await openDataSet(content));
  for (const replicas of [1, 16])
    say(
      `host alone, ${replicas} replicas: ${thousands(await hostRate(source, replicas, 2 ** 25))} sequences/s where the device holds all, ${thousands(await hostRate(source, replicas, 2 ** 22))} where it does not`,
    );
  const driver = vulkanDrivers('software').find(({ name }) => name === 'swiftshader')!;
  const session = await openSession({
    runtime: 'dawn',
    adapter: 'software',
    built: join(import.meta.dirname, '..'),
    driver,
  });
  for (const replicas of [1, 16])
    for (let round = 0; round < rounds; round++) {
      const here = await trainRate(session, packOf(drawn, replicas));
      const whole = await trainRate(session, packOf(fed(words), replicas), source);
      const parts = await trainRate(session, packOf(fed(null), replicas), source);
      const share = (rate: number) => `${thousands(rate)} (${((100 * rate) / here).toFixed(0)} %)`;
      say(
        `training, ${replicas} replicas, sequences/s: drawn ${thousands(here)}, file at once ${share(whole)}, file in parts ${share(parts)}; memory ${mebibytes(process.memoryUsage().rss)}`,
      );
    }
  await session.close();
  await source.close();
} finally {
  rmSync(folder, { recursive: true, force: true });
}
