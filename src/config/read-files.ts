import { dirname, isAbsolute, join } from 'node:path';
import { placeOf } from '../data/build.ts';
import { type DataFiles, readDataSet } from '../data/data-set.ts';
import { filesOf } from '../data/glob.ts';
import type { Found, PartSummary, Summary } from '../data/summary.ts';
import { InputError } from '../shared/errors.ts';
import type { Positions } from '../shared/protocol.ts';
import type { HostTask } from '../shared/task.ts';
import type { FileTask, FoundInFiles } from './file-task.ts';
import type { Problem } from './problems.ts';

/** What a file task comes to, or what is wrong with what the experiment says of its files. */
export type Read = { found: FoundInFiles; positions: Positions } | { problems: Problem[] };

/**
 * Finds, reads and checks the files of a task. Names are relative to the folder of the experiment `file`.
 * @param sequences training sequences that the training loss is measured on
 * @throws InputError with file and line where a file itself is at fault.
 */
export async function readFiles(task: FileTask, file: string, sequences: number): Promise<Read> {
  const folder = dirname(file);
  const problems: Problem[] = [];
  const find = async (pattern: string, path: string[]) => {
    const names = await filesOf(pattern, folder);
    if (names.length === 0) problems.push({ path, message: `no file matches ${pattern} in ${folder}` });
    return names.map(name => (isAbsolute(name) ? name : join(folder, name)));
  };
  const train = await find(task.train, ['task', 'train']);
  const tests: DataFiles['tests'][number][] = [];
  for (const [length, pattern] of Object.entries(task.test).sort(([a], [b]) => Number(a) - Number(b)))
    tests.push({ length: Number(length), files: await find(pattern, ['task', 'test', length]) });
  if (problems.length > 0) return { problems };
  const files = { train, tests };
  const { content, summary } = await readDataSet(files);
  const { vocabulary, outputs } = sizesOf(task, files, summary);
  const reads = readsOf(summary.train);
  const fed: HostTask = {
    source: 'host',
    name: 'file',
    maker: { kind: 'file', content },
    form: summary.form,
    labels: summary.train.targets / summary.train.sequences,
    points: [
      { ...pointOf(summary.train), sequences },
      ...summary.tests.map(test => ({ ...pointOf(test), sequences: test.sequences })),
    ],
  };
  const found = { trained: summary.trained, vocabulary, outputs, lengths: summary.train.lengths, fed };
  return { found, positions: reads };
}

function pointOf(part: PartSummary): Omit<HostTask['points'][number], 'sequences'> {
  const { mostWords, words, variance } = part;
  return { reads: readsOf(part), mostWords, words, variance };
}

/** Which positions a part of the data reads: the last or every one where all sequences agree, else as many as a sequence has targets. */
function readsOf({ last, every, mostTargets }: PartSummary): Positions {
  if (last) return 'last';
  return every ? 'every' : mostTargets;
}

/** @throws InputError with file and line of what is beyond the vocabulary, the outputs or a test length. */
function sizesOf(
  task: FileTask,
  { train, tests }: DataFiles,
  summary: Summary,
): { vocabulary: number; outputs: number } {
  const parts = [
    { files: train, part: summary.train },
    ...tests.map(({ files }, t) => ({ files, part: summary.tests[t]! })),
  ];
  const at = (files: readonly string[], { file, number }: Found) => placeOf(files[file]!, number);
  const most = (of: (part: PartSummary) => number) => Math.max(...parts.map(({ part }) => of(part)));
  const vocabulary = task.vocabulary ?? Math.max(2, most(part => part.largestToken.value) + 1);
  const classes = most(part => part.largestClass?.value ?? 0) + 1;
  const outputs = task.outputs ?? (summary.form === 'vectors' ? summary.width : classes);
  for (const { files, part } of parts) {
    const { largestToken: token, largestClass: label } = part;
    if (token.value >= vocabulary)
      throw new InputError(
        `${at(files, token)}: token ${token.value} is not in a vocabulary of ${vocabulary}`,
        'Raise task.vocabulary, or leave it out.',
      );
    if (label && label.value >= outputs)
      throw new InputError(
        `${at(files, label)}: class ${label.value} is not one of ${outputs} outputs`,
        'Raise task.outputs, or leave it out.',
      );
  }
  if (summary.form === 'vectors' && outputs !== summary.width)
    throw new InputError(
      `${placeOf(train[0]!, 1)}: target 1 has ${summary.width} outputs, task.outputs says ${outputs}`,
      'Change task.outputs, or leave it out.',
    );
  tests.forEach(({ length, files }, t) => {
    const { longest } = summary.tests[t]!;
    if (longest.value > length)
      throw new InputError(
        `${at(files, longest)}: ${longest.value} tokens are more than the test length ${length}`,
        'A test length is the greatest length of its sequences.',
      );
  });
  return { vocabulary, outputs };
}
