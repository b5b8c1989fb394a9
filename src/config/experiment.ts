import { InputError } from '../shared/errors.ts';
import { type FileTask, testLengthsOf } from './file-task.ts';
import { explain, type Problem } from './problems.ts';
import { readFiles } from './read-files.ts';
import { type ExperimentFile, experimentJsonSchema, experimentSchema } from './schema.ts';
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
  return withFiles(validate(await readYaml(file, sets, size), file));
}

/** As `loadExperiment`, from text. A task of files is left unread: it has no cells. */
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
  if (train.positions !== 'last')
    say('train.positions', 'the files of a file task say which positions have targets');
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
  const parsed = experimentSchema.safeParse(value);
  if (!parsed.success) {
    const schema = experimentJsonSchema();
    throw complaint(
      source.where,
      parsed.error.issues.flatMap(issue => explain(issue, source.value, schema)),
    );
  }
  const problems = fileProblems(parsed.data);
  if (problems.length > 0) throw complaint(source.where, problems);
  return { file, name: parsed.data.name, content: parsed.data, where: source.where };
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
