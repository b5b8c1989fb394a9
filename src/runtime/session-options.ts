import type { AdapterPreference } from '../shared/protocol.ts';
import type { Driver } from './vulkan.ts';

/** Where the engine runs: in headless Chrome, or on Dawn in a Node process of its own. */
export type Runtime = 'chrome' | 'dawn';

export interface SessionOptions {
  runtime: Runtime;
  adapter: AdapterPreference;
  /** The folder that the build wrote: `dist`. */
  built: string;
  /** Port of the page server; 0 takes a free one. Dawn needs none. */
  port?: number;
  /** The driver that Dawn is shown; the best that works unless given. */
  driver?: Driver;
  /** Whether timestamps must be exact, for `run --profile`. */
  profile?: boolean;
  /** Receives what the engine's page or process complains of, one line each. */
  onLog?: (line: string) => void;
}
