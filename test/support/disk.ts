import type { FileHandle } from 'node:fs/promises';
import * as node from 'node:fs/promises';
import type { Disk } from '../../src/shared/whole-file.ts';

/** A system call that is about to be made: its name, the file it is about, and what it writes. */
export interface Call {
  name: string;
  path: string;
  bytes: Uint8Array | undefined;
}

/** Stands between a program and its disk: makes the call or not, or a part of it. */
export type Between = (call: Call, make: (bytes?: Uint8Array) => Promise<unknown>) => Promise<unknown>;

const CALLS = new Set(['write', 'sync', 'truncate', 'close']);

/** The real disk, with something between. */
export function diskWith(between: Between): Disk {
  const wrapped = (handle: FileHandle, path: string): FileHandle =>
    new Proxy(handle, {
      get(target, name: keyof FileHandle & string) {
        const method = target[name] as unknown as (...args: unknown[]) => Promise<unknown>;
        if (typeof method !== 'function') return method;
        if (!CALLS.has(name)) return method.bind(target);
        return (...args: unknown[]) => {
          const [buffer, offset, length] = args as [Uint8Array, number, number];
          const bytes = name === 'write' ? buffer.subarray(offset, offset + length) : undefined;
          return between({ name, path, bytes }, part =>
            name === 'write' ? target.write(part ?? bytes!) : method.apply(target, args),
          );
        };
      },
    });
  return {
    ...node,
    open: (async (path: string, flags: string) => {
      const handle = await between({ name: 'open', path, bytes: undefined }, () => node.open(path, flags));
      return wrapped(handle as FileHandle, path);
    }) as Disk['open'],
    rename: ((from: string, to: string) =>
      between({ name: 'rename', path: to, bytes: undefined }, () => node.rename(from, to))) as Disk['rename'],
  };
}

/** What the system says when it refuses. */
export function systemError(code: string): NodeJS.ErrnoException {
  return Object.assign(new Error(`${code}: made up by a test`), { code });
}

/** A disk on which files whose name matches can grow by so many bytes, as a full one fails: first it takes what fits, then nothing. */
export function fullDisk(name: RegExp, room: number): Disk {
  const base = new Map<string, number>();
  const grown = new Map<string, number>();
  return diskWith(async (call, make) => {
    if (!name.test(call.path)) return make();
    if (call.name === 'truncate') grown.set(call.path, base.get(call.path) ?? 0);
    if (call.bytes === undefined) {
      const done = await make();
      if (call.name === 'sync') base.set(call.path, grown.get(call.path) ?? 0);
      return done;
    }
    const left = room - (grown.get(call.path) ?? 0);
    if (left <= 0) throw systemError('ENOSPC');
    const part = call.bytes.subarray(0, left);
    grown.set(call.path, (grown.get(call.path) ?? 0) + part.length);
    return make(part);
  });
}
