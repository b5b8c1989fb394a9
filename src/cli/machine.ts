import { chooseRuntime } from '../runtime/choose.ts';
import type { Candidate, Workplace } from '../runtime/examine.ts';
import { openSession, type Session } from '../runtime/session.ts';
import { Tabs } from '../runtime/tabs.ts';
import type { Driver } from '../runtime/vulkan.ts';
import { InputError } from '../shared/errors.ts';
import { builtFolder, type MachineOptions, version } from './options.ts';

/** What `--runtime auto` came to in this process, by `--adapter`. */
const chosen = new Map<string, Promise<Candidate>>();
/** The driver that served `--runtime dawn` in this process, by `--adapter`: another one gives other bits. */
const served = new Map<string, Driver>();

/** Starts engines for a verb, as its options say. */
export class Engines {
  private readonly options: MachineOptions;
  private readonly run: string;
  private readonly profile: boolean;
  private readonly workplace: Workplace;
  private tabs: Promise<Tabs> | undefined;
  private opened: Tabs | undefined;

  /**
   * @param run what is run, for a person with a tab
   * @param profile whether the engine's timestamps must be exact
   * @throws InputError for options that do not go together.
   */
  constructor(options: MachineOptions, run: string, onLog: (line: string) => void, profile = false) {
    const { runtime, port, host, stall } = options;
    if (host !== undefined && runtime !== 'tab')
      throw new InputError(
        `--host means nothing to --runtime ${runtime}`,
        'Its page is for this machine alone. Use it with --runtime tab.',
      );
    if (profile && runtime === 'tab')
      throw new InputError(
        '--profile: clocks of a tab are too coarse to time kernels by',
        'Profile with --runtime chrome or dawn.',
      );
    this.options = options;
    this.run = run;
    this.profile = profile;
    this.workplace = {
      built: builtFolder(),
      port,
      onLog,
      ...(stall === undefined ? {} : { patience: { stallMs: 1000 * stall } }),
    };
  }

  /**
   * Starts an engine, for the caller to close; `--runtime auto` is measured, or remembered.
   * @throws as `openSession` and `chooseRuntime`.
   */
  async open(): Promise<Session> {
    const { runtime, adapter } = this.options;
    const own = { adapter, profile: this.profile, ...this.workplace };
    if (runtime === 'tab') {
      this.tabs ??= this.openTabs();
      this.opened = await this.tabs;
      return openSession({ runtime, tabs: this.opened, ...own });
    }
    if (runtime !== 'auto') {
      const driver = served.get(adapter);
      const session = await openSession({ runtime, ...own, ...(driver ? { driver } : {}) });
      if (session.driver) served.set(adapter, session.driver);
      return session;
    }
    const choice = chosen.get(adapter) ?? chooseRuntime(adapter, this.workplace, version);
    chosen.set(adapter, choice);
    return openSession({ ...own, ...(await choice) });
  }

  /** Whether `open` would wait for somebody to open a tab. */
  get mustWait(): boolean {
    return this.options.runtime === 'tab' && (this.opened?.isEmpty ?? true);
  }

  /** Lets tabs go. Sessions are closed by whoever opened them, before. */
  async close(): Promise<void> {
    await (await this.tabs?.catch(() => undefined))?.close();
  }

  private openTabs(): Promise<Tabs> {
    const { port, host } = this.options;
    const { built, onLog = () => {} } = this.workplace;
    return Tabs.open({ built, port, host, run: this.run, say: onLog });
  }
}

/** Has one engine do something for a verb. @throws as `Engines`, and as `work`. */
export async function withEngine<T>(
  options: MachineOptions,
  run: string,
  onLog: (line: string) => void,
  work: (session: Session) => Promise<T>,
): Promise<T> {
  const engines = new Engines(options, run, onLog);
  let session: Session | undefined;
  try {
    session = await engines.open();
    return await work(session);
  } finally {
    await session?.close();
    await engines.close();
  }
}
