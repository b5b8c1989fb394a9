import type { Task } from '../task.ts';
import { addition } from './addition.ts';
import { binaryMajority } from './binary-majority.ts';
import { copyRepeats, copyUnique } from './copy.ts';
import { cycleNavigation } from './cycle-navigation.ts';
import { dyck1 } from './dyck-1.ts';
import { evenPairs } from './even-pairs.ts';
import { majority } from './majority.ts';
import { majorityInterleave } from './majority-interleave.ts';
import { modularArithmetic } from './modular-arithmetic.ts';
import { parity } from './parity.ts';
import { sort } from './sort.ts';
import { tomita } from './tomita.ts';

/** The tasks that the field argues about (docs/suite.md). */
export const SUITE: readonly Task[] = [
  binaryMajority,
  majority,
  majorityInterleave,
  sort,
  copyUnique,
  copyRepeats,
  parity,
  addition,
  evenPairs,
  modularArithmetic,
  cycleNavigation,
  dyck1,
  tomita,
];
