import { randomBytes } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { basename, dirname, extname, join, relative, sep } from 'node:path';
import type { Duplex } from 'node:stream';
import { MachineError, messageOf } from '../shared/errors.ts';
import { LOOPBACK, ownNames } from './own-names.ts';
import { below as belowToken, listen, PAGE_HEADERS } from './web.ts';

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
  /** What posts below the page are answered with, by their path. One that throws is an error 500 that says why. */
  answers?: Record<string, (body: string) => Promise<Uint8Array>>;
  /** Path below the page that takes WebSockets of the page itself, and who they are handed to. */
  sockets?: { path: string; accept(request: IncomingMessage, socket: Duplex, head: Buffer): void };
}

/** Longest body of a post. */
const MOST_BODY_BYTES = 2 ** 16;

/**
 * Serves a page of ours, on loopback unless told otherwise, under a random token that only this run knows: its script and the files of the
 * script's folder, with that content security policy, and `answers`. Every other path is 404; another host's name and other methods are
 * refused, and so is
 * a WebSocket of a page that did not come from here.
 * @param bundle path of the page's script (dist/page/engine.js)
 * @throws InputError when the port is busy or not allowed or the address is none of this machine, MachineError when the script is
 *   not built.
 */
export async function servePage(
  bundle: string,
  {
    port = 0,
    host = LOOPBACK,
    tunnelled = false,
    policy,
    folders = {},
    answers = {},
    sockets,
  }: PageServerOptions = {},
): Promise<PageServer> {
  const files = await filesOf(dirname(bundle));
  if (!files.has(basename(bundle)))
    throw new MachineError(`${bundle}: no such file`, 'Build it with `npm run build`.');
  for (const [below, folder] of Object.entries(folders))
    for (const [name, path] of await filesOf(folder)) files.set(`${below}/${name}`, path);
  const posts = new Map(Object.entries(answers));
  const token = randomBytes(16).toString('hex');
  const portOf = () => (server.address() as AddressInfo).port;
  const names = ownNames(host, () => (tunnelled ? undefined : portOf()));
  const below = (path = '') => belowToken(path, token);
  const answer = async (request: IncomingMessage, response: ServerResponse) => {
    const { method, headers, url } = request;
    if (!names.include(headers.host)) return void response.writeHead(421).end();
    const own = posts.get(below(url) ?? '');
    if (own && method === 'POST') return answerPost(own, request, response);
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

async function answerPost(
  answer: (body: string) => Promise<Uint8Array>,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  let body = '';
  for await (const piece of request.setEncoding('utf8')) {
    body += piece;
    if (body.length > MOST_BODY_BYTES) return void response.writeHead(413, { Connection: 'close' }).end();
  }
  try {
    const bytes = await answer(body);
    response
      .writeHead(200, { 'Content-Type': 'application/octet-stream', 'Content-Length': bytes.length })
      .end(bytes);
  } catch (error) {
    response.writeHead(500, { 'Content-Type': 'text/plain; charset=utf-8' }).end(messageOf(error));
  }
}

const TYPE_OF_PAGE = 'text/html; charset=utf-8';

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
    .writeHead(200, { ...PAGE_HEADERS, 'Content-Type': type, 'Content-Security-Policy': policy })
    .end(body);
}

function refuse(socket: Duplex, status: string): void {
  socket.on('error', () => {});
  socket.end(`HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`);
}
