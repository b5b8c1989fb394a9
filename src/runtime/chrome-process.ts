import type { Browser } from 'puppeteer-core';
import { SessionStalled } from './conversation.ts';
import { PATIENCE, type Patience, seconds, withDeadline } from './deadline.ts';
import { killGroup } from './processes.ts';
import { makeProfile, noteSocket, removeProfile, sweepProfiles } from './profile-folders.ts';
import { type Closable, isStopping, track, untrack } from './stopping.ts';

/** A headless browser of its own with a profile of its own. */
export interface Chrome extends Closable {
  browser: Browser;
  pid: number | undefined;
  /** Profile folder, gone after `close`. */
  profile: string;
  /** Whether `close` or `kill` has been called. */
  readonly ended: boolean;
}

/**
 * Starts a browser. Nothing of it outlives `close`, or this process, however that ends: it is spoken to over a pipe, and ends when the pipe
 * does. Past its deadlines the whole process group is killed.
 * @throws SessionStalled when it is not there in time, and whatever puppeteer throws when it does not start.
 */
export async function startChrome(
  executablePath: string,
  args: string[],
  { launchMs, closeMs }: Patience = PATIENCE,
): Promise<Chrome> {
  // Half a second of processor time to load: only where a browser is wanted, and before there is anything to clean up.
  const { default: puppeteer } = await import('puppeteer-core');
  await sweepProfiles();
  const profile = await makeProfile();
  const launch = new AbortController();
  let browser: Browser | undefined;
  let ended = false;
  let closing: Promise<void> | undefined;
  const kill = () => {
    ended = true;
    const pid = browser?.process()?.pid;
    if (pid === undefined) launch.abort();
    else killGroup(pid);
  };
  const end = async () => {
    ended = true;
    if (browser && !isStopping())
      await withDeadline(closeMs, browser.close(), () => new Error('did not close')).catch(() => {});
    kill();
    await removeProfile(profile);
    untrack(held);
  };
  const held: Closable = {
    kill,
    close() {
      closing ??= end();
      return closing;
    },
  };
  track(held);
  const launching = puppeteer.launch({
    executablePath,
    headless: true,
    userDataDir: profile,
    args,
    // Deadlines are set here: a browser that is stopped answers to none of puppeteer's, and a call may take hours.
    timeout: 0,
    protocolTimeout: 0,
    pipe: true,
    signal: launch.signal,
    // The command line closes sessions itself, after it has said where the results lie.
    handleSIGINT: false,
    handleSIGTERM: false,
    handleSIGHUP: false,
  });
  try {
    browser = await withDeadline(launchMs, launching, () => tooLate(executablePath, launchMs));
    if (ended) throw new Error('the program was told to stop');
    await noteSocket(profile);
  } catch (error) {
    await held.close();
    throw error;
  }
  return {
    browser,
    pid: browser.process()?.pid,
    profile,
    get ended() {
      return ended;
    },
    ...held,
  };
}

/** What becomes of a browser that did not start in time. */
export function tooLate(executablePath: string, launchMs: number): SessionStalled {
  return new SessionStalled(
    `${executablePath} was not ready in ${seconds(launchMs)}, its processes were killed`,
    'Try `lengthwise doctor`, or another browser through LENGTHWISE_CHROME.',
  );
}
