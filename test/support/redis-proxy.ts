import { mkdtempSync, rmSync } from 'node:fs';
import { createConnection, createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Where a connection breaks: as it is made, or around a command that is on its way. */
export type Break = 'connect' | 'request' | 'reply';

/** Stands between a client and a Redis, on a socket of its own, and breaks connections as a Redis does that dies. */
export class RedisProxy {
  /** For `connectRedis`. */
  readonly url: string;
  /** Connections made so far, those that were broken too. */
  connections = 0;
  private readonly folder: string;
  private readonly server: Server;
  private readonly open = new Set<Socket>();
  private planned: { at: Break; command: string; times: number } | undefined;

  private constructor(folder: string, redis: string) {
    this.folder = folder;
    this.url = `unix://${join(folder, 'proxy.sock')}`;
    this.server = createServer(client => this.join(client, redis));
  }

  /** `redis`: the socket of the server behind it. */
  static async start(redis: string): Promise<RedisProxy> {
    const proxy = new RedisProxy(mkdtempSync(join(tmpdir(), 'lengthwise-proxy-')), redis);
    await new Promise<void>(resolve => {
      proxy.server.listen(join(proxy.folder, 'proxy.sock'), resolve);
    });
    return proxy;
  }

  /**
   * Breaks every connection the next time (`times`) that one is made, or that a command with these characters is sent: before Redis has it
   * (`request`), or after Redis has done it and before the client hears so (`reply`).
   */
  breakAt(at: Break, command = '', times = 1): void {
    this.planned = { at, command, times };
  }

  /** Whether all that was to be broken was. */
  get isBroken(): boolean {
    return this.planned === undefined;
  }

  async close(): Promise<void> {
    this.breakAll();
    await new Promise(resolve => this.server.close(resolve));
    rmSync(this.folder, { recursive: true, force: true });
  }

  private join(client: Socket, redis: string): void {
    this.connections++;
    this.open.add(client);
    client.on('error', () => {});
    if (this.planned?.at === 'connect') {
      this.breakNow();
      return;
    }
    const server = createConnection(redis);
    server.on('error', () => {});
    let loseReply = false;
    client.on('data', bytes => {
      const meant = this.planned && bytes.includes(this.planned.command);
      if (meant && this.planned!.at === 'request') this.breakNow();
      else {
        loseReply ||= meant === true;
        server.write(bytes);
      }
    });
    server.on('data', bytes => {
      if (loseReply) this.breakNow();
      else client.write(bytes);
    });
    client.on('close', () => {
      this.open.delete(client);
      server.destroy();
    });
    server.on('close', () => client.destroy());
  }

  private breakNow(): void {
    if (this.planned && --this.planned.times <= 0) this.planned = undefined;
    this.breakAll();
  }

  private breakAll(): void {
    for (const client of this.open) client.destroy();
  }
}
