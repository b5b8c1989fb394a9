import type { Session } from '../runtime/session.ts';
import type { Trained } from '../runtime/supervise.ts';
import type { AdapterInfo } from '../shared/adapter.ts';

/** What counts of a trained pack, or of a share of one. */
type Counted = Pick<Trained, 'adapter' | 'trainSequences' | 'trainLabels' | 'trainSeconds'>;

/** What training in this process added up to. */
export class Totals {
  sequences = 0;
  /** Reads that carried a target. */
  labels = 0;
  trainSeconds = 0;
  /** What the last pack ran on; null until one did. */
  adapter: AdapterInfo | null = null;
  /** Name and version of the browser, or of Dawn. */
  browser: string | null = null;

  add(trained: Counted, session: Pick<Session, 'version'>): void {
    this.sequences += trained.trainSequences;
    this.labels += trained.trainLabels;
    this.trainSeconds += trained.trainSeconds;
    this.adapter = trained.adapter;
    this.browser = session.version;
  }
}
