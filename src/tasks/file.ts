import { z } from 'zod';
import { InputError } from '../shared/errors.ts';
import type { Task } from './task.ts';

/**
 * A task whose sequences and targets are lines of files (`data/`): it has no law and no target function, only a shape. `trained` names the
 * content of the
 * training files.
 */
export const fileTask: Task = {
  kind: 'file',
  summary: 'sequences and targets out of files',
  knobs: z.strictObject({ vocabulary: z.int().min(1), outputs: z.int().min(1) }),
  complexity: [],
  shape: ({ vocabulary, outputs }) => ({
    ...{ vocabulary: vocabulary!, outputs: outputs! },
    ...{ period: 1, locality: 0, layers: 1, order: 0 },
  }),
  targets() {
    throw new InputError(
      'this task is files of sequences: what they do not hold has no target',
      'Use a model of a task that is drawn.',
    );
  },
  wgslKnobs: () => [0, 0, 0, 0],
  wgsl: '',
  examples: [],
};
