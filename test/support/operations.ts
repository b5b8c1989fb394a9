import type { Operations } from '../../src/engine/engine.ts';
import { OPERATIONS } from '../../src/engine/operations.ts';
import { setFaults, withFaults } from './faults.ts';
import { gradientOf } from './inspect.ts';
import { attentionOf } from './inspect-attention.ts';
import { correctOf } from './inspect-correct.ts';
import { overrun } from './overrun.ts';
import type { TestEvent, TestRequest } from './protocol.ts';
import { replay } from './replay.ts';

/** What the engine of the tests can be asked: everything that ships, and what lies inside it. */
export const TEST_OPERATIONS: Operations<TestRequest, TestEvent> = {
  ...OPERATIONS,
  train: withFaults(OPERATIONS.train),
  faults: setFaults,
  gradient: gradientOf,
  attention: attentionOf,
  correct: correctOf,
  overrun,
  replay,
};
