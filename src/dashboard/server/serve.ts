import { randomBytes } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { extname } from 'node:path';
import { gzipSync } from 'node:zlib';
import { LOOPBACK, ownNames } from '../../runtime/own-names.ts';
import { below, listen, PAGE_HEADERS } from '../../runtime/web.ts';
import type { Change } from '../data.ts';
import { answerOf } from './answers.ts';
import { builtPage } from './built-page.ts';
import type { Library } from './library.ts';
import { POLICY, shell } from './shell.ts';

export interface DashboardOptions {
  /** Address to listen at; loopback unless given. Any other wants a token, which is in the link. */
  host?: string | undefined;
  /** 0: a free one. */
  port: number;
  /** Folder of the build (`dist`). */
  built: string;
}

/** A dashboard that is being served. */
export interface Dashboard {
  /** The link to the page. */
  url: string;
  close(): Promise<void>;
}

/** A piece of the page, ready to be sent. */
interface Piece {
  type: string;
  body: Buffer;
}

/** Beyond this an answer is packed: a lab may be at the other end of a tunnel. */
const PACK_BYTES = 1 << 14;
/** Time between two signs of life on a stream on which nothing happens. */
const BEAT_MS = 15_000;

/**
 * Serves the live page of a library. It can be read and nothing else: other methods than GET and HEAD are refused, and so are pages of
 * other sites, by the `Host` and `Origin` that browsers send.
 * @throws InputError when the port is busy or the address is none of this machine, MachineError when the page is not built
 */
export async function serveDashboard(
  library: Library,
  { host = LOOPBACK, port, built }: DashboardOptions,
): Promise<Dashboard> {
  const pieces = await piecesOf(built);
  const token = host === LOOPBACK ? null : randomBytes(16).toString('hex');
  const names = ownNames(host, () => (server.address() as AddressInfo).port);
  const streams = new Set<ServerResponse>();

  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const { method, headers } = request;
    if (!names.include(headers.host)) return refuse(response, 421);
    if (method !== 'GET' && method !== 'HEAD') return refuse(response, 405);
    // A browser says where a page came from, and no page can have it say anything else.
    if (headers.origin !== undefined && headers.origin !== `http://${headers.host}`)
      return refuse(response, 403);
    const { pathname, searchParams } = new URL(request.url ?? '/', `http://${headers.host}`);
    const path = token === null ? pathname.slice(1) : below(pathname, token);
    if (path === undefined) return refuse(response, token === null ? 404 : 403);
    const piece = pieces.get(path);
    if (piece) return send(request, response, piece);
    if (path === 'api/events') return stream(request, response, searchParams.get('since') ?? '');
    const body = path.startsWith('api/') ? await answerOf(library, path.slice(4), searchParams) : undefined;
    if (body === undefined) return refuse(response, 404);
    if (body instanceof Uint8Array)
      return send(request, response, { type: 'application/octet-stream', body: Buffer.from(body) });
    send(request, response, { type: 'application/json', body: Buffer.from(JSON.stringify(body)) });
  };

  const stream = (request: IncomingMessage, response: ServerResponse, since: string): void => {
    response.writeHead(200, { ...HEADERS, 'Content-Type': 'text/event-stream' });
    const write = (version: number, changes: Change[]) =>
      void response.write(`id: ${library.epoch}:${version}\ndata: ${JSON.stringify(changes)}\n\n`);
    const [epoch, version] = String(request.headers['last-event-id'] ?? since).split(':');
    const known = epoch === library.epoch ? Number(version) : Number.NaN;
    write(library.now, Number.isInteger(known) ? library.since(known) : [{ kind: 'anew' }]);
    const leave = library.listen(write);
    const beat = setInterval(() => response.write(':\n\n'), BEAT_MS);
    streams.add(response);
    response.on('close', () => {
      leave();
      clearInterval(beat);
      streams.delete(response);
    });
  };

  const server = createServer((request, response) => {
    answer(request, response).catch(() => {
      if (response.headersSent) response.destroy();
      else refuse(response, 500);
    });
  });
  await listen(server, port, host);
  const at = `http://${names.name}:${(server.address() as AddressInfo).port}/`;
  return {
    url: token === null ? at : `${at}${token}/`,
    close: () =>
      new Promise(resolve => {
        for (const response of streams) response.end();
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

const HEADERS = { ...PAGE_HEADERS, 'Content-Security-Policy': `${POLICY}; frame-ancestors 'none'` };

const TYPES: Record<string, string> = {
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.txt': 'text/plain; charset=utf-8',
};

/** Everything that the page consists of, by its path. */
async function piecesOf(built: string): Promise<Map<string, Piece>> {
  const page: Piece = { type: 'text/html; charset=utf-8', body: Buffer.from(shell({ frozen: false })) };
  const files = [...(await builtPage(built))].map(
    ([name, body]) => [name, { type: TYPES[extname(name)]!, body }] as const,
  );
  return new Map([['', page], ...files]);
}

function send({ method, headers }: IncomingMessage, response: ServerResponse, { type, body }: Piece): void {
  const packed = body.length > PACK_BYTES && /\bgzip\b/.test(String(headers['accept-encoding'] ?? ''));
  const sent = packed ? gzipSync(body, { level: 1 }) : body;
  response.writeHead(200, {
    ...HEADERS,
    'Content-Type': type,
    'Content-Length': sent.length,
    ...(packed ? { 'Content-Encoding': 'gzip' } : {}),
  });
  response.end(method === 'HEAD' ? undefined : sent);
}

function refuse(response: ServerResponse, status: number): void {
  response.writeHead(status, { ...HEADERS, ...(status === 405 ? { Allow: 'GET, HEAD' } : {}) }).end();
}
