import { describe, expect, test } from 'vitest';
import { parseExperiment } from '../../../src/config/experiment.ts';
import { cellsOf } from '../../../src/plan/cells.ts';
import { packsOf } from '../../../src/plan/packs.ts';
import { expressionTask } from '../../../src/tasks/expression/task.ts';
import { taskOf } from '../../../src/tasks/registry.ts';

const TEXT = `name: x
task:
  kind: expression
  vocabulary: 2
  target: sin(omega * (count(0) - count(1)) / length)
  omega: [1, 2]
train: { length: 8, steps: 10 }
test: { length: 16 }
`;
const parse = (text = TEXT, ...sets: string[]) => parseExperiment(text, 'x.yaml', sets);
const tokens = [0, 1, 1, 2, 0, 1, 2];
const at = (target: string, reads = [tokens.length], knobs = {}) =>
  expressionTask(target, Object.keys(knobs))
    .targets(tokens, { vocabulary: 3, ...knobs }, reads)
    .map(target => target![0]);

describe('an expression', () => {
  test.each<[string, number[]]>([
    ['count(1)', [0, 1, 2, 2, 2, 3, 3]],
    ['count(1, 0, 2)', [0, 1, 1, 1, 1, 2, 2]],
    ['count(2, 1, 3)', [0, 0, 0, 1, 1, 1, 2]],
    ['last(1)', [0, 1, 1, 2, 0, 1, 2]],
    ['last(3)', [-1, -1, 0, 1, 1, 2, 0]],
    ['length', [1, 2, 3, 4, 5, 6, 7]],
    ['vocabulary * (length > 3 && last(1) != 2) - 1', [-1, -1, -1, -1, 2, 2, -1]],
    ['mod(length, 3) == 0 ? floor(length / 3) : -1', [-1, -1, 1, -1, -1, 2, -1]],
    ['mod(-1, 3) + !(length >= 2) + (length < 1 || length <= 1)', [4, 2, 2, 2, 2, 2, 2]],
    ['min(count(0), 1) + max(abs(-2), 1) + sqrt(4) + exp(0) + log(1) + cos(0)', [7, 7, 7, 7, 7, 7, 7]],
  ])('%s at every prefix of 0 1 1 2 0 1 2', (target, values) => {
    expect(at(target, [1, 2, 3, 4, 5, 6, 7])).toEqual(values);
  });

  test('has knobs by name, in its counts too', () => {
    expect(at('scale * count(1, k, p)', [7], { p: 2, k: 0, scale: 10 })).toEqual([20]);
    const task = expressionTask('count(1, k, p) / length + last(b)', ['p', 'k', 'b']);
    const knobs = { vocabulary: 2, p: 4, k: 4, b: 3 };
    expect(task.shape(knobs)).toMatchObject({ period: 4, locality: 2, outputs: 1, vocabulary: 2 });
    expect(task.refuse!(knobs)).toMatch(/count with residue 4: it must be a whole number from 0 to 3/);
    expect(task.refuse!({ ...knobs, k: 1 })).toBeUndefined();
    expect(task.complexity).toEqual(['k', 'p', 'b', 'vocabulary']);
  });

  test.each([
    ['omga * count(0)', /task\.target: omga is no knob of this task: did you mean omega\?/],
    ['omega * lenght', /lenght is no knob of this task: did you mean length\?/],
    ['sine(omega)', /sine is no function: did you mean sin\?/],
    ['sin(omega, 1)', /sin takes one argument, not 2/],
    ['min(omega)', /min takes two arguments, not 1/],
    ['omega * count(0, 1)', /count takes a token, or a token, a residue and a modulus, not 2 arguments/],
    ['omega * count(length)', /the arguments of count are whole numbers or knobs/],
    ['omega % 2', /there is no operator %: write mod\(a, b\)/],
    ['omega *', /is no expression/],
    ['omega; 2', /made of numbers, names, operators, functions and conditions alone/],
    ['omega.constructor', /made of numbers, names/],
    ['process.exit(omega)', /made of numbers/],
    ['omega + "1"', /"1" is no number/],
    ['count(0)', /the knob omega is in no expression/],
    ['omega * count(2)', /count of token 2: it must be a whole number from 0 to 1/],
  ])('%s is refused', (target, message) => {
    const parsed = () =>
      cellsOf(parse(TEXT.replace('sin(omega * (count(0) - count(1)) / length)', `'${target}'`)));
    expect(parsed).toThrow(message);
    expect(parsed).toThrow(/^x\.yaml:\d/);
  });
});

describe('a task by formula', () => {
  test('has cells: knobs are axes, a list of targets is none but outputs', () => {
    const cells = cellsOf(parse(TEXT, 'task.target=[count(0) / length, sin(omega)]'));
    expect(cells.map(({ axes }) => axes['task.omega'])).toEqual([1, 2]);
    expect(cells[0]!.config.model).toMatchObject({ vocabulary: 2, outputs: 2, layers: 1, period: 1 });
    expect(cells[0]!.hash).not.toBe(cellsOf(parse())[0]!.hash);
    const [{ pack }] = packsOf(cells) as [ReturnType<typeof packsOf>[number]];
    expect(pack.replicas.map(({ deviceKnobs }) => deviceKnobs[0])).toEqual([1, 2]);
  });

  test('is what the built-in task of the same formula is', () => {
    const own = expressionTask('sin(omega * (count(0) - count(1)) / length)', ['omega']);
    const knobs = { vocabulary: 2, omega: 3 };
    const string = [1, 1, 1, 0, 1];
    const [mine, theirs] = [own, taskOf('simple')].map(task => task.targets(string, knobs, [1, 2, 5]));
    expect(mine).toEqual(theirs);
  });

  test('wants numbers for its knobs, and says which it lacks', () => {
    expect(() => parse(TEXT, 'task.omega=fast')).toThrow(/task\.omega: expected number/);
    expect(() => parse(TEXT.replace('  vocabulary: 2\n', ''))).toThrow(/task\.vocabulary/);
    expect(() => parse(TEXT, 'task.p=2')).toThrow(/task\.target: the knob p is in no expression/);
  });
});
