import { InputError } from '../shared/errors.ts';
import { explain, type Problem } from './problems.ts';
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
 * Reads and validates an experiment file. `sets` are `--set path=value` assignments, `size` one of the file's `sizes`.
 * @throws InputError with one line a problem: file, line, path, what is wrong.
 */
export async function loadExperiment(
  file: string,
  sets: readonly string[] = [],
  size?: string,
): Promise<Experiment> {
  return validate(await readYaml(file, sets, size), file);
}

/** As `loadExperiment`, from text. */
export function parseExperiment(
  text: string,
  file: string,
  sets: readonly string[] = [],
  size?: string,
): Experiment {
  return validate(parseYaml(text, file, sets, size), file);
}

function validate(source: YamlSource, file: string): Experiment {
  const parsed = experimentSchema.safeParse(source.value);
  if (!parsed.success) {
    const schema = experimentJsonSchema();
    throw complaint(
      source.where,
      parsed.error.issues.flatMap(issue => explain(issue, source.value, schema)),
    );
  }
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
