import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import puppeteer, { type Browser, type Page } from 'puppeteer';
import { InputError, MachineError, messageOf } from '../shared/errors.ts';
import type { AdapterPreference } from '../shared/protocol.ts';
import { browserPath } from './browser.ts';
import { SessionLost } from './conversation.ts';
import { chromeFlags } from './flags.ts';
import { type PageServer, servePage } from './page-server.ts';
import { isStopping, track, untrack } from './stopping.ts';
import { hasGpu, surroundings } from './vulkan.ts';

export interface ChromePageOptions {
  adapter: AdapterPreference;
  /** Whether timestamps must be exact. */
  profile?: boolean;
  /** Path of the page's script. Files beside and below it are served too. */
  bundle: string;
  /** Port of the page server; 0 takes a free one. */
  port?: number;
  /** Content security policy of the page; scripts and data of its own folder only, unless given. */
  policy?: string;
  /** More folders for the page server (`page-server.ts`). */
  folders?: Record<string, string>;
  extraFlags?: string[];
  /** Functions on the page's `window` that call back into Node. */
  functions?: Record<string, (text: string) => void>;
  /** JavaScript that is true once the page's script is ready; awaited. */
  ready?: string;
  /** Receives errors and warnings of the page's console, one line each. */
  onLog?: (line: string) => void;
  /** Told once when the page crashes or the browser goes away, unless `close` did it. */
  onLost?: (error: SessionLost) => void;
}

/** A headless browser of its own with one page open, its script loaded. */
export interface ChromePage {
  page: Page;
  /** Browser name and version. */
  version: string;
  pid: number | undefined;
  /** Profile folder, gone after `close`. */
  profile: string;
  close(): Promise<void>;
}

const LAUNCH_MS = 60_000;
/** A browser that has not closed by then is killed. */
const CLOSE_MS = 5000;

/**
 * Starts a browser and opens a page of ours in it.
 * @throws InputError when there is no browser or the port is busy, MachineError when it does not start.
 */
export async function openChromePage(options: ChromePageOptions): Promise<ChromePage> {
  const executablePath = browserPath();
  const server = await servePage(options.bundle, options);
  const profile = await mkdtemp(join(tmpdir(), 'lengthwise-'));
  const held: Held = { server, profile, browser: undefined, closed: false, close: () => close(held) };
  track(held);
  try {
    held.browser = await puppeteer.launch({
      executablePath,
      headless: true,
      userDataDir: profile,
      args: [...flags(options), ...(options.extraFlags ?? [])],
      timeout: LAUNCH_MS,
      protocolTimeout: 0,
      // Over a pipe the browser ends with this process, however that ends.
      pipe: true,
      // The command line closes sessions itself, after it has said where the results lie.
      handleSIGINT: false,
      handleSIGTERM: false,
      handleSIGHUP: false,
    });
    if (held.closed) throw new Error('the program was told to stop');
    const page = await openPage(held.browser, server, held, options);
    return {
      page,
      version: await held.browser.version(),
      pid: held.browser.process()?.pid,
      profile,
      close: held.close,
    };
  } catch (error) {
    await held.close();
    if (isStopping()) return new Promise(() => {});
    if (error instanceof InputError || error instanceof MachineError) throw error;
    throw new MachineError(
      `${executablePath} did not start: ${messageOf(error).split('\n')[0]}`,
      'Try `lengthwise doctor`, or another browser through LENGTHWISE_CHROME.',
      { cause: error },
    );
  }
}

/** What must be given back, from before the browser starts. */
interface Held {
  server: PageServer;
  profile: string;
  browser: Browser | undefined;
  closed: boolean;
  close(): Promise<void>;
}

function flags({ adapter, profile }: ChromePageOptions): string[] {
  const isRoot = process.getuid?.() === 0;
  return chromeFlags(adapter, isRoot, hasGpu(surroundings()), profile);
}

async function openPage(
  browser: Browser,
  server: PageServer,
  held: Held,
  options: ChromePageOptions,
): Promise<Page> {
  const page = await browser.newPage();
  const lose = (what: string) => {
    if (!held.closed) options.onLost?.(new SessionLost(what));
  };
  page.on('console', message => {
    if (message.type() === 'error' || message.type() === 'warn') options.onLog?.(`page: ${message.text()}`);
  });
  page.on('pageerror', error => options.onLog?.(`page: ${messageOf(error)}`));
  page.on('error', error => lose(`the page crashed (${messageOf(error)})`));
  page.on('close', () => lose('the page was closed'));
  browser.on('disconnected', () => lose('the browser went away'));
  for (const [name, call] of Object.entries(options.functions ?? {})) await page.exposeFunction(name, call);
  await page.goto(server.url, { timeout: LAUNCH_MS });
  if (options.ready) await page.waitForFunction(options.ready, { timeout: LAUNCH_MS });
  return page;
}

async function close(held: Held): Promise<void> {
  held.closed = true;
  const { browser } = held;
  const patience = setTimeout(() => browser?.process()?.kill('SIGKILL'), CLOSE_MS);
  await browser?.close().catch(() => {});
  clearTimeout(patience);
  browser?.process()?.kill('SIGKILL');
  await held.server.close();
  await rm(held.profile, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
  untrack(held);
}
