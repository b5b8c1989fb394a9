import { type ChildProcess, execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { contentOf, differences } from '../soak/sweeps.ts';
import { type CliOptions, cli as commandLine, emptyFolder, whenSaid } from '../support/cli.ts';
import { freePort, TestRedis } from '../support/redis.ts';

const EXPERIMENT = `name: shared
task: { kind: simple, omega: 1 }
model: { width: 8, mlpWidth: 8 }
train: { length: [4, 8], steps: 40, batch: 16 }
test: { length: [8, 32], sequences: 32 }
seed: [0, 1, 2]
`;
const MACHINE = ['--runtime', 'dawn', '--adapter', 'software'];
/** One cell a job. */
const SINGLE = ['--pack-minutes', '1e-9'];

/** Five seconds, and a busy machine's share. */
const STOP_MS = 10_000;

const cwd = emptyFolder();
let redis: TestRedis;
/** With a password, which must be seen nowhere. */
let queue: string;

/** What waits for a Redis waits for ever, after a test that has failed, too. */
const children: ChildProcess[] = [];
const cli = (args: string[], { onStart, ...options }: CliOptions = {}) =>
  commandLine(args, {
    ...options,
    onStart(child) {
      children.push(child);
      onStart?.(child);
    },
  });

beforeAll(async () => {
  redis = await TestRedis.start({ tcp: true, settings: ['--requirepass', 'opensesame'] });
  queue = redis.url.replace('//', '//:opensesame@');
  writeFileSync(join(cwd, 'shared.yaml'), EXPERIMENT);
});
afterAll(async () => {
  for (const child of children) child.kill('SIGKILL');
  await redis?.remove();
});

const worker = (...more: string[]) => ['worker', ...MACHINE, '--queue', queue, ...more];

test('a sweep over several workers, one killed and one told to stop, equals a plain run to the bit', async () => {
  const plain = await cli(['run', 'shared.yaml', ...MACHINE, '--out', 'plain', '--json'], { cwd });
  expect(plain.code).toBe(0);
  const args = ['submit', 'shared.yaml', '--queue', queue, '--out', 'queued', '--json', ...SINGLE];
  const submitted = cli(args, { cwd });
  // The first is killed in its second job, the second is told to stop in its own, the third does the rest.
  const killed = await cli(worker('--lock', '3'), {
    cwd,
    onStart: child => whenSaid(child, /job pack-\w+: 1 cells/, () => child.kill('SIGKILL')),
  });
  expect(killed.code).toBeNull();
  const told = await cli(worker('--lock', '3'), {
    cwd,
    onStart: child => whenSaid(child, /job pack-\w+: 1 cells/, () => child.kill('SIGINT')),
  });
  expect(told.code).toBe(130);
  const last = await cli(worker('--lock', '3', '--drain', '--json'), { cwd });
  expect(last.code).toBe(0);
  expect(JSON.parse(last.stdout)).toMatchObject({ failed: 0 });
  const { code, stdout, stderr } = await submitted;
  expect(stderr).toMatch(/queued 6 cells in 6 jobs/);
  expect(code).toBe(0);
  const outcome = JSON.parse(stdout);
  expect(outcome).toMatchObject({ cells: 6, finished: 6, failedJobs: [] });
  const queued = contentOf(join(cwd, 'queued'), 'shared');
  expect(differences(contentOf(join(cwd, 'plain'), 'shared'), queued)).toEqual([]);

  const manifest = readFileSync(join(cwd, outcome.run, 'manifest.json'), 'utf8');
  expect(manifest).toMatch(/redis:\/\/…@127\.0\.0\.1/);
  for (const text of [manifest, stderr, last.stderr, told.stderr]) expect(text).not.toMatch(/opensesame/);

  const again = await cli(args, { cwd });
  expect(JSON.parse(again.stdout)).toMatchObject({ alreadyFinished: 6, finished: 6 });
  expect(again.stderr).not.toMatch(/queued \d+ cells/);
});

test('a worker that is told to stop hands its job on with a checkpoint: the next goes on from there, to the same bits', async () => {
  const one = ['--set', 'seed=7', '--set', 'train.length=4', '--set', 'train.steps=3000', '--no-theory'];
  const plain = await cli(['run', 'shared.yaml', ...one, ...MACHINE, '--out', 'plain-long'], { cwd });
  expect(plain.code).toBe(0);
  const submitted = cli(['submit', 'shared.yaml', ...one, '--queue', queue, '--out', 'queued-long'], { cwd });
  const client = redis.client();
  client.on('error', () => {});
  const hasBegun = async () => {
    const [job] = await client.keys('lengthwise:jobs-*:pack-????????????????');
    return job !== undefined && ((await client.hget(job, 'progress')) ?? '0') !== '0';
  };
  let stopped = 0;
  const told = await cli(worker(), {
    cwd,
    async onStart(child) {
      while (!(await hasBegun())) await sleep(50);
      stopped = performance.now();
      child.kill('SIGINT');
    },
  });
  expect(told.code).toBe(130);
  expect(performance.now() - stopped).toBeLessThan(STOP_MS);
  expect(told.stderr).toMatch(/1 cells under way are saved, at step \d+ of 3000/);
  expect(await client.keys('lengthwise:checkpoint:*')).toHaveLength(1);
  // The lock of 120 s is not waited for: the job was given back.
  const next = await cli(worker('--drain'), { cwd });
  expect(next.stderr).toMatch(/1 cells continue at step \d+/);
  expect((await submitted).code).toBe(0);
  const queued = contentOf(join(cwd, 'queued-long'), 'shared');
  expect(differences(contentOf(join(cwd, 'plain-long'), 'shared'), queued)).toEqual([]);
  expect(await client.keys('lengthwise:checkpoint:*')).toEqual([]);
  client.disconnect();
});

describe('what is wrong is said in a line, and what to do', () => {
  test.each([
    [
      'no Redis',
      ['status', '--queue', 'redis://127.0.0.1:1'],
      1,
      /^error: no Redis answers at 127\.0\.0\.1:1\n/,
    ],
    ['no queue', ['worker'], 2, /^error: --queue: no Redis is named, nor is LENGTHWISE_QUEUE set\n/],
    ['no URL', ['submit', 'shared.yaml', '--queue', 'localhost'], 2, /^error: --queue: not a URL\n/],
  ])('%s', async (_, args, expected, line) => {
    const { code, stderr } = await cli(args, { cwd, env: { LENGTHWISE_QUEUE: '' } });
    expect(stderr).toMatch(line);
    expect(stderr.trimEnd().split('\n')).toHaveLength(2);
    expect(code).toBe(expected);
  });

  test('a wrong password, from the environment', async () => {
    const env = { LENGTHWISE_QUEUE: redis.url.replace('//', '//:closesesame@') };
    const { code, stderr } = await cli(['status'], { cwd, env });
    expect(code).toBe(2);
    expect(stderr).toMatch(/^error: Redis at 127\.0\.0\.1:\d+ refuses the user name or password\n/);
    expect(stderr).not.toMatch(/closesesame/);
  });

  test('TLS is spoken, and only with a certificate that is trusted', async () => {
    const folder = emptyFolder();
    const [key, certificate] = [join(folder, 'key.pem'), join(folder, 'certificate.pem')];
    const subject = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost'];
    const files = ['-keyout', key, '-out', certificate];
    const make = ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '2', ...subject, ...files];
    execFileSync('openssl', make, { stdio: 'ignore' });
    const port = await freePort();
    const tls = ['--tls-cert-file', certificate, '--tls-key-file', key, '--tls-ca-cert-file', certificate];
    const settings = ['--tls-port', String(port), ...tls, '--tls-auth-clients', 'no'];
    const server = await TestRedis.start({ settings });
    try {
      const args = ['status', '--queue', `rediss://localhost:${port}`];
      const trusted = await cli(args, { env: { NODE_EXTRA_CA_CERTS: certificate } });
      expect(trusted.stdout).toMatch(/Nothing was ever queued here/);
      expect(trusted.code).toBe(0);
      const { code, stderr } = await cli(args);
      expect(stderr).toMatch(
        /^error: Redis at localhost:\d+: no TLS connection \(self-signed certificate\)\n/,
      );
      expect(code).toBe(1);
    } finally {
      await server.remove();
    }
  });

  test('a worker of another build', async () => {
    const other = await TestRedis.start();
    try {
      const client = other.client();
      const note = JSON.stringify({ engine: '00ffee00ffee', version: '9.9.9', adapter: null });
      await client.hset('lengthwise:queues', 'jobs-00ffee00ffee', note);
      await client.rpush('lengthwise:jobs-00ffee00ffee:wait', 'pack-1');
      client.disconnect();
      const { code, stderr } = await cli(['worker', '--queue', other.url], { cwd });
      expect(code).toBe(2);
      expect(stderr).toMatch(
        /error: 1 jobs wait for engine 00ffee00ffee of lengthwise 9\.9\.9; this build, .* takes none of them\n/,
      );
      const { stdout } = await cli(['status', '--queue', other.url, '--json'], { cwd });
      expect(JSON.parse(stdout)).toMatchObject({
        queues: [{ engine: '00ffee00ffee', jobs: { waiting: 1, active: 0, completed: 0, failed: 0 } }],
        workers: [],
      });
    } finally {
      await other.remove();
    }
  });
});
