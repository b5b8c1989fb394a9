import { dirname } from 'node:path';
import { InputError } from '../shared/errors.ts';
import { nearest } from '../shared/nearest.ts';
import { loadPlugIn, plugInFile } from '../tasks/plug-in/load.ts';
import type { Task } from '../tasks/task.ts';
import { knobNames, taskWritten, type WrittenTask } from '../tasks/written.ts';
import { explain, type Problem } from './problems.ts';
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
 * Reads and validates an experiment file. `sets` are `--set path=value` assignments, `size` one of the file's `sizes`.
 * @throws InputError with one line a problem: file, line, path, what is wrong.
 */
export async function loadExperiment(
  file: string,
  sets: readonly string[] = [],
  size?: string,
): Promise<Experiment> {
  return validate(await withPlugIn(await readYaml(file, sets, size), file), file);
}

/** What a file says, with the hash of the source of a task that is a plug-in: that plug-in is loaded. */
async function withPlugIn(source: YamlSource, file: string): Promise<YamlSource> {
  const { task } = (source.value ?? {}) as { task?: { kind?: unknown } };
  const module = plugInFile(task?.kind, dirname(file));
  if (module === undefined) return source;
  const { source: hash } = await loadPlugIn(module, task!.kind as string);
  return { ...source, value: { ...(source.value as object), task: { ...task, source: hash } } };
}

/** As `loadExperiment`, from text, whose task may be no plug-in. */
export function parseExperiment(
  text: string,
  file: string,
  sets: readonly string[] = [],
  size?: string,
): Experiment {
  return validate(parseYaml(text, file, sets, size), file);
}

function validate(source: YamlSource, file: string): Experiment {
  const parsed = parseContent(source.value);
  if (!parsed.success) {
    const schema = experimentJsonSchema();
    throw complaint(
      source.where,
      parsed.error.issues.flatMap(issue => explain(issue, source.value, schema)),
    );
  }
  const problems = taskProblems(parsed.data.task);
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
