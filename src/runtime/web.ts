import { createHash, timingSafeEqual } from 'node:crypto';
import type { Server } from 'node:http';
import { InputError } from '../shared/errors.ts';

/* What servers of pages have in common. */

/** Of everything that a server of ours sends, a content security policy apart. */
export const PAGE_HEADERS = {
  'Cache-Control': 'no-store',
  'X-Content-Type-Options': 'nosniff',
  // The token is part of the address.
  'Referrer-Policy': 'no-referrer',
  // Everything comes from here, so the page may have threads and a fine clock.
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Embedder-Policy': 'require-corp',
  'Cross-Origin-Resource-Policy': 'same-origin',
};

/** What a path names below a token; undefined where the token is another. */
export function below(path: string, token: string): string | undefined {
  const [, given = '', rest] = /^\/([^/]*)\/(.*)$/.exec(path) ?? [];
  return isEqual(given, token) ? rest : undefined;
}

/** Whether two texts are equal, in a time that tells nothing of where they differ. */
function isEqual(a: string, b: string): boolean {
  const [digestA, digestB] = [a, b].map(text => createHash('sha256').update(text).digest());
  return timingSafeEqual(digestA!, digestB!);
}

/** What is wrong with where a server should listen, by what the system calls it. */
const LISTEN_PROBLEMS: Record<string, [option: 'host' | 'port', what: string]> = {
  EADDRINUSE: ['port', 'is in use'],
  EADDRNOTAVAIL: ['host', 'is no address of this machine'],
  ENOTFOUND: ['host', 'is no name that this machine knows'],
};

/** Has a server listen. @throws InputError when the port is busy or not allowed, or the address is none of this machine */
export function listen(server: Server, port: number, host: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      const [option, what] = LISTEN_PROBLEMS[error.code ?? ''] ?? [
        'port',
        `cannot be used (${error.message})`,
      ];
      reject(
        new InputError(
          `--${option} ${option === 'port' ? port : host} ${what}`,
          option === 'port'
            ? 'Choose another port, or leave --port out.'
            : 'Give an address or a name of this machine, or leave --host out for loopback.',
          { cause: error },
        ),
      );
    });
    server.listen(port, host, resolve);
  });
}
