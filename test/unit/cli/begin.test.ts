import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { completionScript } from '../../../src/cli/completion.ts';
import { program } from '../../../src/cli/program.ts';
import { loadExperiment } from '../../../src/config/experiment.ts';
import { cellsOf } from '../../../src/plan/cells.ts';
import { cliHere, emptyFolder } from '../../support/cli.ts';

describe('lengthwise init', () => {
  test('writes an experiment that is valid, and a workflow whose commands exist', async () => {
    const cwd = emptyFolder();
    const { code, stdout } = await cliHere(['init'], { cwd });
    expect(code).toBe(0);
    expect(stdout).toMatch(/wrote experiment\.yaml\n(.*\n)*Next: npx lengthwise run experiment\.yaml/);
    expect(cellsOf(await loadExperiment(join(cwd, 'experiment.yaml')))).toHaveLength(18);
    expect(readFileSync(join(cwd, '.gitignore'), 'utf8')).toContain('node_modules/\n');
    const workflow = parse(readFileSync(join(cwd, '.github/workflows/length-generalization.yml'), 'utf8'));
    const steps: string[] = workflow.jobs.lengths.steps.flatMap((step: { run?: string }) => step.run ?? []);
    const verbs = steps.flatMap(step => [...step.matchAll(/npx lengthwise (\w+)/g)].map(([, verb]) => verb));
    expect(verbs).toEqual(['run', 'report', 'verify']);
    for (const verb of verbs) expect(program().commands.map(each => each.name())).toContain(verb);
  });

  test('leaves what is there as it is', async () => {
    const cwd = emptyFolder();
    writeFileSync(join(cwd, 'experiment.yaml'), 'mine');
    const { code, stdout } = await cliHere(['init', '.', '--json'], { cwd });
    expect(code).toBe(0);
    const { written, kept } = JSON.parse(stdout);
    expect(kept).toEqual(['experiment.yaml']);
    expect(written).toHaveLength(2);
    expect(readFileSync(join(cwd, 'experiment.yaml'), 'utf8')).toBe('mine');
    const refused = await cliHere(['init', 'experiment.yaml'], { cwd });
    expect(refused).toMatchObject({ code: 2, stdout: '' });
    expect(refused.stderr).toMatch(/cannot write experiment\.yaml/);
  });
});

describe('lengthwise completion', () => {
  test('in bash completes verbs, options and choices', () => {
    const script = join(emptyFolder(), 'completion.bash');
    writeFileSync(script, completionScript('bash', program().commands));
    const complete = (...words: string[]) => {
      const asked = `COMP_WORDS=(lengthwise ${words.map(word => `'${word}'`).join(' ')}); COMP_CWORD=${words.length}; _lengthwise; echo "\${COMPREPLY[*]}"`;
      const { stdout, stderr } = spawnSync('bash', ['-c', `source ${script}; ${asked}`], {
        encoding: 'utf8',
      });
      expect(stderr).toBe('');
      return stdout.trim().split(' ');
    };
    expect(complete('th')).toEqual(['theory']);
    expect(complete('run', '--runt')).toEqual(['--runtime']);
    expect(complete('run', '--runtime', 'd')).toEqual(['dawn']);
    expect(complete('bench', 'roof')).toEqual(['roofline']);
    expect(complete('run', 'exper')).toEqual(['']);
  });

  test.each(['bash', 'zsh', 'fish'] as const)('in %s has every verb and every option', shell => {
    const script = completionScript(shell, program().commands);
    for (const verb of program().commands) {
      expect(script).toContain(verb.name());
      for (const { long, hidden } of verb.options)
        if (!hidden) expect(script).toContain(shell === 'fish' ? `-l ${long!.slice(2)} ` : long!);
    }
    expect(script).not.toMatch(/undefined|--debug/);
  });
});
