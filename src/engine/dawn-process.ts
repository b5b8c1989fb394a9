import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';

/** Has this process, a child that runs Dawn, end when its parent does and not before. */
export function endWithParent(): void {
  // However the parent ends, and at once: there is nothing to save.
  process.on('disconnect', () => process.kill(process.pid, 'SIGKILL'));
  // They reach the whole group, or every process of a service. They are the parent's to answer.
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => {});
}

/** Version of the package `webgpu`. */
export function dawnVersion(): string {
  const require = createRequire(import.meta.url);
  return require(join(dirname(require.resolve('webgpu')), 'package.json')).version;
}
