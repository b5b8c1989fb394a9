import type { z } from 'zod';
import { MachineError } from '../shared/errors.ts';
import { type EngineEvent, eventSchema, type Request, requestSchema } from '../shared/protocol.ts';
import { isStopping } from './stopping.ts';

/** The engine went away while it was working: its browser, page or process crashed or was closed. Worth a fresh one. */
export class SessionLost extends MachineError {}

export type Progress = Extract<EngineEvent, { event: 'progress' }>;
export type Final = Exclude<EngineEvent, Progress>;

/** Where the engine runs: in headless Chrome, or on Dawn in a Node process of its own. */
export const RUNTIMES = ['chrome', 'dawn'] as const;
export type Runtime = (typeof RUNTIMES)[number];

/** The engine, running somewhere. One request at a time. */
export interface Session {
  /** Sends a request; resolves to its final event. Throws `SessionLost` when the engine goes away first. */
  send(request: Request, onProgress?: (event: Progress) => void): Promise<Final>;
  close(): Promise<void>;
  runtime: Runtime;
  /** Name and version of the browser, or of Dawn. */
  version: string;
  /** Process id of the browser or of Dawn's process. */
  pid: number | undefined;
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

/** Requests and events of one session, whatever carries them: the carrier calls `hear` and `lose`. */
export class Conversation {
  private readonly protocol: Protocol;
  private busy = false;
  private lost: SessionLost | undefined;
  private settle: ((final: Final) => void) | undefined;
  private fail: ((error: SessionLost) => void) | undefined;
  private onProgress: ((event: Progress) => void) | undefined;

  constructor(protocol: Protocol = SHIPPED) {
    this.protocol = protocol;
  }

  /** Takes an event of the protocol as JSON. Anything else loses the session. */
  hear(json: string): void {
    const parsed = this.protocol.events.safeParse(JSON.parse(json));
    if (!parsed.success) {
      const what = parsed.error.issues[0]?.message;
      this.lose(new SessionLost(`the engine sent an event that is not in the protocol: ${what}`));
    } else if (parsed.data.event === 'progress') this.onProgress?.(parsed.data);
    else this.settle?.(parsed.data);
  }

  /** Ends the request under way, and every later one. While the program stops, nobody is told. */
  lose(error: SessionLost): void {
    if (isStopping()) return;
    this.lost ??= error;
    this.fail?.(this.lost);
  }

  /** Hands a request to the carrier; resolves to its final event. */
  async ask(request: Request, deliver: (json: string) => void, onProgress?: (event: Progress) => void) {
    if (this.busy) throw new Error('a session answers one request at a time');
    const json = JSON.stringify(this.protocol.requests.parse(request));
    this.busy = true;
    try {
      return await new Promise<Final>((resolve, reject) => {
        this.settle = resolve;
        this.fail = reject;
        this.onProgress = onProgress;
        if (this.lost) reject(this.lost);
        else deliver(json);
      });
    } finally {
      this.busy = false;
    }
  }
}
