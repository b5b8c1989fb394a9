import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { build } from 'vite';
import { ENGINE_HASH } from '../../src/plan/engine-hash.ts';

/** Builds a program of `test/support/programs/` for Node, packages in it unless told. Returns its path. */
export async function buildProgram(name: string, noExternal = true): Promise<string> {
  const outDir = join(import.meta.dirname, '..', '..', 'dist', 'test', 'programs', name);
  await build({
    configFile: false,
    logLevel: 'error',
    define: { __ENGINE_HASH__: JSON.stringify(ENGINE_HASH) },
    // One file starts quicker than many.
    ...(noExternal ? { ssr: { noExternal } } : {}),
    build: {
      outDir,
      ssr: true,
      target: 'node20',
      rollupOptions: { input: { [name]: join(import.meta.dirname, 'programs', `${name}.ts`) } },
    },
  });
  return join(outDir, `${name}.js`);
}

/** A process that is asked and answers over its channel, one message each. */
export class Asked {
  readonly child: ChildProcess;

  constructor(program: string, args: string[] = []) {
    this.child = spawn(process.execPath, [program, ...args], {
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    });
  }

  async ask<T>(question: unknown): Promise<T> {
    const answer = once(this.child, 'message');
    this.child.send(question as object);
    return (await answer)[0] as T;
  }

  /** Ends it, and returns when it is gone. */
  async kill(): Promise<void> {
    if (this.child.exitCode !== null || this.child.signalCode !== null) return;
    const gone = once(this.child, 'exit');
    this.child.kill('SIGKILL');
    await gone;
  }
}
