import { randomBytes } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { basename, dirname, extname, join, relative, sep } from 'node:path';
import { InputError, MachineError, messageOf } from '../shared/errors.ts';

/** A running page server. */
export interface PageServer {
  /** Address of the page, token included. */
  url: string;
  close(): Promise<void>;
}

/** Nothing but the page's own folder. */
const STRICT = "default-src 'self'; img-src data:";

const TYPES: Record<string, string> = {
  '.js': 'text/javascript; charset=utf-8',
  '.mjs': 'text/javascript; charset=utf-8',
  '.wasm': 'application/wasm',
  '.json': 'application/json',
};

const html = (script: string) =>
  `<!doctype html><meta charset="utf-8"><title>lengthwise</title><link rel="icon" href="data:,"><script type="module" src="${script}"></script>`;

export interface PageServerOptions {
  port?: number;
  /** Content security policy. */
  policy?: string;
  /** More folders, by the path below the page that they answer to. One that is not there serves nothing. */
  folders?: Record<string, string>;
  /** What posts below the page are answered with, by their path. One that throws is an error 500 that says why. */
  answers?: Record<string, (body: string) => Promise<Uint8Array>>;
}

/** Longest body of a post. */
const MOST_BODY_BYTES = 2 ** 16;

/**
 * Serves a page of ours on loopback, under a random token that only this run knows: its script and the files of the
 * script's folder, with that content security policy, and `answers`. Every other path is 404; another host's name and other methods are refused.
 * @param bundle path of the page's script (dist/page/engine.js)
 * @throws InputError when the port is busy or not allowed, MachineError when the script is not built.
 */
export async function servePage(
  bundle: string,
  { port = 0, policy = STRICT, folders = {}, answers = {} }: PageServerOptions = {},
): Promise<PageServer> {
  const files = await filesOf(dirname(bundle));
  if (!files.has(basename(bundle)))
    throw new MachineError(`${bundle}: no such file`, 'Build it with `npm run build`.');
  for (const [below, folder] of Object.entries(folders))
    for (const [name, path] of await filesOf(folder)) files.set(`${below}/${name}`, path);
  const token = randomBytes(16).toString('hex');
  const host = () => `127.0.0.1:${(server.address() as AddressInfo).port}`;
  const answer = async (request: IncomingMessage, response: ServerResponse) => {
    const { method, headers, url: path } = request;
    // A page of another site that has its own name point here sends that name: it may learn nothing, whatever it guesses.
    if (headers.host !== host()) return void response.writeHead(421).end();
    const own = path?.startsWith(`/${token}/`) ? answers[path.slice(token.length + 2)] : undefined;
    if (own && method === 'POST') return answerPost(own, request, response);
    if (method !== 'GET' && method !== 'HEAD')
      return void response.writeHead(405, { Allow: 'GET, HEAD' }).end();
    if (path === `/${token}/`) return send(response, TYPE_OF_PAGE, policy, html(basename(bundle)));
    const file = path?.startsWith(`/${token}/`) ? files.get(path.slice(token.length + 2)) : undefined;
    if (!file) return void response.writeHead(404).end();
    const type = TYPES[extname(file)] ?? 'application/octet-stream';
    send(response, type, policy, await readFile(file));
  };
  const server = createServer((request, response) => {
    answer(request, response).catch(() => response.writeHead(500).end());
  });
  await listen(server, port);
  return {
    url: `http://${host()}/${token}/`,
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
    .writeHead(200, {
      'Content-Type': type,
      'Cache-Control': 'no-store',
      'Content-Security-Policy': policy,
      // Everything comes from here, so the page may have threads and a fine clock.
      'Cross-Origin-Opener-Policy': 'same-origin',
      'Cross-Origin-Embedder-Policy': 'require-corp',
    })
    .end(body);
}

function listen(server: Server, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      const what = error.code === 'EADDRINUSE' ? 'is in use' : `cannot be used (${error.message})`;
      reject(
        new InputError(`--port ${port} ${what}`, 'Choose another port, or leave --port out.', {
          cause: error,
        }),
      );
    });
    server.listen(port, '127.0.0.1', resolve);
  });
}
