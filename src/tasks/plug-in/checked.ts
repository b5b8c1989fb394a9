import { z } from 'zod';
import { InputError, messageOf } from '../../shared/errors.ts';
import { MOST_SYMBOLS } from '../../shared/records.ts';
import { deviceKnobsSchema, tokensOf } from '../../shared/task.ts';
import { isDrawnOnDevice } from '../device.ts';
import type { Law } from '../laws/law.ts';
import type { Knobs, Task, TaskShape } from '../task.ts';
import { type Exported, exportedSchema } from './exported.ts';
import { inTime, OutOfTime } from './in-time.ts';

const count = z.int().min(0);
const shapeSchema: z.ZodType<TaskShape> = z.object({
  vocabulary: count.min(2).max(MOST_SYMBOLS),
  outputs: count.min(1),
  period: count.min(1),
  locality: count,
  layers: count.min(1),
  order: count,
});

/** What is wrong with an answer, in words; undefined where nothing is. */
type Problem = (answer: unknown) => string | undefined;

/** Asks a function of a module for what it says of some knobs, and looks at the answer. */
type Ask = <T>(what: string, knobs: Knobs, ask: () => T, problem: Problem) => T;

/**
 * The task that a module exports, with every answer of its functions looked at, and none of them waited for without end.
 * @throws InputError when it is none, or one of its examples is not what it computes; its functions throw the same when they throw, hang,
 *   or answer with something else than they must
 */
export function checkedPlugIn(exported: unknown, file: string, kind: string, patienceMs?: number): Task {
  const parsed = exportedSchema.safeParse(exported);
  if (!parsed.success) {
    const { path, message } = parsed.error.issues[0]!;
    throw wrong(file, `its default export is no task: ${path.join('.') || 'the whole'}: ${message}`);
  }
  const ask: Ask = (what, knobs, call, problem) => {
    const at = `${what} at ${JSON.stringify(knobs)}`;
    let answer: ReturnType<typeof call>;
    try {
      answer = inTime(call, patienceMs);
    } catch (error) {
      throw wrong(
        file,
        error instanceof OutOfTime ? `${at} ${error.message}` : `${at} threw: ${messageOf(error)}`,
      );
    }
    const found = problem(answer);
    if (found !== undefined) throw wrong(file, `${at} is wrong: ${found}`);
    return answer;
  };
  const task = withChecks(parsed.data, kind, ask);
  for (const { knobs, tokens, target } of task.examples) {
    const [computed] = task.targets(tokens, knobs, [tokens.length]) as [number[] | null];
    const same =
      computed?.length === target.length &&
      computed.every((x, o) => Math.abs(x - target[o]!) <= 1e-12 * Math.max(1, Math.abs(x)));
    if (!same)
      throw wrong(
        file,
        `example ${tokens.join(' ')} with ${JSON.stringify(knobs)}: the target is said to be [${target.join(', ')}], targets gives ${computed ? `[${computed.join(', ')}]` : 'none'}`,
      );
  }
  return task;
}

function withChecks(own: Exported, kind: string, ask: Ask): Task {
  const { summary, knobs, complexity, examples, wgsl, law, positions, classes } = own;
  const { refuse, scratchWords, limit, limitVariance, shortError } = own;
  const shape = remembered(at => ask('shape', at, () => own.shape(at), shapeProblem(own)));
  return {
    ...{ kind, summary, knobs, complexity, examples, wgsl, shape },
    ...(positions ? { positions } : {}),
    ...(classes ? { classes } : {}),
    ...(law ? { law: checkedLaw(law, shape, ask) } : {}),
    targets: (tokens, at, reads) =>
      ask('targets', at, () => own.targets(tokens, at, reads), targetsProblem(shape(at), reads.length, own)),
    wgslKnobs: remembered(at => ask('wgslKnobs', at, () => own.wgslKnobs(at), fits(deviceKnobsSchema))),
    ...(refuse
      ? { refuse: remembered(at => ask('refuse', at, () => refuse(at), fits(z.string().optional()))) }
      : {}),
    ...(scratchWords
      ? { scratchWords: remembered(at => ask('scratchWords', at, () => scratchWords(at), fits(count))) }
      : {}),
    ...(limit ? { limit: checkedLimit(limit, shape, ask) } : {}),
    ...(limitVariance
      ? {
          limitVariance: (at, name, alpha) =>
            ask('limitVariance', at, () => limitVariance(at, name, alpha), fits(z.number().optional())),
        }
      : {}),
    ...(shortError
      ? {
          shortError: (at, short) =>
            ask('shortError', at, () => shortError(at, short), fits(z.number().optional())),
        }
      : {}),
  };
}

function checkedLimit(limit: NonNullable<Exported['limit']>, shape: Task['shape'], ask: Ask): typeof limit {
  return (chain, at) => {
    const of = ask('limit', at, () => limit(chain, at), fits(z.custom(value => typeof value === 'function')));
    const problem = fits(z.array(z.number()).length(shape(at).outputs));
    return last => ask('limit', at, () => of(last), problem);
  };
}

function checkedLaw(law: NonNullable<Exported['law']>, shape: Task['shape'], ask: Ask): Law {
  const { tokens, shortest, longest, scratchWords, wgsl } = law;
  return {
    wgsl,
    ...(tokens ? { tokens } : {}),
    ...(shortest === undefined ? {} : { shortest }),
    ...(longest
      ? { longest: remembered(at => ask('law.longest', at, () => longest(at), fits(count.min(1)))) }
      : {}),
    scratchWords: (vocabulary, order) =>
      ask('law.scratchWords', {}, () => scratchWords(vocabulary, order), fits(count)),
    draw(stream, length, parameters) {
      const { knobs: at = {} } = parameters;
      const problem = tokensProblem(shape(at).vocabulary, tokensOf(tokens ? { tokens } : {}, length));
      return Uint8Array.from(ask('law.draw', at, () => law.draw(stream, length, parameters), problem));
    },
  };
}

const fits =
  (schema: z.ZodType): Problem =>
  answer => {
    const { success, error } = schema.safeParse(answer);
    return success ? undefined : [...error.issues[0]!.path, error.issues[0]!.message].join(': ');
  };

function shapeProblem(own: Exported): Problem {
  const most = own.classes && !isDrawnOnDevice(own) ? MOST_SYMBOLS : Number.POSITIVE_INFINITY;
  return fits(
    shapeSchema.refine(
      ({ outputs }) => outputs <= most,
      `outputs: classes without WGSL are ${MOST_SYMBOLS} at most`,
    ),
  );
}

/** Of lists of numbers there are many, so these are looked at without a schema. */
function targetsProblem(
  { outputs }: TaskShape,
  reads: number,
  { classes, positions }: Pick<Exported, 'classes' | 'positions'>,
): Problem {
  return answer => {
    if (!Array.isArray(answer) || answer.length !== reads) return `expected a list of ${reads} targets`;
    const at = answer.findIndex(
      target => !(isTarget(target, outputs, classes) || (positions && target === null)),
    );
    if (at < 0) return undefined;
    const expected = classes ? `a 1 among ${outputs} numbers that are else 0` : `${outputs} finite numbers`;
    return `${at}: expected ${expected}${positions ? ', or null' : ''}`;
  };
}

function isTarget(target: unknown, outputs: number, classes?: boolean): boolean {
  if (!Array.isArray(target) || target.length !== outputs || !target.every(Number.isFinite)) return false;
  return (
    !classes ||
    (target.filter(x => x === 1).length === 1 && target.filter(x => x === 0).length === outputs - 1)
  );
}

function tokensProblem(vocabulary: number, most: number): Problem {
  return answer => {
    const tokens = answer as ArrayLike<unknown> | null | undefined;
    const { length } = tokens ?? {};
    if (!(Array.isArray(tokens) || ArrayBuffer.isView(tokens)) || !length || length > most)
      return `expected a list of 1 to ${most} tokens`;
    for (let i = 0; i < length; i++) {
      const token = tokens[i];
      if (!Number.isInteger(token) || (token as number) < 0 || (token as number) >= vocabulary)
        return `${i}: ${token} is no token of 0 … ${vocabulary - 1}`;
    }
    return undefined;
  };
}

/** What a function says of knobs, asked once for each. */
function remembered<T>(of: (knobs: Knobs) => T): (knobs: Knobs) => T {
  const known = new Map<string, T>();
  return knobs => {
    const key = JSON.stringify(knobs);
    if (!known.has(key)) known.set(key, of(knobs));
    return known.get(key) as T;
  };
}

const wrong = (file: string, what: string) =>
  new InputError(`${file}: ${what}`, 'See docs/tasks.md, "A task as a plug-in".');
