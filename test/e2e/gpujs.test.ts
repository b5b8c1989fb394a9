import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { type BadInput, MODEL, TOKENS, testBadInput } from '../support/bad-input.ts';
import { cli, emptyFolder } from '../support/cli.ts';
import { flat, goldens, largestError } from '../support/golden.ts';

const GOLDEN = goldens(2).find(({ name }) => name === 'two-layer-periodic-gelu')!;
const MODEL_FILE = join(import.meta.dirname, '..', 'golden', `${GOLDEN.name}.safetensors`);

function tokensFile(): string {
  const file = join(emptyFolder(), 'tokens.json');
  writeFileSync(file, JSON.stringify({ sequences: GOLDEN.forward.map(({ tokens }) => tokens) }));
  return file;
}

async function forward(args: string[], env: Record<string, string> = {}) {
  const all = ['forward', MODEL_FILE, tokensFile(), '--kernel', 'gpujs', '--json', ...args];
  const { code, stdout, stderr } = await cli(all, { env });
  expect(code, stderr).toBe(0);
  return { ...JSON.parse(stdout), stderr };
}

const last = GOLDEN.forward.map(({ outputs }) => outputs.at(-1)!);
const every = GOLDEN.forward.map(({ outputs }) => outputs);

describe('forward --kernel gpujs', () => {
  test('takes the WebGPU that the browser has, and says so', async () => {
    const answer = await forward([]);
    expect(answer).toMatchObject({ kernel: 'gpujs', runtime: 'chrome', deviceBytes: null });
    expect(answer.adapter).toMatch(/^gpu\.js webgpu on /);
    expect(largestError(flat(answer.outputs), flat(last))).toBeLessThan(1e-5);
  });

  test('WebGL2, every position', async () => {
    const answer = await forward(['--gpujs-mode', 'webgl2', '--all-positions']);
    expect(answer.adapter).toMatch(/^gpu\.js webgl2 on /);
    expect(answer.outputs.map((rows: number[][]) => rows.length)).toEqual(every.map(rows => rows.length));
    expect(largestError(flat(answer.outputs), flat(every))).toBeLessThan(1e-5);
  });

  test('the CPU, without a browser', async () => {
    const answer = await forward(['--gpujs-mode', 'cpu', '--all-positions'], {
      LENGTHWISE_CHROME: '/nowhere',
    });
    expect(answer).toMatchObject({ runtime: 'node', adapter: 'gpu.js cpu', stderr: '' });
    expect(largestError(flat(answer.outputs), flat(every))).toBeLessThan(1e-5);
  });

  test.each([
    ['there is no browser', { PATH: '/nowhere', PUPPETEER_CACHE_DIR: '/nowhere' }, /no browser was found/],
    ['the browser does not start', { LENGTHWISE_CHROME: '/bin/false' }, /\/bin\/false did not start/],
  ])('falls back to the CPU where %s, with a word about it', async (_, env, says) => {
    const answer = await forward([], env);
    expect(answer).toMatchObject({ runtime: 'node', adapter: 'gpu.js cpu' });
    expect(answer.stderr).toMatch(says);
    expect(answer.stderr).toMatch(/gpu\.js runs on the CPU/);
    expect(largestError(flat(answer.outputs), flat(last))).toBeLessThan(1e-5);
  });

  test('whoever asks for hardware, or for a backend, is not served by the CPU', async () => {
    const tokens = tokensFile();
    for (const args of [
      ['--adapter', 'hardware'],
      ['--gpujs-mode', 'webgpu'],
    ]) {
      const all = ['forward', MODEL_FILE, tokens, '--kernel', 'gpujs', ...args];
      const { code, stdout, stderr } = await cli(all, { env: { LENGTHWISE_CHROME: '/bin/false' } });
      expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
      expect(stderr).toMatch(/did not start/);
    }
  });
});

describe('bad input', () => {
  const files = { 'm.safetensors': MODEL, 't.json': TOKENS };
  const long = { ...files, 't.json': JSON.stringify({ sequences: [[0], Array(4097).fill(1)] }) };
  const wrong = (what: string, args: string[], says: RegExp, own = files): BadInput => ({
    ...{ what, says, files: own },
    args: ['forward', 'm.safetensors', 't.json', ...args],
  });
  testBadInput([
    wrong(
      '--gpujs-mode with another kernel',
      ['--kernel', 'dense', '--gpujs-mode', 'cpu'],
      /--gpujs-mode means nothing to --kernel dense/,
    ),
    wrong(
      'a backend that gpu.js has not',
      ['--kernel', 'gpujs', '--gpujs-mode', 'cuda'],
      /--gpujs-mode.*cuda.*invalid/,
    ),
    wrong(
      '--runtime dawn',
      ['--kernel', 'gpujs', '--runtime', 'dawn'],
      /--kernel gpujs does not run on dawn/,
    ),
    wrong(
      'a sequence that is too long',
      ['--kernel', 'gpujs', '--gpujs-mode', 'cpu'],
      /sequence 1 has 4097 tokens, and --kernel gpujs takes at most 4096: it keeps heads · T² logits/,
      long,
    ),
  ]);
});
