import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { layoutOf, unflatten } from '../../src/model/layout.ts';
import { writeModel } from '../../src/model/safetensors.ts';
import type { ModelConfig } from '../../src/shared/model-config.ts';
import { type BadInput, CONFIG, MODEL, testBadInput } from '../support/bad-input.ts';
import { cliHere, emptyFolder } from '../support/cli.ts';

/* Ways to get `theory` and `simulate` wrong, and models whose quantities are zero or infinite. */

/** A file of a small model whose weights are all `value`, the first replaced; φ is all `phi`. */
function constantModel(
  overrides: Partial<ModelConfig>,
  value: number,
  first = value,
  phi = value,
): Uint8Array {
  const config = { ...CONFIG, ...overrides };
  const flat = new Float32Array(layoutOf(config).stride).fill(value);
  flat[0] = first;
  const tensors = unflatten(layoutOf(config), flat);
  for (const [name, values] of Object.entries(tensors)) if (name.endsWith('.phi')) values.fill(phi);
  return writeModel({ config, tensors });
}

const DEEP = constantModel({ layers: 2, locality: 1, period: 2 }, 0.25);
const FINITE = { precision: 'finite', bits: null, scale: 0.5 } as const;
const FILES = {
  'm.safetensors': MODEL,
  'deep.safetensors': DEEP,
  'three.safetensors': constantModel({ vocabulary: 3 }, 0.25),
  'wide.safetensors': constantModel({ outputs: 2 }, 0.25),
  'periodic.safetensors': constantModel({ period: 3, locality: 2 }, 0.25),
  'unrounded.safetensors': constantModel({ attention: FINITE }, 0.25, 1),
  'garbage.safetensors': 'x'.repeat(100),
  'cut.safetensors': MODEL.slice(0, MODEL.length - 4),
  'nan.safetensors': constantModel({}, 0.25, Number.NaN),
  'infinite.safetensors': constantModel({}, 0.25, Number.POSITIVE_INFINITY),
};

const bad = (args: string, says: RegExp): BadInput => ({
  what: args,
  args: args.split(' ').map(word => (word === "''" ? '' : word)),
  files: FILES,
  says,
});
const theory = (options: string, says: RegExp) => bad(`theory m.safetensors ${options}`, says);
const simulate = (options: string, says: RegExp) => bad(`simulate m.safetensors ${options}`, says);
/** Both verbs read models alike. */
const both = (file: string, says: RegExp) => ['theory', 'simulate'].map(verb => bad(`${verb} ${file}`, says));

const CASES: BadInput[] = [
  bad('theory', /theory takes a model file, or --results <folder>/),
  bad('simulate', /simulate takes a model file, or --results <folder> --adversary/),
  bad('theory m.safetensors more', /too many arguments/),
  ...both('nowhere.safetensors', /nowhere\.safetensors: no such file/),
  ...both('garbage.safetensors', /garbage\.safetensors: not a safetensors file/),
  ...both('cut.safetensors', /truncated/),
  ...both('nan.safetensors', /tensor embed: value 0 is NaN/),
  ...both('infinite.safetensors', /tensor embed: value 0 is Infinity/),
  ...['0', '-0.1', 'NaN', 'Infinity', 'small', "''", '1e-400'].map(value =>
    theory(`--epsilon ${value}`, /--epsilon.*Expected a number above 0/),
  ),
  ...['0', '-8', '1.5', '65', 'eight', 'NaN', "''"].map(value =>
    theory(`--bits ${value}`, /--bits.*Expected a whole number from 1 to 64/),
  ),
  ...['0', '-1', 'NaN', 'Infinity', 'one'].flatMap(value => [
    theory(`--alpha ${value}`, /--alpha.*Expected a number above 0/),
    simulate(`--alpha ${value}`, /--alpha.*Expected a number above 0/),
  ]),
  theory('--alpha 0.0001', /--alpha.*at most three decimals/),
  theory('--alpha 0.0015', /--alpha.*at most three decimals/),
  simulate('--alpha 1001', /--alpha.*Expected at most 1000/),
  theory('--law normal', /--law.*Allowed choices are/),
  theory('--target nowhere.safetensors', /nowhere\.safetensors: no such file/),
  theory('--target garbage.safetensors', /garbage\.safetensors: not a safetensors file/),
  theory('--target three.safetensors', /--target: three\.safetensors has vocabulary 3, m\.safetensors has 2/),
  theory('--target wide.safetensors', /--target: wide\.safetensors has outputs 2/),
  theory('--target deep.safetensors', /--target: deep\.safetensors has layers 2/),
  theory(
    '--target unrounded.safetensors',
    /unrounded\.safetensors has finite precision, m\.safetensors has infinite/,
  ),
  bad('simulate deep.safetensors --test-length 2', /--test-length: 2 is below Δ \+ τ = 3/),
  bad('simulate periodic.safetensors --test-length 4', /--test-length: 4 is below Δ \+ τ = 5/),
  simulate('--test-length 8', /--test-length: 8 leaves no short length between 3 and 2/),
  simulate('--test-length 1e4', /--test-length.*Expected a whole number/),
  simulate('--test-length 5000000', /--test-length.*from 1 to 4000000/),
  simulate('--lengths 8,4096', /--lengths: 4096 is not from 3 to 4095/),
  simulate('--lengths 9000', /--lengths: 9000 is not from 3 to 4095/),
  simulate('--lengths 2,64', /--lengths: 2 is not from 3/),
  simulate('--lengths 8,', /--lengths.*Expected a whole number/),
  simulate("--lengths ''", /--lengths.*Expected a whole number/),
  simulate('--lengths 8,x', /--lengths.*Expected a whole number/),
  bad('simulate periodic.safetensors --method deterministic --lengths 10', /--lengths: 10 is not from 11/),
  bad('simulate periodic.safetensors --method markov --lengths 5', /--lengths: 5 is not from 6/),
  simulate('--samples 0', /--samples.*from 2/),
  simulate('--samples -3', /--samples/),
  simulate('--draws 0', /--draws.*from 1/),
  simulate('--rounds 0', /--rounds.*from 1/),
  simulate('--seed 1.5', /--seed/),
  simulate('--method magic', /--method.*Allowed choices are deterministic, markov, best-of, greedy/),
  simulate('--adapter quantum', /--adapter/),
  simulate('--adversary --lengths 2', /--lengths: 2 is not from 3/),
  simulate('--adversary --lengths 64 --test-length 64', /--lengths: 64 is not from 3 to 63/),
  bad('simulate periodic.safetensors --adversary --test-length 8', /--test-length: 8 leaves no room/),
  simulate('--adversary --method markov', /--adversary.*cannot be used with.*--method/),
  bad(
    'simulate deep.safetensors --adversary',
    /--adversary: .* \(it is open for two layers\) nor a known target/,
  ),
  bad(
    'simulate unrounded.safetensors --adversary',
    /--adversary: .* \(none: without rounding.* nor a known target/,
  ),
];

describe('bad input to theory and simulate: exit 2, one clear error, nothing on stdout, nothing left behind', () => {
  testBadInput(CASES);
});

describe('models whose quantities are zero or infinite are answered in words', () => {
  async function told(file: Uint8Array, ...options: string[]): Promise<string> {
    const cwd = emptyFolder();
    writeFileSync(join(cwd, 'm.safetensors'), file);
    const { code, stdout, stderr } = await cliHere(['theory', 'm.safetensors', '--details', ...options], {
      cwd,
    });
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).not.toMatch(/NaN|undefined/);
    const json = await cliHere(['theory', 'm.safetensors', ...options, '--json'], { cwd });
    expect(json.stdout).not.toMatch(/NaN|Infinity/);
    expect(JSON.parse(json.stdout).bounds.length).toBeGreaterThan(0);
    // Words wrap at 98 columns.
    return stdout.replace(/\n +/g, ' ');
  }

  test('all logits equal: γ = ∞', async () => {
    const text = await told(constantModel({ vocabulary: 3, period: 2 }, 0.25, 0.25, 0));
    expect(text).toMatch(/logit margin γ +│ ∞/);
    expect(text).toMatch(/logit margin: infinite, because no query meets two different logits/);
    expect(text).toMatch(/effective margin: infinite/);
  });

  test('every φ is 1: positional γ = ∞', async () => {
    expect(await told(constantModel({ layers: 2, locality: 1 }, 1))).toMatch(
      /positional margin: infinite, because every φ is 1/,
    );
  });

  test.each([1, 2] as const)('zero matrices, %d layers: one token is enough', async layers => {
    const text = await told(constantModel({ layers, mlpWidth: 4 }, 0), '--bits', '8');
    expect(text).toMatch(/C\(f\) is 0: the function is constant/);
    expect(text).toMatch(/short strings simulate long ones exactly/);
    expect(text).toMatch(layers === 1 ? /\(?hardmax-remark\)? +│ 1 +│ 1 / : /theorem-5\.2 +│ 1 +│ 1 /);
  });

  test.each([1, 2] as const)('weights near float32’s end, %d layers', async layers => {
    const text = await told(constantModel({ layers, mlpWidth: 4 }, 1e38, -1e38, 0.5));
    expect(text).toMatch(/vacuous|beyond float64/);
  });

  test('a τ-suffix that no sampled sequence can hold', async () => {
    const text = await told(constantModel({ layers: 2, locality: 1500 }, 0.25, 1));
    expect(text).toMatch(/do not hold the τ-suffix and every residue \(Δ \+ τ = 1501\)/);
    expect(text).toMatch(/no short string of 128 tokens or fewer/);
  });

  test('no rounding: the certificate says that there is none', async () => {
    const text = await told(constantModel({ attention: FINITE }, 0.25, 1));
    expect(text).toMatch(/certificate +│ none +│ none/);
    expect(text).toMatch(/none: without rounding, attention tends to hardmax but never is/);
  });
});
