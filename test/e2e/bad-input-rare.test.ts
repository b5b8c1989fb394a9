import { mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { lockFolder } from '../../src/results/lock.ts';
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

/*
 * The rarer ways to get it wrong: YAML's odd corners, limits of single fields, damaged headers, paths that are not what they
 * seem. The common ones are in bad-input.test.ts.
 */

const yaml = (what: string, text: string, says: RegExp): BadInput => ({
  what: `YAML: ${what}`,
  args: ['plan', 'x.yaml'],
  files: { 'x.yaml': text },
  says,
});
const set = (assignment: string, says: RegExp): BadInput => ({
  what: `--set ${assignment}`,
  args: ['plan', 'x.yaml', '--set', assignment],
  files: { 'x.yaml': GOOD },
  says,
});
const usage = (args: string[], says: RegExp): BadInput => ({
  what: args.join(' ') || 'no argument at all',
  args,
  files: { 'x.yaml': GOOD, 'm.safetensors': MODEL, 't.json': TOKENS },
  says,
});
const model = (what: string, bytes: Uint8Array, says: RegExp): BadInput => ({
  what: `model: ${what}`,
  args: ['forward', 'm.safetensors', 't.json', '--kernel', 'reference'],
  files: { 'm.safetensors': bytes, 't.json': TOKENS },
  says,
});
const tokens = (what: string, text: string, says: RegExp): BadInput => ({
  what: `tokens: ${what}`,
  args: ['forward', 'm.safetensors', 't.json', '--kernel', 'reference'],
  files: { 'm.safetensors': MODEL, 't.json': text },
  says,
});

/** A file of a header (JSON, or text as it stands) and the model's own weights, `change`d. */
function withHeader(change: (header: Header) => unknown, data: (bytes: Uint8Array) => Uint8Array = x => x) {
  const length = Number(new DataView(MODEL.buffer).getBigUint64(0, true));
  const parsed = JSON.parse(new TextDecoder().decode(MODEL.subarray(8, 8 + length))) as Header;
  const json = new TextEncoder().encode(JSON.stringify(change(parsed)));
  const weights = data(MODEL.slice(8 + length));
  const file = new Uint8Array(8 + json.length + weights.length);
  new DataView(file.buffer).setBigUint64(0, BigInt(json.length), true);
  file.set(json, 8);
  file.set(weights, 8 + json.length);
  return file;
}
type Header = Record<string, { [key: string]: unknown; data_offsets: number[]; lengthwise: string }>;
const entry = (name: string, fields: object) =>
  withHeader(header => ({ ...header, [name]: { ...header[name], ...fields } }));
const metadata = (fields: object) =>
  withHeader(header => ({
    ...header,
    __metadata__: { lengthwise: JSON.stringify({ ...CONFIG, ...fields }) },
  }));
const headerLength = (bytes: bigint) => {
  const file = MODEL.slice();
  new DataView(file.buffer).setBigUint64(0, bytes, true);
  return file;
};

const CASES: BadInput[] = [
  usage([], /no known verb given/),
  usage(['--debug'], /no known verb given/),
  usage(['--bogus'], /unknown option '--bogus'/),
  usage(['Run', 'x.yaml'], /unknown command 'Run'.*run/),
  usage(['plan', 'x.yaml', 'x.yaml'], /too many arguments for 'plan'/),
  usage(['doctor', 'now'], /too many arguments for 'doctor'/),
  usage(['forward', 'm.safetensors'], /missing required argument 'tokens\.json'/),
  usage(['plan', 'x.yaml', '--workers', '2'], /unknown option '--workers'/),
  usage(['run', 'x.yaml', '--set'], /'--set <path=value>' argument missing/),
  usage(['run', 'x.yaml', '--workers'], /--workers.*argument missing/),
  usage(['run', 'x.yaml', '--workers', '1.5'], /--workers.*'1\.5' is invalid.*whole number from 1 to 16/),
  usage(['run', 'x.yaml', '--workers', 'two'], /--workers.*'two' is invalid/),
  usage(['run', 'x.yaml', '--workers', '17'], /--workers.*'17' is invalid/),
  usage(['run', 'x.yaml', '--port', '1e3'], /--port.*'1e3' is invalid.*whole number from 0 to 65535/),
  usage(['run', 'x.yaml', '--port=-1'], /--port.*'-1' is invalid/),
  usage(['run', 'x.yaml', '--adapter', 'Hardware'], /--adapter.*auto, hardware, software/),
  usage(['plan', ''], /no such file/),
  usage(['plan', 'x.yaml/below'], /x\.yaml\/below: ENOTDIR/),
  usage(['plan', 'm.safetensors'], /m\.safetensors: the experiment is not a mapping/),
  usage(['forward', '.', 't.json'], /\.: is a directory/),
  usage(['forward', 'm.safetensors', '.'], /\.: is a directory/),
  usage(['forward', 't.json', 'm.safetensors'], /t\.json: not a safetensors file, but JSON/),
  usage(['forward', 'm.safetensors', 'm.safetensors'], /m\.safetensors: not JSON/),

  yaml('larger than a mebibyte', `${GOOD}# ${'x'.repeat(1 << 20)}\n`, /bytes is too large/),
  yaml('a lone word', 'experiment\n', /is not a mapping/),
  yaml('only comments', '# nothing yet\n', /is empty/),
  yaml('a tab as indentation', `${GOOD}\tseed: 1\n`, /x\.yaml:5: Tabs/),
  yaml('a second document', `${GOOD}---\nname: b\n`, /x\.yaml:5: .*multiple documents/),
  yaml('an alias without an anchor', `${GOOD}seed: *none\n`, /x\.yaml: YAML alias: .*none/),
  yaml('an alias to itself', 'name: &a [*a]\n', /x\.yaml: YAML alias: .*circular/),
  yaml(
    'aliases that multiply',
    `a: &a [${'x,'.repeat(9)}]\nb: &b [${'*a,'.repeat(9)}]\nc: &c [${'*b,'.repeat(9)}]\nd: [${'*c,'.repeat(9)}]\n`,
    /x\.yaml: YAML alias: Excessive alias count/,
  ),
  yaml('a key that is a list', `${GOOD}? [a, b]\n: 1\n`, /x\.yaml:\d: \[ a, b \]: unknown key/),
  yaml('a key that is a number', `${GOOD}1: 2\n`, /x\.yaml:5: 1: unknown key/),
  yaml('YAML version', `%YAML 9\n---\n${GOOD}`, /x\.yaml:1: Unsupported YAML version 9/),
  yaml('no name', GOOD.replace('name: good\n', ''), /name: is missing \(expected string\)/),
  yaml('no test', GOOD.replace('test: { length: [16] }\n', ''), /test: is missing/),
  yaml('a section that is null', `${GOOD}model:\n`, /x\.yaml:5: model: expected object, got null/),
  yaml(
    'no layers',
    `${GOOD}model: { layers: 0 }\n`,
    /x\.yaml:5: model\.layers: 0 is too small: must be at least 1/,
  ),
  yaml(
    'thirteen layers',
    `${GOOD}model: { layers: 13 }\n`,
    /x\.yaml:5: model\.layers: 13 is too large: must be at most 12/,
  ),
  yaml('a list of lists', `${GOOD}seed: [[0], [1]]\n`, /seed\.0: expected number, got \[0\]/),
  yaml(
    'too many k-gram counters',
    GOOD.replace('simple, omega: 2', 'k-gram, vocabulary: 64, k: 8').replace('[4, 8]', '64'),
    /x\.yaml:2: task: vocabulary\^\(k\+1\)/,
  ),
  yaml(
    'less locality than the task needs',
    `${GOOD.replace('simple, omega: 2', 'k-gram, vocabulary: 3, k: 2')}model: { locality: 1 }\n`,
    /x\.yaml:5: model\.locality: task k-gram needs at least 2/,
  ),

  set('=1', /--set =1: expected path=value/),
  set('train.steps=[1', /--set train\.steps: Flow sequence/),
  set('train.steps=*a', /--set train\.steps: YAML alias/),
  set('train=5', /--set train: train: expected object, got 5/),
  set('train.length.1=99', /train\.length is a value, it has no keys/),
  set('a..b=1', /--set a\.\.b: a: unknown key/),
  set('__proto__.steps=1', /--set __proto__\.steps: __proto__: unknown key/),
  set('test.length=[8, 8]', /test\.length: \[8,8\]: the same value twice/),
  set('test.length=[]', /test\.length: an empty list/),
  set('test.sequences=1', /test\.sequences: 1 is too small: must be at least 2/),
  set('epsilon=[]', /epsilon: an empty list/),
  set('epsilon=0', /epsilon: 0 is too small: must be above 0/),
  set('seed=-1', /seed: -1 is too small/),
  set('seed=4294967296', /seed: 4294967296 is too large: must be at most 4294967295/),
  set('seed=true', /seed: expected number, got true/),
  set('train.steps="5"', /train\.steps: expected number, got "5"/),
  set('train.steps=.inf', /train\.steps: expected number, got Infinity/),
  set('train.learningRate=0', /train\.learningRate: 0 is too small: must be above 0/),
  set('train.beta1=1', /train\.beta1: 1 is too large: must be below 1/),
  set('train.clip=0', /train\.clip: 0 is too small: must be above 0/),
  set('train.schedule=linear', /got "linear", expected "cosine" or "constant"/),
  set('data.law=dirichlet-markov', /data\.law: dirichlet-markov needs a task with a context/),
  set('data.alpha=1001', /data\.alpha: 1001 is too large/),
  set('model.attention=infinite', /model\.attention: expected object, got "infinite"/),
  set('model.attention.bits=65', /model\.attention\.bits: 65 is too large/),
  set('model.attention.scale=0', /model\.attention\.scale: 0 is too small/),
  set('model.phiInit=1', /model\.phiInit: got 1, expected offsets or an interval \[low, high\]/),
  set('task.kind=[simple, mod-p]', /task\.kind: unknown task "simple,mod-p", choose one of/),
  set('task={}', /task\.kind: is missing: choose one of simple, mod-p, k-gram/),

  model('empty', new Uint8Array(), /0 bytes is too short/),
  model('header of 2^63 bytes', headerLength(1n << 63n), /not a safetensors file/),
  model('header longer than the file', headerLength(99999n), /truncated: the header needs 99999 bytes/),
  model(
    'header that is a list',
    withHeader(() => [1]),
    /the header is not a JSON object/,
  ),
  model(
    'metadata null',
    withHeader(header => ({ ...header, __metadata__: null })),
    /metadata key "lengthwise" is missing/,
  ),
  model(
    'config that is not JSON',
    withHeader(header => ({ ...header, __metadata__: { lengthwise: '{layers: 1}' } })),
    /metadata "lengthwise" is not JSON/,
  ),
  model('config with an unknown key', metadata({ depth: 2 }), /metadata "lengthwise": .*depth/),
  model('more tokens than a byte holds', metadata({ vocabulary: 300 }), /metadata "lengthwise": vocabulary/),
  model(
    'infinite precision with bits',
    metadata({ attention: { precision: 'infinite', bits: 8, scale: 1 } }),
    /attention/,
  ),
  model(
    'another width than the weights',
    metadata({ width: 8 }),
    /tensor embed: shape \[2,4\], expected \[2,8\]/,
  ),
  model('shape that is text', entry('embed', { shape: '2x4' }), /tensor embed: its header entry needs/),
  model(
    'entry without offsets',
    entry('embed', { data_offsets: undefined }),
    /tensor embed: its header entry/,
  ),
  model('negative offsets', entry('embed', { data_offsets: [-32, 0] }), /tensor embed: data_offsets -32…0/),
  model('offsets of another size', entry('embed', { data_offsets: [0, 16] }), /do not hold 8 F32 values/),
  model('overlapping tensors', entry('position', { data_offsets: [0, 16] }), /holes and overlaps/),
  model(
    'bytes after the last tensor',
    withHeader(
      header => header,
      data => Uint8Array.from([...data, 1, 2, 3, 4]),
    ),
    /4 bytes after the last tensor/,
  ),
  model(
    'infinite weights',
    withHeader(
      header => header,
      data => {
        new DataView(data.buffer).setFloat32(0, Number.POSITIVE_INFINITY, true);
        return data;
      },
    ),
    /tensor embed: value 0 is Infinity/,
  ),

  tokens('empty', '', /t\.json: not JSON/),
  tokens('null', 'null', /t\.json: document: /),
  tokens('a list', '[[0, 1]]', /t\.json: document: /),
  tokens('a key too many', '{"sequences": [[0]], "lengths": [1]}', /document: .*lengths/),
  tokens('sequences that are no list', '{"sequences": {"0": [0]}}', /t\.json: sequences: /),
  tokens('a sequence that is no list', '{"sequences": [[0], 1]}', /t\.json: sequences\.1: /),
  tokens('a list of lists of lists', '{"sequences": [[[0]]]}', /t\.json: sequences\.0\.0: /),
  tokens('a token that is null', '{"sequences": [[0, null]]}', /t\.json: sequences\.0\.1: /),
  tokens('a token beyond every number', '{"sequences": [[1e999]]}', /t\.json: sequences\.0\.0: /),
  tokens('NaN', '{"sequences": [[NaN]]}', /t\.json: not JSON/),

  {
    what: 'LENGTHWISE_CHROME that is a folder',
    args: ['doctor'],
    env: { LENGTHWISE_CHROME: '/' },
    says: /LENGTHWISE_CHROME=\/: no such executable/,
  },
  {
    what: 'LENGTHWISE_CHROME that cannot be executed',
    args: ['forward', 'm.safetensors', 't.json'],
    files: { 'm.safetensors': MODEL, 't.json': TOKENS },
    env: { LENGTHWISE_CHROME: 'm.safetensors' },
    says: /LENGTHWISE_CHROME=m\.safetensors: no such executable/,
  },
];

describe('rarer bad input: exit 2, a clear error, nothing on stdout, nothing left behind', () => {
  testBadInput(CASES);

  test('a link to nowhere', async () => {
    const cwd = emptyFolder();
    symlinkSync('nowhere', join(cwd, 'x.yaml'));
    expectComplaint(await cliHere(['plan', 'x.yaml'], { cwd }), /x\.yaml: no such file/);
  });

  test('several problems are a line each, in one error', async () => {
    const cwd = emptyFolder();
    writeFileSync(join(cwd, 'x.yaml'), GOOD.replace('omega: 2', 'omega: x').replace('[16]', '[0]'));
    const { code, stdout, stderr } = await cliHere(['plan', 'x.yaml', '--json'], { cwd });
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toMatch(/^error: x\.yaml:2: task\.omega: .*\nx\.yaml:4: test\.length\.0: .*\n {7}Keys/);
  });

  describe('a run folder that is there already', () => {
    async function runFolder(): Promise<{ cwd: string; folder: string }> {
      const cwd = emptyFolder();
      writeFileSync(join(cwd, 'x.yaml'), GOOD);
      const { stdout } = await cliHere(['plan', 'x.yaml', '--json'], { cwd });
      const folder = join(cwd, 'results', 'good', (JSON.parse(stdout) as { run: string }).run);
      mkdirSync(folder, { recursive: true });
      return { cwd, folder };
    }

    test('with a damaged line: named, and left as it was', async () => {
      const { cwd, folder } = await runFolder();
      writeFileSync(join(folder, 'cells.jsonl'), '{"cell": 1}\n{"cell": 2}\n');
      expectComplaint(
        await cliHere(['run', 'x.yaml'], { cwd }),
        /cells\.jsonl:1: not a line that lengthwise wrote/,
      );
      expect(readFileSync(join(folder, 'cells.jsonl'), 'utf8')).toBe('{"cell": 1}\n{"cell": 2}\n');
      expect(readdirSync(folder)).toEqual(['cells.jsonl']);
    });

    test('in use by a process that is alive: --fresh does not touch it', async () => {
      const { cwd, folder } = await runFolder();
      writeFileSync(join(folder, 'cells.jsonl'), '');
      const unlock = await lockFolder(join(folder, '.lock'));
      expectComplaint(
        await cli(['run', 'x.yaml', '--fresh'], { cwd }),
        new RegExp(`process ${process.pid} is working on this run`),
      );
      expect(readdirSync(folder).sort()).toEqual(['.lock', 'cells.jsonl']);
      await unlock();
    });
  });
});
