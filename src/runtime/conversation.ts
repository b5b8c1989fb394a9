import type { z } from 'zod';
import { MachineError } from '../shared/errors.ts';
import { type Wanted, wantedSchema } from '../shared/feed.ts';
import {
  type Control,
  type EngineEvent,
  eventSchema,
  type Request,
  requestSchema,
} from '../shared/protocol.ts';
import { PATIENCE, seconds } from './deadline.ts';
import { isStopping } from './stopping.ts';
import type { Driver } from './vulkan.ts';

/** The engine went away while it was working: its browser, page or process crashed or was closed. Worth a fresh one. */
export class SessionLost extends MachineError {}

/** Whoever lent the engine took it back: that says nothing of what it was at. */
export class SessionLeft extends SessionLost {}

/** The engine did nothing for longer than it may, and its processes were killed. */
export class SessionStalled extends SessionLost {}

export type Progress = Extract<EngineEvent, { event: 'progress' }>;
export type Tested = Extract<EngineEvent, { event: 'tested' }>;
/** Where a request for training stands. */
export type Standing = Extract<EngineEvent, { event: 'state' }> | Tested;
export type Final = Exclude<EngineEvent, Progress | Standing>;

/** Who is told what the engine says while a request is under way. */
export interface Listeners {
  onProgress?: (event: Progress) => void;
  onStanding?: (event: Standing) => void;
  /** Makes the sequences that the engine asks for, as the bytes of a portion (`shared/feed.ts`). */
  feed?: (wanted: Wanted) => Promise<Uint8Array<ArrayBuffer>>;
}

/** Where an engine is started: in headless Chrome, or on Dawn in a Node process of its own. */
export const RUNTIMES = ['chrome', 'dawn'] as const;
export type OwnRuntime = (typeof RUNTIMES)[number];
/** Where an engine runs: there, or in a browser tab that somebody opens. */
export type Runtime = OwnRuntime | 'tab';

/** The engine, running somewhere. One request at a time. */
export interface Session {
  /**
   * Sends a request; resolves to its final event. Throws `SessionLost` when the engine goes away or stalls first, and what `feed` threw
   * when the request failed for that.
   */
  send(request: Request, listeners?: Listeners): Promise<Final>;
  /** Says something to an engine that is at work. Nothing comes of it where the engine is gone. */
  tell(control: Control): void;
  close(): Promise<void>;
  runtime: Runtime;
  /** Name and version of the browser, or of Dawn. */
  version: string;
  /** Process id of the browser or of Dawn's process. */
  pid: number | undefined;
  /** What Dawn was shown; undefined in a browser. */
  driver: Driver | undefined;
  /** The browser's profile folder, gone after `close`; undefined without a browser. */
  profile: string | undefined;
}

/** What may be said in a session: requests to the engine, and its events. Both ends validate both. */
export interface Protocol {
  requests: z.ZodType<Request>;
  events: z.ZodType<EngineEvent>;
}

/** Of the engine that ships. */
const SHIPPED: Protocol = { requests: requestSchema, events: eventSchema };

/** What takes requests to an engine. Events come back through `Conversation.hear`. */
export interface Carrier {
  deliver(requestJson: string): void;
  /** Resolves when the engine has answered that it lives (`engine/engine.ts`). */
  ping(): Promise<unknown>;
  /** Ends every process of the engine. */
  kill(): void;
}

/** Times that a silent engine is pinged before it counts as stalled. */
const PINGS = 8;

/** Requests that are submitted whole, however long they take. A software adapter that is busy may leave pings unanswered meanwhile. */
const WHOLE: readonly Request['op'][] = ['forward', 'tune', 'roofline'];
/** Times as long that an engine may be silent over them. */
const WHOLE_PATIENCE = 10;

/** Requests and events of one session, whatever carries them: the carrier calls `hear` and `lose`. */
export class Conversation {
  private readonly protocol: Protocol;
  private readonly stallMs: number;
  private busy = false;
  private silentMs = 0;
  private lost: SessionLost | undefined;
  private settle: ((final: Final) => void) | undefined;
  private fail: ((error: SessionLost) => void) | undefined;
  private listeners: Listeners = {};
  /** Why sequences could not be made for the request under way. */
  private starved: { error: unknown } | undefined;

  /** @param stallMs longest without an event and without an answer to a ping, while a request is under way */
  constructor(protocol: Protocol = SHIPPED, stallMs = PATIENCE.stallMs) {
    this.protocol = protocol;
    this.stallMs = stallMs;
  }

  /** Whether it is not lost, and no request is under way. */
  get isIdle(): boolean {
    return !this.busy && !this.lost;
  }

  /** Takes an event of the protocol as JSON. Anything else loses the session. */
  hear(json: string): void {
    this.silentMs = 0;
    const parsed = this.protocol.events.safeParse(parsedOrNot(json));
    if (!parsed.success) {
      const what = parsed.error.issues[0]?.message;
      this.lose(new SessionLost(`the engine sent an event that is not in the protocol: ${what}`));
      return;
    }
    const { data } = parsed;
    switch (data.event) {
      case 'progress':
        this.listeners.onProgress?.(data);
        break;
      case 'state':
      case 'tested':
        this.listeners.onStanding?.(data);
        break;
      default:
        this.settle?.(data);
    }
  }

  /**
   * Has sequences made that the engine asks for.
   * @throws whatever goes wrong; the request then fails with the same.
   */
  async feed(wanted: unknown): Promise<Uint8Array<ArrayBuffer>> {
    this.silentMs = 0;
    try {
      if (!this.listeners.feed) throw new Error('nobody makes sequences for this request');
      return await this.listeners.feed(wantedSchema.parse(wanted));
    } catch (error) {
      this.starved ??= { error };
      throw error;
    }
  }

  /** Ends the request under way, and every later one. While the program stops, nobody is told. */
  lose(error: SessionLost): void {
    if (isStopping()) return;
    this.lost ??= error;
    this.fail?.(this.lost);
  }

  /** Hands a request to the carrier; resolves to its final event. */
  async ask(request: Request, carrier: Carrier, listeners: Listeners = {}): Promise<Final> {
    if (this.busy) throw new Error('a session answers one request at a time');
    const json = JSON.stringify(this.protocol.requests.parse(request));
    this.busy = true;
    const unwatch = this.watch(
      carrier,
      WHOLE.includes(request.op) ? WHOLE_PATIENCE * this.stallMs : this.stallMs,
    );
    try {
      this.starved = undefined;
      const final = await new Promise<Final>((resolve, reject) => {
        this.settle = resolve;
        this.fail = reject;
        this.listeners = listeners;
        if (this.lost) reject(this.lost);
        else carrier.deliver(json);
      });
      if (final.event === 'failed' && this.starved) throw (this.starved as { error: unknown }).error;
      return final;
    } finally {
      unwatch();
      this.busy = false;
    }
  }

  /** Pings an engine that is silent, and ends one that stays so. */
  private watch(carrier: Carrier, stallMs: number): () => void {
    const tickMs = stallMs / PINGS;
    let pinged = false;
    this.silentMs = 0;
    // Counted by ticks and not by the clock: while this process is stopped or busy, it hears nobody.
    const timer = setInterval(() => {
      this.silentMs += tickMs;
      if (this.silentMs > stallMs) {
        clearInterval(timer);
        carrier.kill();
        this.lose(
          new SessionStalled(
            `the engine made no progress and answered no ping for ${seconds(stallMs)}, its processes were killed`,
          ),
        );
      } else if (!pinged) {
        pinged = true;
        const answered = () => {
          pinged = false;
          this.silentMs = 0;
        };
        // A ping that fails is no sign of life, nor of death: whatever carries it says so itself.
        carrier.ping().then(answered, () => {});
      }
    }, tickMs);
    return () => clearInterval(timer);
  }
}

/** What JSON says; undefined for what is none. */
function parsedOrNot(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch {
    return undefined;
  }
}
