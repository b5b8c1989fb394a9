import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { layoutOf, unflatten } from '../../src/model/layout.ts';
import { writeModel } from '../../src/model/safetensors.ts';
import {
  type BadInput,
  CONFIG,
  expectComplaint,
  GOOD,
  MODEL,
  TOKENS,
  testBadInput,
} from '../support/bad-input.ts';
import { cli, cliHere, emptyFolder } from '../support/cli.ts';

/** The experiment with one line replaced. */
const experiment = (line: string, by: string) => GOOD.replace(line, by);

/** A model file whose JSON header went through `change`. */
function reheadered(
  change: (header: Record<string, { shape?: number[]; dtype?: string; lengthwise?: string }>) => void,
): Uint8Array {
  const length = Number(new DataView(MODEL.buffer).getBigUint64(0, true));
  const header = JSON.parse(new TextDecoder().decode(MODEL.subarray(8, 8 + length)));
  change(header);
  const json = new TextEncoder().encode(JSON.stringify(header));
  const file = new Uint8Array(8 + json.length + MODEL.length - 8 - length);
  new DataView(file.buffer).setBigUint64(0, BigInt(json.length), true);
  file.set(json, 8);
  file.set(MODEL.subarray(8 + length), 8 + json.length);
  return file;
}

function withNaN(): Uint8Array {
  const file = MODEL.slice();
  new DataView(file.buffer).setFloat32(file.length - 4, Number.NaN, true);
  return file;
}

function withPhi(value: number): Uint8Array {
  const tensors = unflatten(layoutOf(CONFIG), new Float32Array(layoutOf(CONFIG).stride));
  tensors['layer.0.phi'] = Float32Array.of(value);
  return writeModel({ config: CONFIG, tensors });
}

const yaml = (what: string, text: string, says: RegExp, ...more: string[]): BadInput => ({
  what,
  args: ['run', 'x.yaml', ...more],
  files: { 'x.yaml': text },
  says,
});
const model = (what: string, bytes: Uint8Array, says: RegExp): BadInput => ({
  what: `model: ${what}`,
  args: ['forward', 'm.safetensors', 't.json'],
  files: { 'm.safetensors': bytes, 't.json': TOKENS },
  says,
});
const tokens = (what: string, text: string, says: RegExp): BadInput => ({
  what: `tokens: ${what}`,
  args: ['forward', 'm.safetensors', 't.json'],
  files: { 'm.safetensors': MODEL, 't.json': text },
  says,
});
const kGram = GOOD.replace('{ kind: simple, omega: 2 }', '{ kind: k-gram, vocabulary: 3, k: 4 }');
const modP = GOOD.replace('{ kind: simple, omega: 2 }', '{ kind: mod-p, p: 3, k: 3 }');

const CASES: BadInput[] = [
  { what: 'no such experiment', args: ['run', 'nowhere.yaml'], says: /nowhere\.yaml: no such file/ },
  { what: 'a folder as experiment', args: ['run', '.'], says: /is a directory/ },
  yaml('empty YAML', '', /is empty/),
  yaml('YAML that is a list', '- 1\n- 2\n', /is not a mapping/),
  yaml('YAML syntax', 'name: [unclosed\n', /x\.yaml:\d+: /),
  yaml('duplicate key', `${GOOD}name: again\n`, /x\.yaml:5: .*unique/),
  yaml(
    'unknown key',
    experiment('train: { length: [4, 8] }', 'train: { lenght: [4, 8], length: 4 }'),
    /x\.yaml:3: train\.lenght: unknown key, did you mean train\.length\?/,
  ),
  yaml('unknown top-level key', `${GOOD}sede: 1\n`, /x\.yaml:5: sede: unknown key, did you mean seed\?/),
  yaml(
    'unknown knob',
    experiment('omega: 2', 'omga: 2, omega: 2'),
    /task\.omga: unknown key, did you mean task\.omega\?/,
  ),
  yaml(
    'unknown task',
    experiment('kind: simple', 'kind: simpel'),
    /task\.kind: unknown task "simpel", did you mean simple\?/,
  ),
  yaml('no task', experiment('task: { kind: simple, omega: 2 }\n', ''), /task: is missing/),
  yaml('no knob', experiment(', omega: 2', ''), /task\.omega: is missing/),
  yaml('no training length', experiment('length: [4, 8]', 'steps: 5'), /train\.length: is missing/),
  yaml('wrong type', experiment('omega: 2', 'omega: fast'), /task\.omega: expected number, got "fast"/),
  yaml('zero seeds', `${GOOD}seed: []\n`, /seed: .*at least one/),
  yaml('the same seed twice', `${GOOD}seed: [1, 1]\n`, /seed: .*same value twice/),
  yaml('NaN', experiment('omega: 2', 'omega: .nan'), /task\.omega: /),
  yaml(
    'negative learning rate',
    experiment('[4, 8] }', '[4, 8], learningRate: -1 }'),
    /train\.learningRate: -1 is too small/,
  ),
  yaml('zero steps', experiment('[4, 8] }', '[4, 8], steps: 0 }'), /train\.steps: 0 is too small/),
  yaml('fractional batch', experiment('[4, 8] }', '[4, 8], batch: 2.5 }'), /train\.batch: /),
  yaml('training length 0', experiment('[4, 8]', '[0]'), /train\.length\.0: 0 is too small/),
  yaml(
    'training length beyond the limit',
    experiment('[4, 8]', '[9000000]'),
    /train\.length: 9000000 is longer/,
  ),
  yaml('test length beyond the limit', experiment('[16]', '[9000000]'), /test\.length: 9000000 is longer/),
  yaml('α with four decimals', `${GOOD}data: { alpha: 0.1234 }\n`, /data\.alpha: .*three decimals/),
  yaml('α = 0', `${GOOD}data: { alpha: 0 }\n`, /data\.alpha: 0 is too small/),
  yaml('k ≥ p', modP, /task: k = 3 is not a residue mod p = 3/),
  yaml('k ≥ N', kGram, /train\.length: 4 is too short/),
  yaml(
    'too few layers',
    `${kGram.replace('[4, 8]', '[8]')}model: { layers: 1 }\n`,
    /model\.layers: task k-gram needs 2 layers/,
  ),
  yaml('locality ≥ N', `${GOOD}model: { locality: 4 }\n`, /model\.locality: 4 must be below/),
  yaml(
    'bits without finite precision',
    `${GOOD}model: { attention: { bits: 8 } }\n`,
    /model\.attention\.bits: only finite/,
  ),
  yaml(
    'cross-entropy with one output',
    experiment('[4, 8] }', '[4, 8], loss: cross-entropy }'),
    /train\.loss: cross-entropy needs/,
  ),
  yaml(
    'warm-up longer than training',
    experiment('[4, 8] }', '[4, 8], steps: 5, warmup: 9 }'),
    /train\.warmup: 9 must be below/,
  ),
  yaml('too many classes', `${GOOD}model: { period: 2000 }\n`, /heads · vocabulary · period = 4000/),
  yaml(
    'φ interval upside down',
    `${GOOD}model: { phiInit: [1, 0] }\n`,
    /model\.phiInit: \[1, 0\] is not an interval/,
  ),
  yaml(
    'odd keys with RoPE',
    `${GOOD}model: { keyWidth: 7, attention: { rule: softmax, encoding: rope } }\n`,
    /x\.yaml:5: model\.keyWidth: 7 is odd/,
  ),
  yaml(
    'sequences longer than an absolute encoding',
    `${GOOD}model: { attention: { rule: softmax, encoding: absolute, maxLength: 8 } }\n`,
    /x\.yaml:4: test\.length: 16 is longer than model\.attention\.maxLength = 8/,
  ),
  yaml(
    'a period with softmax',
    `${GOOD}model: { period: 2, attention: { rule: softmax } }\n`,
    /x\.yaml:5: model\.period: 2: softmax attention has period 1/,
  ),
  yaml(
    'logScale with a limit rule',
    `${GOOD}model: { attention: { logScale: true } }\n`,
    /x\.yaml:5: model\.attention\.logScale: only rule: softmax has it/,
  ),
  yaml(
    'more positions than tokens',
    experiment('[4, 8] }', '[4, 8], positions: 6 }'),
    /x\.yaml:3: train\.positions: 6 positions are more than train\.length = 4/,
  ),
  yaml('a name that is a path', experiment('name: good', 'name: ../up'), /name: "\.\.\/up": letters/),
  yaml('--set without =', GOOD, /--set train\.steps: expected path=value/, '--set', 'train.steps'),
  yaml(
    '--set of an unknown path',
    GOOD,
    /--set train\.stepz: train\.stepz: unknown key, did you mean train\.steps\?/,
    '--set',
    'train.stepz=3',
  ),
  yaml(
    '--set of a bad value',
    GOOD,
    /--set train\.steps: train\.steps: expected .*got "many"/,
    '--set',
    'train.steps=many',
  ),
  yaml('--set below a value', GOOD, /name is a value, it has no keys/, '--set', 'name.x=1'),
  yaml('unwritable --out', GOOD, /--out: cannot write/, '--out', 'x.yaml/below-a-file'),
  yaml('bad --adapter', GOOD, /--adapter.*invalid/, '--adapter', 'quantum'),
  yaml('bad --workers', GOOD, /--workers.*whole number/, '--workers', '0'),
  yaml('bad --port', GOOD, /--port.*whole number/, '--port', '70000'),
  yaml(
    'one port for several workers',
    GOOD,
    /--port: one port cannot serve/,
    '--port',
    '8765',
    '--workers',
    '2',
  ),
  yaml('bad --runtime', GOOD, /--runtime.*invalid/, '--runtime', 'cuda'),
  yaml('an unknown option', GOOD, /unknown option '--frehs'.*--fresh/, '--frehs'),
  { what: 'an unknown verb', args: ['rnu', 'x.yaml'], says: /unknown command 'rnu'.*run/ },
  {
    what: 'a verb by another name',
    args: ['trian', 'x.yaml'],
    says: /unknown command 'trian' \(to train, the verb is run\)/,
  },
  {
    what: '--set in two words',
    args: ['run', 'x.yaml', '--set', 'train.steps', '100'],
    says: /--set train\.steps: expected path=value/,
  },
  { what: 'a missing argument', args: ['run'], says: /missing required argument/ },
  model('truncated', MODEL.subarray(0, MODEL.length - 9), /truncated/),
  model('three bytes', MODEL.subarray(0, 3), /too short/),
  model(
    'not safetensors',
    new TextEncoder().encode('PK\u0003\u0004 this is a zip file, or so it says'),
    /not a safetensors file/,
  ),
  model(
    'header not JSON',
    MODEL.map((byte, i) => (i === 8 ? 0x21 : byte)),
    /header is not JSON/,
  ),
  model(
    'no metadata',
    reheadered(header => {
      delete header.__metadata__;
    }),
    /metadata key "lengthwise" is missing/,
  ),
  model(
    'bad config',
    reheadered(header => {
      header.__metadata__!.lengthwise = '{"layers":13}';
    }),
    /metadata "lengthwise": layers/,
  ),
  model(
    'wrong shape',
    reheadered(header => {
      header.embed!.shape = [4, 2];
    }),
    /tensor embed: shape \[4,2\], expected \[2,4\]/,
  ),
  model(
    'wrong dtype',
    reheadered(header => {
      header.embed!.dtype = 'I32';
    }),
    /tensor embed: dtype I32/,
  ),
  model(
    'missing tensor',
    reheadered(header => {
      delete header.unembed;
    }),
    /tensor unembed \[1,4\] is missing/,
  ),
  model(
    'unknown tensor',
    reheadered(header => {
      header.bias = header.unembed!;
    }),
    /unexpected tensor bias/,
  ),
  model(
    'φ under softmax',
    reheadered(header => {
      const attention = { rule: 'softmax', encoding: 'absolute', maxLength: 1, logScale: false, scale: 1 };
      header.__metadata__!.lengthwise = JSON.stringify({ ...CONFIG, attention });
    }),
    /unexpected tensor layer\.0\.phi: softmax models have no phi/,
  ),
  model('φ that would overflow', withPhi(1e30), /tensor layer\.0\.phi: .*too large/),
  model('infinite φ', withPhi(Number.POSITIVE_INFINITY), /tensor layer\.0\.phi: value 0 is Infinity/),
  model(
    'too many classes',
    reheadered(header => {
      header.__metadata__!.lengthwise = JSON.stringify({ ...CONFIG, period: 1000 });
    }),
    /heads: heads · vocabulary · period = 2000 is more than 1024/,
  ),
  model('NaN weights', withNaN(), /tensor unembed: value 3 is NaN/),
  {
    what: 'no such model',
    args: ['forward', 'nowhere.safetensors', 't.json'],
    files: { 't.json': TOKENS },
    says: /nowhere\.safetensors: no such file/,
  },
  {
    what: 'no such tokens file',
    args: ['forward', 'm.safetensors', 'nowhere.json'],
    files: { 'm.safetensors': MODEL },
    says: /nowhere\.json: no such file/,
  },
  tokens('truncated', '{"sequences": [[0, 1', /not JSON/),
  tokens('no sequences', '{"sequences": []}', /sequences/),
  tokens('another key', '{"tokens": [[0]]}', /sequences/),
  tokens('empty sequence', '{"sequences": [[0], []]}', /sequence 1 is empty/),
  tokens('negative token', '{"sequences": [[0, -1]]}', /token -1 at position 2 of sequence 0/),
  tokens('token ≥ S', '{"sequences": [[2]]}', /token 2 at position 1 of sequence 0 is not one of 0…1/),
  tokens('fractional token', '{"sequences": [[0.5]]}', /token 0\.5/),
  tokens('token that is text', '{"sequences": [["a"]]}', /sequences\.0\.0/),
  {
    what: 'bad --kernel-variant',
    args: ['forward', 'm.safetensors', 't.json', '--kernel', 'dense', '--kernel-variant', 'fastest'],
    files: { 'm.safetensors': MODEL, 't.json': TOKENS },
    says: /--kernel-variant.*invalid/,
  },
  {
    what: '--kernel-variant without a dense kernel',
    args: ['forward', 'm.safetensors', 't.json', '--kernel-variant', 'quad'],
    files: { 'm.safetensors': MODEL, 't.json': TOKENS },
    says: /--kernel-variant quad: the linear kernel has no variants/,
  },
  {
    what: 'bad --kernel',
    args: ['forward', 'm.safetensors', 't.json', '--kernel', 'magic'],
    files: { 'm.safetensors': MODEL, 't.json': TOKENS },
    says: /--kernel.*invalid/,
  },
  {
    ...yaml('missing Chrome', GOOD, /LENGTHWISE_CHROME=\/nowhere: no such executable/),
    env: { LENGTHWISE_CHROME: '/nowhere' },
  },
];

describe('bad input: exit 2, one clear error, nothing on stdout, nothing left behind', () => {
  testBadInput(CASES);

  describe('a busy port', () => {
    let server: Server;
    beforeAll(async () => {
      server = createServer();
      await new Promise<void>(resolve => {
        server.listen(0, '127.0.0.1', resolve);
      });
    });
    afterAll(() => server.close());

    test('is named', async () => {
      const cwd = emptyFolder();
      writeFileSync(join(cwd, 'm.safetensors'), MODEL);
      writeFileSync(join(cwd, 't.json'), TOKENS);
      const { port } = server.address() as AddressInfo;
      writeFileSync(join(cwd, 'x.yaml'), GOOD);
      for (const args of [
        ['forward', 'm.safetensors', 't.json'],
        ['run', 'x.yaml'],
      ]) {
        expectComplaint(
          await cli([...args, '--port', String(port)], { cwd }),
          new RegExp(`--port ${port} is in use`),
        );
      }
      expect(readdirSync(cwd).sort()).toEqual(['m.safetensors', 't.json', 'x.yaml']);
    });
  });

  test('--fresh does not delete a folder that is not a run', async () => {
    const cwd = emptyFolder();
    writeFileSync(join(cwd, 'x.yaml'), GOOD);
    const { stdout } = await cliHere(['plan', 'x.yaml', '--json'], { cwd });
    const folder = join(cwd, 'results', 'good', JSON.parse(stdout).run);
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, 'thesis.tex'), 'years of work');
    expectComplaint(await cli(['run', 'x.yaml', '--fresh'], { cwd }), /is not a lengthwise run/);
    expect(readdirSync(folder)).toEqual(['thesis.tex']);
  });
});
