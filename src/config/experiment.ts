import { dirname } from 'node:path';
import { InputError } from '../shared/errors.ts';
import { nearest } from '../shared/nearest.ts';
import { loadPlugIn, plugInFile } from '../tasks/plug-in/load.ts';
import type { Task } from '../tasks/task.ts';
import { knobNames, taskWritten, type WrittenTask } from '../tasks/written.ts';
import { type FileTask, testLengthsOf } from './file-task.ts';
import { explain, type Problem } from './problems.ts';
import { readFiles } from './read-files.ts';
import { type ExperimentFile, experimentJsonSchema, parseContent } from './schema.ts';
import { parseYaml, readYaml, type YamlSource } from './yaml.ts';

/** A validated experiment: the file's own content, lists kept as grid axes. */
export interface Experiment {
  /** Where it came from, for messages. */
  file: string;
  name: string;
  content: ExperimentFile;
  /** `file:line` of a path, for complaints that need the whole grid. */
  where: YamlSource['where'];
}

/** Problems shown at once. */
const SHOWN = 8;

/**
 * Reads and validates an experiment file, and the files of sequences that its task names. `sets` are `--set path=value` assignments,
 * `size` one of the file's `sizes`.
 * @throws InputError with one line a problem: file, line, path, what is wrong.
 */
export async function loadExperiment(
  file: string,
  sets: readonly string[] = [],
  size?: string,
): Promise<Experiment> {
  return withFiles(validate(await withPlugIn(await readYaml(file, sets, size), file), file));
}

/** What a file says, with the hash of the source of a task that is a plug-in: that plug-in is loaded. */
async function withPlugIn(source: YamlSource, file: string): Promise<YamlSource> {
  const { task } = (source.value ?? {}) as { task?: { kind?: unknown } };
  const module = plugInFile(task?.kind, dirname(file));
  if (module === undefined) return source;
  const { source: hash } = await loadPlugIn(module, task!.kind as string);
  return { ...source, value: { ...(source.value as object), task: { ...task, source: hash } } };
}

/** As `loadExperiment`, from text, whose task may be no plug-in. A task of files is left unread: it has no cells. */
export function parseExperiment(
  text: string,
  file: string,
  sets: readonly string[] = [],
  size?: string,
): Experiment {
  return validate(parseYaml(text, file, sets, size), file);
}

/** What the files of a file task hold, in the place of what an experiment does not say of them. */
async function withFiles(experiment: Experiment): Promise<Experiment> {
  const { content, file, where } = experiment;
  if (content.task.kind !== 'file') return experiment;
  const read = await readFiles(content.task as FileTask, file, content.test.sequences);
  if ('problems' in read) throw complaint(where, read.problems);
  const task = { ...content.task, found: read.found };
  return {
    ...experiment,
    content: { ...content, task, train: { ...content.train, positions: read.positions } },
  };
}

/** What is wrong with a file task besides what its schema says. */
function fileProblems({ task, train, test }: ExperimentFile): Problem[] {
  if (task.kind !== 'file') return [];
  const lengths = testLengthsOf(task);
  const problems: Problem[] = [];
  const say = (path: string, message: string) => problems.push({ path: path.split('.'), message });
  if ((task as FileTask).found) say('task.found', 'is filled in by lengthwise itself');
  if ([...test.length].sort((a, b) => a - b).join() !== lengths.join())
    say('test.length', `the test lengths of a file task are those of task.test: ${lengths.join(', ')}`);
  if (train.positions !== undefined && train.positions !== 'last')
    say('train.positions', 'the files of a file task say which positions have targets');
  if (test.span !== undefined)
    say('test.span', 'the sequences of a file task have the lengths that they have');
  if (train.lengthMode !== 'uniform')
    say('train.lengthMode', 'the sequences of a file task have the lengths that they have');
  return problems;
}

function validate(source: YamlSource, file: string): Experiment {
  const lengths = testLengthsOf(source.value.task);
  const { test = {} } = source.value;
  // A file task names its test lengths beside their files.
  const value =
    lengths.length > 0 && typeof test === 'object'
      ? { ...source.value, test: { length: lengths, ...test } }
      : source.value;
  const parsed = parseContent(value);
  if (!parsed.success) {
    const schema = experimentJsonSchema();
    throw complaint(
      source.where,
      parsed.error.issues.flatMap(issue => explain(issue, source.value, schema)),
    );
  }
  const { task } = parsed.data;
  const problems = task.kind === 'file' ? fileProblems(parsed.data) : taskProblems(task);
  if (problems.length > 0) throw complaint(source.where, problems);
  return { file, name: parsed.data.name, content: parsed.data, where: source.where };
}

/** What is wrong with a task whose knobs the schema does not know. */
function taskProblems(written: WrittenTask): Problem[] {
  let task: Task;
  try {
    task = taskWritten(written);
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    return [{ path: ['task', ...(written.target === undefined ? [] : ['target'])], message: error.message }];
  }
  const { shape } = task.knobs;
  const names = knobNames(written);
  const missing = Object.keys(shape).filter(
    name => !names.includes(name) && !shape[name]!.safeParse(undefined).success,
  );
  return [
    ...missing.map(name => ({ path: ['task', name], message: 'is missing' })),
    ...names.flatMap(name => {
      const path = ['task', name];
      const knob = shape[name];
      if (!knob) return [{ path, message: `unknown key, ${hintFor(name, Object.keys(shape))}` }];
      return [written[name]].flat().flatMap(value => {
        const message = knob.safeParse(value).error?.issues[0]?.message;
        return message === undefined ? [] : [{ path, message: `${value}: ${message}` }];
      });
    }),
  ];
}

function hintFor(name: string, known: readonly string[]): string {
  const guess = nearest(name, known);
  return guess ? `did you mean task.${guess}?` : `known here: ${known.join(', ')}`;
}

/** One error out of all problems of an experiment. */
export function complaint(where: YamlSource['where'], problems: Problem[]): InputError {
  const lines = problems.map(({ path, message }) => `${where(path)}: ${path.join('.')}: ${message}`);
  const rest = lines.length > SHOWN ? [`… and ${lines.length - SHOWN} more`] : [];
  return new InputError(
    [...lines.slice(0, SHOWN), ...rest].join('\n'),
    'Keys and defaults: docs/experiment-file.md.',
  );
}
