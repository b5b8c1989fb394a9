import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test, vi } from 'vitest';
import { writeModel } from '../../src/model/safetensors.ts';
import { float32Bounds } from '../../src/reference/bound.ts';
import { referenceForward } from '../../src/reference/forward.ts';
import { expectComplaint, MODEL, TOKENS } from '../support/bad-input.ts';
import { expectWithin } from '../support/bounds.ts';
import { type CliOptions, cli, emptyFolder, whenSaid } from '../support/cli.ts';
import { softwareDriver } from '../support/engine.ts';
import { unlabelled } from '../support/golden.ts';
import { BASE, randomModel, randomTokens } from '../support/models.ts';
import { dawnChildren, isAlive } from '../support/processes.ts';

const cwd = emptyFolder();
/** The driver that the GPU tests use, chosen as a user would choose it. */
const env = softwareDriver().environment;
const EXPERIMENT = `name: tiny
task: { kind: simple, omega: 2 }
model: { width: 8, mlpWidth: 16 }
train: { length: [4, 8], steps: 20, batch: 16 }
test: { length: [8, 16], sequences: 64 }
`;

/** A machine that is busy may not manage it in the time that the prompt leaves; it says so. */
const SAVED = /2 cells under way are saved, at step (\d+) of \d+|saving failed: not done in 2.5 s/;

beforeAll(() => {
  writeFileSync(join(cwd, 'tiny.yaml'), EXPERIMENT);
  writeFileSync(join(cwd, 'm.safetensors'), MODEL);
  writeFileSync(join(cwd, 't.json'), TOKENS);
});

async function json(args: string[]) {
  const { code, stdout, stderr } = await cli([...args, '--json', '--adapter', 'software'], { cwd, env });
  if (code !== 0) throw new Error(stderr);
  return { ...JSON.parse(stdout), stderr };
}

describe('the same numbers on both runtimes', () => {
  test.each(['linear', 'dense'])('forward --kernel %s', async kernel => {
    const model = randomModel({ ...BASE, width: 16, keyWidth: 16 }, 5);
    writeFileSync(join(cwd, 'two.safetensors'), writeModel(model));
    const sequences = [1, 7, 60].map((length, i) => randomTokens(length, 3, i));
    writeFileSync(join(cwd, 'two.json'), JSON.stringify({ sequences }));
    const { outputs: bounds } = float32Bounds(model, unlabelled(sequences));
    for (const runtime of ['chrome', 'dawn']) {
      const answer = await json([
        'forward',
        'two.safetensors',
        'two.json',
        '--runtime',
        runtime,
        '--kernel',
        kernel,
      ]);
      expect(answer.runtime).toBe(runtime);
      for (const [s, tokens] of sequences.entries()) {
        const exact = referenceForward(model, tokens).outputs.at(-1)!;
        expectWithin(`${kernel} on ${runtime}, T = ${tokens.length}`, answer.outputs[s], exact, bounds[s]!);
      }
    }
  });

  test('run: plateau losses agree to float32', async () => {
    const run = (runtime: string) => json(['run', 'tiny.yaml', '--runtime', runtime, '--out', runtime]);
    const [chrome, dawn] = [await run('chrome'), await run('dawn')];
    expect(dawn).toMatchObject({ cells: 2, finished: 2, diverged: 0 });
    expect(dawn.plateau).toHaveLength(chrome.plateau.length);
    for (const [i, { plateau, trainLoss }] of chrome.plateau.entries()) {
      expect(dawn.plateau[i].plateau.mean / plateau.mean).toBeCloseTo(1, 3);
      expect(dawn.plateau[i].trainLoss.mean / trainLoss.mean).toBeCloseTo(1, 3);
    }
  });
});

describe('a Dawn process', () => {
  const forever = ['run', 'tiny.yaml', '--runtime', 'dawn', '--set', 'train.steps=10000000'];

  /** Runs until training is under way, does that to the program, and gives what is left of Dawn's processes. */
  async function interrupted(out: string, act: (pid: number) => void) {
    let children: number[] = [];
    const result = await cli([...forever, '--out', out], {
      cwd,
      env,
      onStart: child =>
        whenSaid(child, /sequences\/s/, () => {
          children = dawnChildren(child.pid!);
          act(child.pid!);
        }),
    });
    expect(children).toHaveLength(1);
    return { ...result, child: children[0]! };
  }

  test('is gone after Ctrl-C', async () => {
    const { code, stderr, child } = await interrupted('ctrl-c', pid => process.kill(pid, 'SIGINT'));
    expect(code).toBe(130);
    expect(stderr).toMatch(/SIGINT: stopping/);
    expect(stderr).toMatch(SAVED);
    expect(stderr).not.toMatch(/go on from step/);
    await vi.waitFor(() => expect(isAlive(child)).toBe(false), 60_000);
  });

  test('ends with a program that is killed', async () => {
    const { child } = await interrupted('killed', pid => process.kill(pid, 'SIGKILL'));
    await vi.waitFor(() => expect(isAlive(child)).toBe(false), 60_000);
  });

  test('that is killed is replaced, and the run finishes', async () => {
    let killed = 0;
    const { code, stdout, stderr } = await cli(
      ['run', 'tiny.yaml', '--runtime', 'dawn', '--out', 'again', '--set', 'train.steps=3000', '--json'],
      {
        cwd,
        env,
        onStart: child =>
          whenSaid(child, /sequences\/s/, () => {
            for (const pid of dawnChildren(child.pid!)) {
              killed++;
              process.kill(pid, 'SIGKILL');
            }
          }),
      },
    );
    expect(killed).toBe(1);
    expect(stderr).toMatch(/Dawn's process ended \(SIGKILL\): 2 cells go on from step \d+ in 0\.5 s/);
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ finished: 2 });
  });
});

describe('a run that is told to stop', () => {
  const run = (out: string, onStart?: CliOptions['onStart']) =>
    cli(['run', 'tiny.yaml', '--runtime', 'dawn', '--out', out, '--set', 'train.steps=1500', '--json'], {
      cwd,
      env,
      ...(onStart ? { onStart } : {}),
    });
  /** What is kept of a run, but for times. */
  const kept = (out: string, name: string) =>
    readFileSync(join(cwd, out, 'tiny', readdirSync(join(cwd, out, 'tiny'))[0]!, name), 'utf8')
      .replace(/"seconds":[\d.e-]+,?|"crc":"[^"]*",?/g, '')
      .split('\n')
      .sort();

  test.each(['SIGINT', 'SIGTERM'] as const)('%s: goes on where it stood, to the same bits', async signal => {
    const stopped = await run(signal, child => whenSaid(child, /sequences\/s/, () => child.kill(signal)));
    expect(stopped.stderr).toMatch(SAVED);
    const [, step] = SAVED.exec(stopped.stderr)!;
    const resumed = await run(signal);
    // What was not saved in time is trained once more.
    if (step !== undefined) expect(resumed.stderr).toMatch(`2 cells continue at step ${step}`);
    expect(JSON.parse(resumed.stdout)).toMatchObject({ finished: 2 });
    await run('undisturbed');
    for (const name of ['cells.jsonl', 'curves.jsonl'])
      expect(kept(signal, name)).toEqual(kept('undisturbed', name));
    expect(readdirSync(join(cwd, signal, 'tiny', readdirSync(join(cwd, signal, 'tiny'))[0]!))).not.toContain(
      'checkpoints',
    );
  });
});

describe('drivers that a user chooses wrongly', () => {
  const forward = ['forward', 'm.safetensors', 't.json', '--runtime'];

  test.each(['VK_ICD_FILENAMES', 'VK_DRIVER_FILES'])('%s names no file: exit 2', async variable => {
    const wrong = { VK_ICD_FILENAMES: '', VK_DRIVER_FILES: '', [variable]: '/nowhere.json' };
    for (const runtime of ['dawn', 'auto']) {
      expectComplaint(
        await cli([...forward, runtime], { cwd, env: wrong }),
        /VK_\w+: \/nowhere\.json: no such file/,
      );
    }
  });

  test('a file that is no manifest: exit 1, and one clear error', async () => {
    writeFileSync(join(cwd, 'broken.json'), 'not a manifest');
    const wrong = { VK_DRIVER_FILES: join(cwd, 'broken.json'), VK_ICD_FILENAMES: '' };
    const { code, stdout, stderr } = await cli([...forward, 'dawn'], { cwd, env: wrong });
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toMatch(
      /^error: Dawn found no adapter \(VK_DRIVER_FILES=.*broken\.json: .*\)\n {7}See .*\n$/,
    );
  });

  test('hardware that is not there is refused, and nothing falls back', async () => {
    const { code, stderr } = await cli([...forward, 'dawn', '--adapter', 'hardware'], { cwd, env });
    expect(code).toBe(1);
    expect(stderr).toMatch(/^error: Dawn found no hardware adapter \(.*only a software adapter was found/);
  });
});

describe('--runtime auto', () => {
  test('measures once, and remembers', async () => {
    const cache = { XDG_CACHE_HOME: emptyFolder() };
    const ask = () =>
      cli(['forward', 'm.safetensors', 't.json', '--runtime', 'auto', '--json'], {
        cwd,
        env: { ...env, ...cache },
      });
    const first = await ask();
    expect(first.stderr).toMatch(/--runtime auto: measuring chrome, auto; dawn, VK_DRIVER_FILES=/);
    expect(first.stderr).toMatch(/right and fastest at f\(x\), tokens\/s: .*\d; .*\d\)/);
    expect(first.code).toBe(0);
    const second = await ask();
    expect(second).toMatchObject({ code: 0, stderr: '' });
    expect(JSON.parse(second.stdout)).toEqual(JSON.parse(first.stdout));
  });
});
