import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { basename, dirname, extname, join, relative, sep } from 'node:path';
import type { Duplex } from 'node:stream';
import { InputError, MachineError } from '../shared/errors.ts';
import { LOOPBACK, ownNames } from './own-names.ts';

/** A running page server. */
export interface PageServer {
  /** Address of the page, token included. */
  url: string;
  port: number;
  close(): Promise<void>;
}

/** Nothing but the page's own folder; its sockets are named because not every browser counts them as its own. */
const strict = (host: string) =>
  `default-src 'self'; connect-src 'self' ws://${host} wss://${host}; img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`;

const TYPES: Record<string, string> = {
  '.js': 'text/javascript; charset=utf-8',
  '.mjs': 'text/javascript; charset=utf-8',
  '.wasm': 'application/wasm',
  '.json': 'application/json',
};

const html = (script: string) =>
  `<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width"><meta name="color-scheme" content="light dark"><title>lengthwise</title><link rel="icon" href="data:,"><script type="module" src="${script}"></script>`;

export interface PageServerOptions {
  port?: number;
  /** Address to listen at; loopback unless given. */
  host?: string;
  /** Whether the page may come through a tunnel, whose other end has a port of its own. */
  tunnelled?: boolean;
  /** Content security policy. */
  policy?: string;
  /** More folders, by the path below the page that they answer to. One that is not there serves nothing. */
  folders?: Record<string, string>;
  /** Path below the page that takes WebSockets of the page itself, and who they are handed to. */
  sockets?: { path: string; accept(request: IncomingMessage, socket: Duplex, head: Buffer): void };
}

/**
 * Serves a page of ours, on loopback unless told otherwise, under a random token that only this run knows: its script and the files of the
 * script's folder, with that content security policy. Every other path is 404; another host's name and other methods are refused, and so is
 * a WebSocket of a page that did not come from here.
 * @param bundle path of the page's script (dist/page/engine.js)
 * @throws InputError when the port is busy or not allowed or the address is none of this machine, MachineError when the script is
 *   not built.
 */
export async function servePage(
  bundle: string,
  { port = 0, host = LOOPBACK, tunnelled = false, policy, folders = {}, sockets }: PageServerOptions = {},
): Promise<PageServer> {
  const files = await filesOf(dirname(bundle));
  if (!files.has(basename(bundle)))
    throw new MachineError(`${bundle}: no such file`, 'Build it with `npm run build`.');
  for (const [below, folder] of Object.entries(folders))
    for (const [name, path] of await filesOf(folder)) files.set(`${below}/${name}`, path);
  const token = randomBytes(16).toString('hex');
  const portOf = () => (server.address() as AddressInfo).port;
  const names = ownNames(host, () => (tunnelled ? undefined : portOf()));
  /** What a path names below the page; undefined without the token. */
  const below = (path = '') => {
    const [, given = '', rest] = /^\/([^/]*)\/(.*)$/.exec(path) ?? [];
    return isEqual(given, token) ? rest : undefined;
  };
  const answer = async ({ method, headers, url }: IncomingMessage, response: ServerResponse) => {
    if (!names.include(headers.host)) return void response.writeHead(421).end();
    if (method !== 'GET' && method !== 'HEAD')
      return void response.writeHead(405, { Allow: 'GET, HEAD' }).end();
    const ownPolicy = policy ?? strict(headers.host!);
    const path = below(url);
    if (path === '') return send(response, TYPE_OF_PAGE, ownPolicy, html(basename(bundle)));
    const file = path === undefined ? undefined : files.get(path);
    if (!file) return void response.writeHead(404).end();
    const type = TYPES[extname(file)] ?? 'application/octet-stream';
    send(response, type, ownPolicy, await readFile(file));
  };
  const server = createServer((request, response) => {
    answer(request, response).catch(() => response.writeHead(500).end());
  });
  if (sockets)
    server.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
      const { host: named, origin } = request.headers;
      // A browser says where a page came from, and no page can have it say anything else.
      const isOurs = names.include(named) && (origin === `http://${named}` || origin === `https://${named}`);
      if (!isOurs) refuse(socket, '403 Forbidden');
      else if (below(request.url) !== sockets.path) refuse(socket, '404 Not Found');
      else sockets.accept(request, socket, head);
    });
  await listen(server, port, host);
  return {
    url: `http://${names.name}:${portOf()}/${token}/`,
    port: portOf(),
    close: () =>
      new Promise(resolve => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

const TYPE_OF_PAGE = 'text/html; charset=utf-8';

/** Whether two texts are equal, in a time that tells nothing of where they differ. */
function isEqual(a: string, b: string): boolean {
  const [digestA, digestB] = [a, b].map(text => createHash('sha256').update(text).digest());
  return timingSafeEqual(digestA!, digestB!);
}

/** Paths of the files below a folder, by their names with slashes. */
async function filesOf(folder: string): Promise<Map<string, string>> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch(() => []);
  return new Map(
    entries
      .filter(entry => entry.isFile())
      .map(entry => join(entry.parentPath, entry.name))
      .map(path => [relative(folder, path).split(sep).join('/'), path]),
  );
}

function send(response: ServerResponse, type: string, policy: string, body: string | Buffer): void {
  response
    .writeHead(200, {
      'Content-Type': type,
      'Cache-Control': 'no-store',
      'Content-Security-Policy': policy,
      'X-Content-Type-Options': 'nosniff',
      // The token is part of the address.
      'Referrer-Policy': 'no-referrer',
      // Everything comes from here, so the page may have threads and a fine clock.
      'Cross-Origin-Opener-Policy': 'same-origin',
      'Cross-Origin-Embedder-Policy': 'require-corp',
      'Cross-Origin-Resource-Policy': 'same-origin',
    })
    .end(body);
}

function refuse(socket: Duplex, status: string): void {
  socket.on('error', () => {});
  socket.end(`HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`);
}

/** What is wrong with where a server should listen, by what the system calls it. */
const LISTEN_PROBLEMS: Record<string, [option: 'host' | 'port', what: string]> = {
  EADDRINUSE: ['port', 'is in use'],
  EADDRNOTAVAIL: ['host', 'is no address of this machine'],
  ENOTFOUND: ['host', 'is no name that this machine knows'],
};

function listen(server: Server, port: number, host: string): Promise<void> {
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
