import { randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { InputError, MachineError, messageOf } from '../shared/errors.ts';

/** A running page server. */
export interface PageServer {
  /** Address of the page, token included. */
  url: string;
  close(): Promise<void>;
}

const HTML = `<!doctype html><meta charset="utf-8"><title>lengthwise</title><link rel="icon" href="data:,"><script type="module" src="engine.js"></script>`;

/**
 * Serves the engine's page on loopback, under a random token that only this run knows; every other path is 404.
 * @param bundle path of the page bundle (dist/page/engine.js)
 * @param port 0 takes a free one
 * @throws InputError when the port is busy or not allowed, MachineError when the bundle is not built.
 */
export async function servePage(bundle: string, port = 0): Promise<PageServer> {
  const script = await readFile(bundle).catch((error: unknown) => {
    throw new MachineError(`${bundle}: ${messageOf(error)}`, 'Build it with `npm run build`.', {
      cause: error,
    });
  });
  const token = randomBytes(16).toString('hex');
  const server = createServer((request, response) => {
    if (request.url === `/${token}/`) send(response, 'text/html; charset=utf-8', HTML);
    else if (request.url === `/${token}/engine.js`) send(response, 'text/javascript; charset=utf-8', script);
    else response.writeHead(404).end();
  });
  await listen(server, port);
  const address = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${address.port}/${token}/`,
    close: () =>
      new Promise(resolve => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function send(response: ServerResponse, type: string, body: string | Buffer): void {
  response
    .writeHead(200, {
      'Content-Type': type,
      'Cache-Control': 'no-store',
      'Content-Security-Policy': "default-src 'self'; img-src data:",
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
