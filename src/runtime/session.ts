import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import puppeteer, { type Browser, type Page } from 'puppeteer';
import { InputError, MachineError, messageOf } from '../shared/errors.ts';
import {
  type AdapterPreference,
  type EngineEvent,
  eventSchema,
  type Request,
  requestSchema,
} from '../shared/protocol.ts';
import { browserPath } from './browser.ts';
import { chromeFlags } from './flags.ts';
import { type PageServer, servePage } from './page-server.ts';

/** The browser went away while it was working: it crashed, was closed, or its page did. Worth a fresh browser. */
export class SessionLost extends MachineError {}

export type Progress = Extract<EngineEvent, { event: 'progress' }>;
export type Final = Exclude<EngineEvent, Progress>;

export interface SessionOptions {
  adapter: AdapterPreference;
  /** Path of the page bundle. */
  bundle: string;
  /** Whether timestamps must be exact, for `run --profile`. */
  profile?: boolean;
  /** Port of the page server; 0 takes a free one. */
  port?: number;
  /** Receives console errors of the page, one line each. */
  onLog?: (line: string) => void;
}

/** A browser with the engine's page open. One request at a time. */
export interface Session {
  /** Sends a request; resolves to its final event. Throws `SessionLost` when the browser goes away first. */
  send(request: Request, onProgress?: (event: Progress) => void): Promise<Final>;
  close(): Promise<void>;
  /** Browser name and version. */
  version: string;
  /** Process id of the browser and its profile folder, gone after `close`. */
  pid: number | undefined;
  profile: string;
}

const LAUNCH_MS = 60_000;
/** A browser that has not closed by then is killed. */
const CLOSE_MS = 5000;
const open = new Set<Session>();

/** Closes every open session. For signal handlers. */
export async function closeAllSessions(): Promise<void> {
  await Promise.allSettled([...open].map(session => session.close()));
}

/**
 * Starts a browser, opens the engine's page in it and speaks the protocol with it.
 * @throws InputError when there is no browser or the port is busy, MachineError when it does not start.
 */
export async function openSession(options: SessionOptions): Promise<Session> {
  const executablePath = browserPath();
  const server = await servePage(options.bundle, options.port);
  const profile = await mkdtemp(join(tmpdir(), 'lengthwise-'));
  let browser: Browser | undefined;
  try {
    const isRoot = process.getuid?.() === 0;
    browser = await puppeteer.launch({
      executablePath,
      headless: true,
      userDataDir: profile,
      args: chromeFlags(
        options.adapter,
        isRoot,
        existsSync('/dev/dri') || existsSync('/dev/nvidia0'),
        options.profile,
      ),
      timeout: LAUNCH_MS,
      protocolTimeout: 0,
      // Over a pipe the browser ends with this process, however that ends.
      pipe: true,
      // The command line closes sessions itself, after it has said where the results lie.
      handleSIGINT: false,
      handleSIGTERM: false,
      handleSIGHUP: false,
    });
    const session = await connect(browser, server, profile, options);
    open.add(session);
    return session;
  } catch (error) {
    await browser?.close().catch(() => {});
    await server.close();
    await rm(profile, { recursive: true, force: true });
    if (error instanceof InputError || error instanceof MachineError) throw error;
    throw new MachineError(
      `${executablePath} did not start: ${messageOf(error).split('\n')[0]}`,
      'Try `lengthwise doctor`, or another browser through LENGTHWISE_CHROME.',
      { cause: error },
    );
  }
}

async function connect(
  browser: Browser,
  server: PageServer,
  profile: string,
  options: SessionOptions,
): Promise<Session> {
  const page = await browser.newPage();
  let receive: (event: EngineEvent) => void = () => {};
  let lose: (error: SessionLost) => void = () => {};
  let busy = false;
  const log = (line: string) => options.onLog?.(line);
  page.on('console', message => {
    if (message.type() === 'error' || message.type() === 'warn') log(`page: ${message.text()}`);
  });
  page.on('pageerror', error => log(`page: ${messageOf(error)}`));
  page.on('error', error => lose(new SessionLost(`the page crashed (${messageOf(error)})`)));
  page.on('close', () => lose(new SessionLost('the page was closed')));
  browser.on('disconnected', () => lose(new SessionLost('the browser went away')));
  await page.exposeFunction('lengthwiseEmit', (json: string) => {
    const parsed = eventSchema.safeParse(JSON.parse(json));
    if (parsed.success) receive(parsed.data);
    else
      lose(
        new SessionLost(
          `the page sent an event that is not in the protocol: ${parsed.error.issues[0]?.message}`,
        ),
      );
  });
  await page.goto(server.url, { timeout: LAUNCH_MS });
  await page.waitForFunction('window.lengthwise !== undefined', { timeout: LAUNCH_MS });

  const session: Session = {
    version: await browser.version(),
    pid: browser.process()?.pid,
    profile,
    async send(request, onProgress) {
      if (busy) throw new Error('a session answers one request at a time');
      busy = true;
      const json = JSON.stringify(requestSchema.parse(request));
      const answer = new Promise<Final>((resolve, reject) => {
        lose = reject;
        receive = event => (event.event === 'progress' ? onProgress?.(event) : resolve(event));
        evaluate(page, json).catch((error: unknown) => {
          reject(
            new SessionLost(`the page did not answer (${messageOf(error).split('\n')[0]})`, undefined, {
              cause: error,
            }),
          );
        });
      });
      try {
        return await answer;
      } finally {
        busy = false;
      }
    },
    async close() {
      open.delete(session);
      lose = () => {};
      const patience = setTimeout(() => browser.process()?.kill('SIGKILL'), CLOSE_MS);
      await browser.close().catch(() => {});
      clearTimeout(patience);
      browser.process()?.kill('SIGKILL');
      await server.close();
      await rm(profile, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
    },
  };
  return session;
}

function evaluate(page: Page, requestJson: string): Promise<void> {
  return page.evaluate(
    json =>
      (window as unknown as { lengthwise: { handle(json: string): Promise<void> } }).lengthwise.handle(json),
    requestJson,
  );
}
