import { execFileSync } from 'node:child_process';
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { parseExperiment } from '../../../src/config/experiment.ts';
import { readUserBytes, readUserFile } from '../../../src/config/user-file.ts';
import { parseYaml } from '../../../src/config/yaml.ts';
import { InputError } from '../../../src/shared/errors.ts';
import { emptyFolder } from '../../support/cli.ts';

const TEXT = `name: x
task:
  kind: simple
  omega:
    - 1
    - 2
train: { length: 4,
  steps: 5 }
test: { length: 16 }
`;
const parse = (text: string, sets: string[] = []) => parseYaml(text, 'x.yaml', sets);

describe('where a value stands', () => {
  test.each([
    [['name'], 'x.yaml:1'],
    [['task'], 'x.yaml:3'],
    [['task', 'omega', 1], 'x.yaml:6'],
    [['train', 'length'], 'x.yaml:7'],
    [['train', 'steps'], 'x.yaml:8'],
  ])('%j: %s', (path, where) => {
    expect(parse(TEXT).where(path)).toBe(where);
  });

  test('what is missing is looked for in its parent', () => {
    expect(parse(TEXT).where(['train', 'batch'])).toBe(parse(TEXT).where(['train']));
    expect(parse(TEXT).where(['seed'])).toBe('x.yaml:1');
  });

  test('what was set is named by its --set, inside and around it; its neighbours are not', () => {
    const { where } = parse(TEXT, ['task.omega=[3, 4]']);
    expect(where(['task', 'omega'])).toBe('--set task.omega');
    expect(where(['task', 'omega', 1])).toBe('--set task.omega');
    expect(where(['task'])).toBe('--set task.omega');
    expect(where(['task', 'kind'])).toBe('x.yaml:3');
    expect(where(['train'])).toMatch(/^x\.yaml:/);
  });
});

describe('--set', () => {
  test('adds maps on the way', () => {
    expect(parse('name: x', ['a.b.c=1']).value).toEqual({ name: 'x', a: { b: { c: 1 } } });
  });

  test.each([
    ['a=1', 1],
    ['a=1e-3', 0.001],
    ['a=[1, b]', [1, 'b']],
    ['a={b: null}', { b: null }],
    ['a=', null],
    ['a=x=y', 'x=y'],
    ['a="1"', '1'],
  ])('%s is read as YAML', (set, value) => {
    expect(parse('name: x', [set]).value.a).toEqual(value);
  });

  test('the last of two on one path wins, and the file is kept elsewhere', () => {
    const { value } = parse(TEXT, ['train.steps=6', 'train.steps=7']);
    expect(value.train).toEqual({ length: 4, steps: 7 });
  });

  test.each(['steps', '=1', ''])('%j has no path and value', set => {
    expect(() => parse(TEXT, [set])).toThrow(InputError);
    expect(() => parse(TEXT, [set])).toThrow(/expected path=value/);
  });
});

describe('what parses but cannot be used', () => {
  test.each([
    ['an alias without an anchor', 'a: *b\n', /x\.yaml: YAML alias/],
    ['an alias to itself', 'a: &a { b: *a }\n', /x\.yaml: YAML alias/],
    ['two of one key', 'a: 1\na: 2\n', /x\.yaml:2: .*unique/],
    ['an open bracket', 'a: 1\nb: [\n', /x\.yaml:\d: /],
  ])('%s', (_, text, says) => {
    expect(() => parse(text)).toThrow(InputError);
    expect(() => parse(text)).toThrow(says);
  });

  test('an alias used once more is a value like any other', () => {
    expect(parse('a: &a [1]\nb: *a\n').value).toEqual({ a: [1], b: [1] });
  });
});

describe('a complaint', () => {
  test.each(['seed', 'epsilon', 'test.length', 'task.omega', 'train.length', 'model.layers'])(
    'about %s, when it lists a value twice or none',
    path => {
      const complain = (list: string) => () => parseExperiment(TEXT, 'x.yaml', [`${path}=${list}`]);
      expect(complain('[1, 1]')).toThrow(`--set ${path}: ${path}: [1,1]: the same value twice`);
      expect(complain('[]')).toThrow(`--set ${path}: ${path}: an empty list: give at least one value`);
      expect(complain('[1]')).not.toThrow();
    },
  );

  test('shows eight problems and counts the rest', () => {
    const keys = Array.from({ length: 11 }, (_, i) => `zebra${i}: 1\n`).join('');
    const complain = () => parseExperiment(TEXT + keys, 'x.yaml');
    expect(complain).toThrow(/zebra7: .*\n… and 3 more$/);
    expect(complain).not.toThrow(/zebra8/);
  });

  test.each([
    ['train: { lenght: 4 }', 'train.lenght: unknown key, did you mean train.length?'],
    ['model: { attention: { bit: 8 } }', 'did you mean model.attention.bits?'],
    ['task: { kind: mod-p, p: 3, q: 1, k: 0 }', 'did you mean task.p?'],
    ['task: { kind: k-grams, k: 1 }', 'unknown task "k-grams", did you mean k-gram?'],
    ['task: { kind: chess }', 'unknown task "chess", choose one of simple, mod-p, k-gram'],
    ['tests: { length: 4 }', 'tests: unknown key, did you mean test?'],
    [
      'epoch: 4',
      'epoch: unknown key, known here: name, task, data, model, train, test, seed, streams, epsilon',
    ],
    ['steps: 100', 'steps: unknown key, did you mean train.steps?'],
    ['lr: 0.1', 'lr: unknown key, did you mean train.learningRate?'],
    ['length: 4', 'length: unknown key, did you mean train.length or test.length?'],
    ['model: { learning_rate: 1 }', 'model.learning_rate: unknown key, did you mean train.learningRate?'],
    ['task: { kind: ModPTask, p: 3, k: 0 }', 'unknown task "ModPTask", did you mean mod-p?'],
    ['task: { kind: SimpleTask, omega: 3 }', 'unknown task "SimpleTask", did you mean simple?'],
    ['task: { kind: simple, p: 4, omega: 1 }', 'task.p: unknown key, known here: kind, omega'],
  ])('%s: %s', (line, says) => {
    const [key] = line.split(':');
    const rest = { task: '{ kind: simple, omega: 1 }', train: '{ length: 4 }', test: '{ length: 8 }' };
    const others = Object.entries(rest).filter(([name]) => name !== key);
    const text = `name: x\n${others.map(([name, value]) => `${name}: ${value}\n`).join('')}${line}\n`;
    expect(() => parseExperiment(text, 'x.yaml')).toThrow(says);
  });
});

describe('a file that a user named', () => {
  test('is read whole up to the limit, and refused beyond it', async () => {
    const file = join(emptyFolder(), 'four');
    writeFileSync(file, 'four');
    await expect(readUserFile(file, 4)).resolves.toBe('four');
    await expect(readUserBytes(file, 3)).rejects.toThrow(/four: 4 bytes is too large \(at most 3\)/);
  });

  test('that is not there, is a folder, or lies below a file is an InputError with its path', async () => {
    const folder = emptyFolder();
    mkdirSync(join(folder, 'folder'));
    writeFileSync(join(folder, 'file'), '');
    symlinkSync('nowhere', join(folder, 'link'));
    for (const [name, says] of [
      ['missing', /missing: no such file/],
      ['link', /link: no such file/],
      ['folder', /folder: is a directory, not a file/],
      ['file/below', /file\/below: ENOTDIR/],
      ['nul\0', /nul/],
    ] as const) {
      const reading = readUserBytes(join(folder, name), 100);
      await expect(reading).rejects.toThrow(InputError);
      await expect(reading).rejects.toThrow(says);
    }
  });
});

describe('what is no regular file', () => {
  test.each([
    ['a pipe that nobody writes into', (path: string) => void execFileSync('mkfifo', [path])],
    ['a device', (path: string) => symlinkSync('/dev/zero', path)],
  ])('%s: refused, and not waited for', async (_, make) => {
    const path = join(emptyFolder(), 'special');
    make(path);
    const reading = readUserBytes(path, 100);
    await expect(reading).rejects.toThrow(InputError);
    await expect(reading).rejects.toThrow(/special: is a pipe or a device, not a regular file/);
  });
});

describe('a YAML text that holds more than an experiment can need', () => {
  test.each([
    ['flow lists, deep', `a: ${'['.repeat(5000)}`, /deep/],
    ['flow mappings, deep', `a: ${'{a: '.repeat(40)}1${'}'.repeat(40)}`, /deeper than 32 levels/],
    ['block lists, deep', `a:\n${'- '.repeat(40)}1`, /deeper than 32 levels/],
    [
      'block mappings, deep',
      Array.from({ length: 40 }, (__, i) => `${' '.repeat(i)}a:`).join('\n'),
      /deeper than 32/,
    ],
    ['keys', Array.from({ length: 10_001 }, (__, i) => `k${i}: 1`).join('\n'), /more than 10000 keys/],
    ['values', `a: [${'1,'.repeat(200_001)}1]`, /more than 200000 values/],
    ['aliases', `a: &a 1\nb: [${'*a,'.repeat(101)}1]`, /more than 100 aliases/],
  ])('%s', (_, text, says) => {
    const parse = () => {
      try {
        return parseYaml(text, 'x.yaml', []);
      } catch (error) {
        return error;
      }
    };
    const refusal = parse();
    expect(refusal).toBeInstanceOf(InputError);
    expect((refusal as InputError).message).toMatch(says);
  });

  test('also in --set; and as much as one can need is taken', () => {
    expect(() => parseYaml('a: 1', 'x.yaml', [`b=${'['.repeat(40)}`])).toThrow(
      /--set b: nests deeper than 32/,
    );
    const seeds = Array.from({ length: 10_000 }, (_, i) => i);
    expect(parseYaml(`seed: [${seeds.join(', ')}]`, 'x.yaml', []).value).toEqual({ seed: seeds });
  });
});
