import type { Page } from 'puppeteer-core';
import { InputError, MachineError, messageOf } from '../shared/errors.ts';
import type { AdapterPreference } from '../shared/protocol.ts';
import { browserPath } from './browser.ts';
import { type Chrome, startChrome, tooLate } from './chrome-process.ts';
import { SessionLost } from './conversation.ts';
import { PATIENCE, type Patience, withDeadline } from './deadline.ts';
import { chromeFlags } from './flags.ts';
import { type PageServer, type PageServerOptions, servePage } from './page-server.ts';
import { isStopping } from './stopping.ts';
import { hasGpu, surroundings } from './vulkan.ts';

export interface ChromePageOptions {
  adapter: AdapterPreference;
  /** Whether timestamps must be exact. */
  profile?: boolean;
  /** Whether indices are checked against the bounds of buffers. */
  checked?: boolean;
  /** Path of the page's script. Files beside and below it are served too. */
  bundle: string;
  /** Port of the page server; 0 takes a free one. */
  port?: number;
  /** Content security policy of the page; scripts and data of its own folder only, unless given. */
  policy?: string;
  /** More folders, and what else the page server answers (`page-server.ts`). */
  folders?: Record<string, string>;
  answers?: NonNullable<PageServerOptions['answers']>;
  extraFlags?: string[];
  /** Functions on the page's `window` that call back into Node. */
  functions?: Record<string, (text: string) => void>;
  /** JavaScript that is true once the page's script is ready; awaited. */
  ready?: string;
  /** How long the browser is waited for, where that is not the usual. */
  patience?: Partial<Patience>;
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
  /** Ends every process of the browser at once. */
  kill(): void;
}

/**
 * Starts a browser and opens a page of ours in it.
 * @throws InputError when there is no browser or the port is busy, SessionStalled when it is not ready in time, MachineError when it does
 *   not start.
 */
export async function openChromePage(options: ChromePageOptions): Promise<ChromePage> {
  const executablePath = browserPath();
  const patience = { ...PATIENCE, ...options.patience };
  const began = performance.now();
  const server = await servePage(options.bundle, options);
  let chrome: Chrome | undefined;
  const close = async () => {
    await chrome?.close();
    await server.close();
  };
  try {
    chrome = await startChrome(executablePath, [...flags(options), ...(options.extraFlags ?? [])], patience);
    const left = Math.max(0, patience.launchMs - (performance.now() - began));
    const opened = openPage(chrome, server, options);
    const late = () => tooLate(executablePath, patience.launchMs);
    const page = await withDeadline(left, opened, late);
    const { pid, profile, kill } = chrome;
    return { ...page, pid, profile, close, kill };
  } catch (error) {
    chrome?.kill();
    await close();
    if (isStopping()) return new Promise(() => {});
    if (error instanceof InputError || error instanceof MachineError) throw error;
    throw new MachineError(
      `${executablePath} did not start: ${messageOf(error).split('\n')[0]}`,
      'Try `lengthwise doctor`, or another browser through LENGTHWISE_CHROME.',
      { cause: error },
    );
  }
}

function flags({ adapter, ...more }: ChromePageOptions): string[] {
  const isRoot = process.getuid?.() === 0;
  return chromeFlags(adapter, isRoot, hasGpu(surroundings()), more);
}

async function openPage(
  chrome: Chrome,
  server: PageServer,
  { functions = {}, ready, onLog, onLost }: ChromePageOptions,
): Promise<{ page: Page; version: string }> {
  const { browser } = chrome;
  const page = await browser.newPage();
  const lose = (what: string) => {
    if (!chrome.ended) onLost?.(new SessionLost(what));
  };
  page.on('console', message => {
    if (message.type() === 'error' || message.type() === 'warn') onLog?.(`page: ${message.text()}`);
  });
  page.on('pageerror', error => onLog?.(`page: ${messageOf(error)}`));
  page.on('error', error => lose(`the page crashed (${messageOf(error)})`));
  page.on('close', () => lose('the page was closed'));
  browser.on('disconnected', () => lose('the browser went away'));
  for (const [name, call] of Object.entries(functions)) await page.exposeFunction(name, call);
  await page.goto(server.url, { timeout: 0 });
  if (ready) await page.waitForFunction(ready, { timeout: 0 });
  return { page, version: await browser.version() };
}
