import type { RawData, WebSocket } from 'ws';
import { greetingSchema, type Role } from '../shared/tab-protocol.ts';

/** Close codes of RFC 6455 that say why a tab is sent away. */
const POLICY_VIOLATION = 1008;
/** A browser says so where a tab is closed or goes to another page. */
const GOING_AWAY = 1001;

/** What a tab says until somebody listens is nothing that was asked for. */
const NOBODY = () => {};

/** A browser tab that has opened the link: a socket to it, and what it says of itself. */
export class Tab {
  /** Browser with version and system; known once it has greeted. */
  name = '';
  /** Takes what its engine says. */
  onText: (text: string) => void = NOBODY;
  /** Told once when it is gone: whether somebody closed it, and how it went. */
  onGone: (closed: boolean, how: string) => void = NOBODY;
  private readonly socket: WebSocket;
  private lives = true;

  /** @param greeted told once it has said who it is */
  constructor(socket: WebSocket, greeted: (tab: Tab) => void) {
    this.socket = socket;
    socket.once('message', (data, isBinary) => {
      const parsed = isBinary ? undefined : greetingSchema.safeParse(jsonOf(data));
      if (!parsed?.success) return void this.drop('its first message was no greeting');
      this.name = `${parsed.data.tab}, in a tab`;
      socket.on('message', (later, binary) => {
        this.lives = true;
        // What nobody asked for is dropped: a tab that waits has nothing to say.
        if (!binary) this.onText(String(later));
      });
      greeted(this);
    });
    socket.on('pong', () => {
      this.lives = true;
    });
    // What is wrong with a socket ends it, and how it ended is told then.
    socket.on('error', () => {});
    socket.once('close', code => {
      if (code === GOING_AWAY) this.onGone(true, 'the tab was closed');
      else this.onGone(false, `the tab went away (code ${code})`);
    });
  }

  get isOpen(): boolean {
    return this.socket.readyState === this.socket.OPEN;
  }

  send(text: string | Uint8Array): void {
    this.socket.send(text, () => {});
  }

  tell(role: Role): void {
    this.send(JSON.stringify(role));
  }

  /** Asks whether it lives; drops it where it has not answered since it was last asked. The browser answers, however busy the page is. */
  check(): void {
    if (this.lives) this.socket.ping();
    else this.kill();
    this.lives = false;
  }

  /** Sends it away. */
  drop(why: string): void {
    this.socket.close(POLICY_VIOLATION, why);
  }

  /** Ends the connection, whatever the tab does. A page that lives begins again with a fresh engine. */
  kill(): void {
    this.socket.terminate();
  }
}

function jsonOf(data: RawData): unknown {
  try {
    return JSON.parse(String(data));
  } catch {
    return undefined;
  }
}
