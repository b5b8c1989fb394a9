import { hostname } from 'node:os';
import { join } from 'node:path';
import { WebSocketServer } from 'ws';
import { ENDED, SOCKET_PATH } from '../shared/tab-protocol.ts';
import { PATIENCE } from './deadline.ts';
import { LOOPBACK } from './own-names.ts';
import { type PageServer, servePage } from './page-server.ts';
import { type Closable, track, untrack } from './stopping.ts';
import { Tab } from './tab.ts';

export interface TabsOptions {
  /** The folder that the build wrote: `dist`. */
  built: string;
  /** What is run, for the page to show. */
  run: string;
  port?: number;
  /** Address to listen at; loopback unless given. */
  host?: string | undefined;
  say: (line: string) => void;
  /** Largest message that a tab may send, where that is not the usual. */
  messageBytes?: number;
}

/** Largest message of a tab: V8 makes no longer strings, so that no more could be read. */
const MOST_MESSAGE_BYTES = 2 ** 29 - 24;
/** Tabs that may wait, those that compute included. */
const MOST_TABS = 64;
/** Between two looks whether tabs that wait still live. */
const CHECK_MS = 30_000;

/** Browser tabs that have opened the link of a run, to be taken as engines: one after another, the first that came first. */
export class Tabs implements Closable {
  private readonly options: TabsOptions;
  private readonly sockets: WebSocketServer;
  private checks: NodeJS.Timeout | undefined;
  private server: PageServer | undefined;
  private spares: Tab[] = [];
  private waiting: ((tab: Tab) => void)[] = [];
  private explained = false;

  private constructor(options: TabsOptions) {
    this.options = options;
    const { messageBytes: maxPayload = MOST_MESSAGE_BYTES } = options;
    this.sockets = new WebSocketServer({ noServer: true, maxPayload });
  }

  /**
   * Serves the page that makes a tab an engine.
   * @throws as `servePage`
   */
  static async open(options: TabsOptions): Promise<Tabs> {
    const tabs = new Tabs(options);
    const { built, port, host } = options;
    tabs.server = await servePage(join(built, 'page', 'tab.js'), {
      ...(port === undefined ? {} : { port }),
      ...(host === undefined ? {} : { host }),
      tunnelled: true,
      sockets: {
        path: SOCKET_PATH,
        accept(request, socket, head) {
          if (tabs.sockets.clients.size >= MOST_TABS) return void socket.destroy();
          tabs.sockets.handleUpgrade(request, socket, head, opened => new Tab(opened, tab => tabs.add(tab)));
        },
      },
    });
    tabs.checks = setInterval(() => {
      for (const tab of tabs.spares) tab.check();
    }, CHECK_MS);
    track(tabs);
    return tabs;
  }

  /** What a browser is to open. */
  get url(): string {
    return this.server!.url;
  }

  /** Whether one would have to be waited for. */
  get isEmpty(): boolean {
    return this.spares.length === 0;
  }

  /** A tab for an engine: the one that has waited longest, else the next that comes, however long that takes. */
  async take(): Promise<Tab> {
    const tab = this.spares.shift() ?? (await this.next());
    tab.tell({ role: 'engine', run: this.options.run });
    return tab;
  }

  /** Has a tab wait until it is taken again. */
  add(tab: Tab): void {
    if (!tab.isOpen) return;
    const waiter = this.waiting.shift();
    if (waiter) return void waiter(tab);
    this.spares.push(tab);
    tab.onText = () => {};
    tab.onGone = () => {
      this.spares = this.spares.filter(other => other !== tab);
    };
    tab.tell({ role: 'spare', run: this.options.run });
  }

  /** Has a tab say why it cannot compute. It is not taken again. */
  refuse(tab: Tab, why: string): void {
    tab.onText = () => {};
    tab.onGone = () => {};
    tab.tell({ role: 'refused', run: this.options.run, why });
    this.say(`${tab.name} cannot compute: ${why}`);
  }

  say(line: string): void {
    this.options.say(line);
  }

  async close(): Promise<void> {
    clearInterval(this.checks);
    const clients = [...this.sockets.clients];
    const gone = clients.map(socket => new Promise(resolve => socket.once('close', resolve)));
    for (const socket of clients) socket.close(ENDED, 'the run has ended');
    const late = setTimeout(() => this.kill(), PATIENCE.closeMs);
    await Promise.all(gone);
    clearTimeout(late);
    await this.server?.close();
    untrack(this);
  }

  kill(): void {
    for (const socket of this.sockets.clients) socket.terminate();
  }

  private next(): Promise<Tab> {
    const { url, port } = this.server!;
    this.say(`waiting for a tab: open ${url}`);
    if (!this.explained && (this.options.host ?? LOOPBACK) === LOOPBACK)
      this.say(`from another machine, first: ssh -N -L ${port}:${LOOPBACK}:${port} ${hostname()}`);
    this.explained = true;
    return new Promise(resolve => this.waiting.push(resolve));
  }
}
