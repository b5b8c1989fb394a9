import { spawn } from 'node:child_process';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

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
  onStart?: (child: ReturnType<typeof spawn>) => void;
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

/** A fresh empty folder. */
export function emptyFolder(): string {
  return mkdtempSync(join(tmpdir(), 'lengthwise-test-'));
}
