import type { AdapterPreference } from '../shared/protocol.ts';
import type { OwnRuntime, Protocol } from './conversation.ts';
import type { Patience } from './deadline.ts';
import type { Tabs } from './tabs.ts';
import type { Driver } from './vulkan.ts';

/** How a session is opened, and in which runtime. */
export type SessionOptions = EngineOptions &
  ({ runtime: OwnRuntime } | { runtime: 'tab' /** Where tabs come from. */; tabs: Tabs });

export interface EngineOptions {
  adapter: AdapterPreference;
  /** The folder that the build wrote: `dist`. */
  built: string;
  /** What that engine can be asked, where it is not the one that ships. */
  protocol?: Protocol | undefined;
  /** Whether timestamps must be exact, for `run --profile`; Dawn's always are. */
  profile?: boolean;
  /** Port of the page server; 0 takes a free one. Dawn needs none. */
  port?: number;
  /** The driver that Dawn is shown; the best that works unless given. */
  driver?: Driver;
  /** How long it is waited for, where that is not the usual. */
  patience?: Partial<Patience>;
  /** Receives what the engine's page or process complains of, one line each. */
  onLog?: (line: string) => void;
}
