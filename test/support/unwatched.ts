import type { CollectorEvents } from '../../src/queue/collector.ts';

/** Events of a collector that nobody looks at. */
export const UNWATCHED: Omit<CollectorEvents, 'keep'> = {
  say: () => {},
  standing: () => {},
  progress: () => {},
  left: () => {},
  lost: () => {},
};
