import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { vi } from 'vitest';

const MAIN = join(import.meta.dirname, '..', '..', 'dist', 'cli', 'main.js');

export interface CliResult {
  code: number | null;
  stdout: string;
  stderr: string;
}

export interface CliOptions {
  cwd?: string;
  env?: Record<string, string>;
  /** Called with the child once it runs, for tests that send it signals. */
  onStart?: (child: ChildProcess) => void;
}

/** Runs the built command line in a process of its own. */
export function cli(args: string[], { cwd, env, onStart }: CliOptions = {}): Promise<CliResult> {
  const child = spawn(process.execPath, [MAIN, ...args], {
    cwd: cwd ?? process.cwd(),
    env: { ...process.env, ...env },
  });
  let [stdout, stderr] = ['', ''];
  child.stdout.on('data', chunk => {
    stdout += chunk;
  });
  child.stderr.on('data', chunk => {
    stderr += chunk;
  });
  onStart?.(child);
  return new Promise(resolve => {
    child.on('close', code => resolve({ code, stdout, stderr }));
  });
}

/**
 * Runs the command line in this process, which takes a hundredth of the time: for what starts no engine of its own. One at a time: the
 * folder, the environment and the output of the process are the command's until it has ended.
 */
export async function cliHere(
  args: string[],
  { cwd = process.cwd(), env = {} }: Omit<CliOptions, 'onStart'> = {},
): Promise<CliResult> {
  // Most test files need none of it.
  const { runCommandLine } = await import('../../src/cli/command-line.ts');
  const before = process.cwd();
  const said = { stdout: '', stderr: '' };
  const spies = (['stdout', 'stderr'] as const).map(name =>
    vi.spyOn(process[name], 'write').mockImplementation(chunk => {
      said[name] += chunk;
      return true;
    }),
  );
  for (const [name, value] of Object.entries(env)) vi.stubEnv(name, value);
  try {
    process.chdir(cwd);
    return { code: await runCommandLine([process.execPath, MAIN, ...args]), ...said };
  } finally {
    process.chdir(before);
    vi.unstubAllEnvs();
    for (const spy of spies) spy.mockRestore();
  }
}

/** Does something once: when a program first says that on stderr. A second signal, for one, would be another matter than the first. */
export function whenSaid(child: ChildProcess, what: RegExp, act: () => void): void {
  let said = '';
  const hear = (chunk: unknown) => {
    said += chunk;
    if (!what.test(said)) return;
    child.stderr!.off('data', hear);
    act();
  };
  child.stderr!.on('data', hear);
}

const folders: string[] = [];

/** A fresh empty folder, gone when the tests of the file are done (`clear-folders.ts`). */
export function emptyFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'lengthwise-test-'));
  folders.push(folder);
  return folder;
}

/** Deletes what `emptyFolder` has given since the last time. */
export function clearFolders(): void {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
}
