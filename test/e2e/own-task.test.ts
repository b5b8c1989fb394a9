import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { cli, cliHere, emptyFolder } from '../support/cli.ts';
import { pageOf } from '../support/pages.ts';

const page = pageOf('docs/tasks.md');
/** Command lines of the page's blocks, without `npx lengthwise`. */
const commands = page.shell
  .filter(line => line.startsWith('npx lengthwise '))
  .map(line => line.split(' ').slice(2));

describe('a task of one’s own', () => {
  test('every command of docs/tasks.md works, in an empty folder', { retry: 0 }, async () => {
    const cwd = emptyFolder();
    expect(commands.map(([verb]) => verb)).toEqual(['new-task', 'check-task', 'run', 'report']);
    const said: Record<string, string> = {};
    for (const command of commands) {
      const { code, stdout, stderr } = await cli(command, { cwd });
      expect(code, `${command.join(' ')}\n${stderr}`).toBe(0);
      said[command[0]!] = stdout;
    }
    expect(said['check-task']).toMatch(
      /2 examples are as they say\.\nWGSL and TypeScript agree on 512 sequences/,
    );
    expect(said['check-task']!.match(/ → /g)).toHaveLength(10);
    // With the plug-in at hand the report knows the loss of predicting the mean.
    expect(said.report).not.toMatch(/needs the loss of predicting the mean/);
    const [run] = readdirSync(join(cwd, 'results', 'my-task'));
    const manifest = JSON.parse(readFileSync(join(cwd, 'results', 'my-task', run!, 'manifest.json'), 'utf8'));
    expect(manifest.experiment.task).toMatchObject({
      kind: './my-task.ts',
      source: expect.stringMatching(/^[0-9a-f]{32}$/),
    });
    expect(existsSync(join(cwd, 'results', 'report.html'))).toBe(true);

    // Without it the results are read all the same, and what lacks is said.
    const bare = await cliHere(['verify', 'results', '--json'], { cwd });
    expect(JSON.parse(bare.stdout).claims.map(({ id }: { id: string }) => id)).toContain(
      'my-task/monotone-scale',
    );
    expect(bare.stdout).toMatch(/needs the loss of predicting the mean/);
    const [model] = readdirSync(join(cwd, 'results', 'my-task', run!, 'models'));
    const theory = await cliHere(['theory', join('results', 'my-task', run!, 'models', model!)], { cwd });
    expect(theory.code).toBe(0);
    expect(theory.stderr).toMatch(/\.\/my-task\.ts is a plug-in whose source [0-9a-f]{32} is not here/);
  });

  test('without WGSL it is checked without a GPU, and drawn in threads', {
    retry: 0,
  }, async () => {
    const cwd = emptyFolder();
    expect((await cliHere(['new-task', 'mine', '--no-wgsl'], { cwd })).code).toBe(0);
    expect(readFileSync(join(cwd, 'mine.ts'), 'utf8')).not.toMatch(/wgsl:/);
    const checked = await cliHere(['check-task', './mine.ts', '--json'], { cwd });
    expect(JSON.parse(checked.stdout)).toMatchObject({
      drawnOn: 'host',
      adapter: null,
      checks: [],
      passed: true,
    });
    expect((await cliHere(['check-task', './mine.ts'], { cwd })).stdout).toMatch(
      /2 examples are as they say\.\nIt has no WGSL: sequences are drawn in threads of this machine/,
    );
    const run = ['run', 'mine.yaml', '--out', 'results', '--set', 'train.steps=30', '--set', 'task.scale=2'];
    const { code, stdout, stderr } = await cli(run, { cwd });
    expect(code, stderr).toBe(0);
    expect(stdout).toMatch(/Trained at /);
    expect((await cli(run, { cwd })).stdout).toMatch(/already finished/);
  });

  test('without WGSL that throws while it is drawn is one error', { retry: 0 }, async () => {
    const cwd = emptyFolder();
    await cliHere(['new-task', 'mine', '--no-wgsl'], { cwd });
    const text = readFileSync(join(cwd, 'mine.ts'), 'utf8');
    const throws = text.replace(
      'return reads.map',
      "if (tokens.length > 12) throw new Error('too long');\n    return reads.map",
    );
    writeFileSync(join(cwd, 'mine.ts'), throws);
    const { code, stderr } = await cli(['run', 'mine.yaml', '--out', 'results'], { cwd });
    expect(code).toBe(2);
    expect(stderr).toMatch(/error: .*mine\.ts: targets at \{"scale":\d\} threw: too long/);
    expect(stderr).not.toMatch(/\n\s+at /);
  });

  test('new-task writes over nothing', async () => {
    const cwd = emptyFolder();
    writeFileSync(join(cwd, 'mine.ts'), 'mine');
    const { code, stderr } = await cliHere(['new-task', 'mine'], { cwd });
    expect([code, stderr]).toEqual([2, expect.stringMatching(/mine\.ts is there already/)]);
    expect(readFileSync(join(cwd, 'mine.ts'), 'utf8')).toBe('mine');
    expect(readdirSync(cwd)).toEqual(['mine.ts']);
    expect((await cliHere(['new-task', '../mine'], { cwd })).stderr).toMatch(/is no name of a file/);
  });

  test('check-task says of a module that it is no task', async () => {
    const cwd = emptyFolder();
    writeFileSync(join(cwd, 'none.mjs'), 'export default 3;');
    const { code, stderr } = await cliHere(['check-task', './none.mjs'], { cwd });
    expect([code, stderr]).toEqual([2, expect.stringMatching(/none\.mjs: its default export is no task/)]);
    expect((await cliHere(['check-task', './gone.mjs'], { cwd })).stderr).toMatch(
      /gone\.mjs: Could not resolve/,
    );
  });

  test('the formula of docs/tasks.md is a grid of four cells', async () => {
    const cwd = emptyFolder();
    writeFileSync(join(cwd, 'formula.yaml'), /```yaml\n([\s\S]*?)```/.exec(page.text)![1]!);
    const { code, stdout } = await cliHere(['plan', 'formula.yaml', '--json'], { cwd });
    expect(code).toBe(0);
    expect(JSON.parse(stdout).cells).toHaveLength(4);
  });
});
