import { complaint, type Experiment } from '../config/experiment.ts';
import type { FileTask } from '../config/file-task.ts';
import { canonicalHasher, digestOf } from '../config/hash.ts';
import type { Problem } from '../config/problems.ts';
import type { ExperimentFile } from '../config/schema.ts';
import { encodingOf } from '../model/encodings/registry.ts';
import { ruleOf } from '../model/rules/registry.ts';
import { InputError } from '../shared/errors.ts';
import { shapeProblems } from '../shared/model-config.ts';
import { tokensOf } from '../shared/task.ts';
import { deviceSource } from '../tasks/device.ts';
import { lawSchema, longestSequence, OWN_LAW } from '../tasks/laws/registry.ts';
import { taskAndKnobs, taskWritten } from '../tasks/written.ts';
import { ENGINE_HASH } from './engine-hash.ts';
import { type CellConfig, lawOfCell, resolveCell } from './resolve.ts';

/** One training run: a point of the grid. */
export interface Cell {
  /** Names the cell's results: hash of everything that decides them, the engine included, and of nothing else. */
  hash: string;
  /** The same whatever engine trains the cell. */
  configHash: string;
  /** The value of each axis, by path: always train.length and seed, and whatever else is a list in the file. */
  axes: Record<string, number | string | boolean | null>;
  config: CellConfig;
}

/** Which code trains cells. */
export interface Origin {
  /** Hash of the engine; null for cells of versions that did not name theirs. */
  engine: string | null;
  /** `CellConfig.source` by the name of the law; that of a law that is not there was no part of a cell. */
  sources: Readonly<Record<string, string>>;
}

/** A grid beyond this is a slip of the pen. */
const MAX_CELLS = 100_000;

const HASH_DIGITS = 12;

type Scalar = number | string | boolean | null;

/** Lists in these places are values, not axes. */
const NOT_AXES = new Set(['task.found', 'task.target', 'test.length', 'epsilon', 'model.phiInit', 'name']);
/** Always part of a cell's name, lists or not. */
const SEED = 'seed';
const ALWAYS = ['train.length', SEED];

/**
 * Every cell of an experiment, axes in the order of the schema, the last varying fastest.
 * @param origin the code that trains them, this build's unless given
 * @throws InputError when a combination is impossible, naming its line, or when there are too many.
 */
export function cellsOf(experiment: Experiment, origin = originHere(experiment)): Cell[] {
  const { engine, sources } = origin;
  const axes = findAxes(experiment.content);
  const size = axes.reduce((product, { values }) => product * values.length, 1);
  if (size > MAX_CELLS) {
    throw new InputError(
      `${experiment.file}: ${size.toLocaleString('en')} cells are more than ${MAX_CELLS.toLocaleString('en')}`,
      'Shorten a list, or split the experiment.',
    );
  }
  const problems = new Map<string, Problem>();
  const note = (problem: Problem) => problems.set(problem.path.join('.') + problem.message, problem);
  const cells = new Map<string, Cell>();
  const hashOf = canonicalHasher(HASH_DIGITS);
  // Seeds are the last axis and decide nothing else of a cell: what is the same for all of them is made once.
  const { values: seeds } = axes.find(({ path }) => path === SEED)!;
  const settings = axes.filter(({ path }) => path !== SEED);
  for (const values of product(settings)) {
    const scalars = new Map(settings.map(({ path }, i) => [path, values[i]!] as const));
    const setting = resolveCell(experiment.content, path => (path === SEED ? seeds[0] : scalars.get(path)));
    impossible(setting).forEach(note);
    const own = [...scalars].map(([path, value]) => [path, isUsed(path, setting) ? value : null]);
    const named: Cell['axes'] = Object.fromEntries(own);
    for (const seed of seeds) {
      const source = setting.fed ? undefined : sources[setting.data.law];
      const config = { ...setting, seed: seed as number, ...(source === undefined ? {} : { source }) };
      const configHash = hashOf(config);
      // An axis of one encoding makes no more cells of another.
      if (cells.has(configHash)) continue;
      const hash = engine === null ? configHash : digestOf(`${engine} ${configHash}`, HASH_DIGITS);
      cells.set(configHash, { hash, configHash, axes: { ...named, seed }, config });
    }
  }
  noSequences(experiment.content, cells.values()).forEach(note);
  unused(experiment.content, [...cells.values()]).forEach(note);
  tooShallow([...cells.values()]).forEach(note);
  if (problems.size > 0) throw complaint(experiment.where, [...problems.values()]);
  return [...cells.values()];
}

/** This build. */
export function originHere({ content: { task } }: Experiment): Origin {
  const definition = taskWritten(task);
  const of = (law: string) => digestOf(deviceSource(definition, law), HASH_DIGITS);
  return {
    engine: ENGINE_HASH,
    sources: Object.fromEntries((definition.law ? [OWN_LAW] : lawSchema.options).map(law => [law, of(law)])),
  };
}

/** The keys of `model.attention` that only some cells of a grid may use, and what those must have. */
const PARTIAL = { ropeBase: 'encoding rope', maxLength: 'encoding absolute' };
const partialPath = (key: string) => `model.attention.${key}`;

/** Whether the value at a path decides anything in a cell. */
function isUsed(path: string, { model }: CellConfig): boolean {
  const partial = Object.keys(PARTIAL).find(key => partialPath(key) === path);
  return partial === undefined || partial in model.attention;
}

/** Training lengths that no sequence of a file task fits into. */
function noSequences({ task }: ExperimentFile, cells: Iterable<Cell>): Problem[] {
  const { found } = task as FileTask;
  if (!found) return [];
  const [shortest] = found.lengths[0]!;
  return [...cells]
    .filter(({ config }) => config.train.length < shortest)
    .map(({ config }) => ({
      path: ['train', 'length'],
      message: `no sequence has at most ${config.train.length} tokens, the shortest has ${shortest}`,
    }));
}

/** What the file says of attention that no cell uses; bits have to have a use in every cell. */
function unused({ model: { attention } }: ExperimentFile, cells: Cell[]): Problem[] {
  const problem = (key: string, message: string) => ({ path: ['model', 'attention', key], message });
  if (attention.rule === undefined) {
    const infinite = cells.some(({ config }) => ruleOf(config.model.attention).kind === 'infinite');
    return infinite && attention.bits !== undefined
      ? [problem('bits', 'only finite precision has bits')]
      : [];
  }
  return Object.entries(PARTIAL).flatMap(([key, needs]) => {
    const given = attention[key as keyof typeof PARTIAL] !== undefined;
    const used = cells.some(({ config }) => isUsed(partialPath(key), config));
    return given && !used ? [problem(key, `only ${needs} has it`)] : [];
  });
}

/** Tasks that need more layers than any cell has. Fewer are a control beside cells that have enough, and a slip without them. */
function tooShallow(cells: Cell[]): Problem[] {
  const deepest = cells.reduce((most, { config }) => Math.max(most, config.model.layers), 0);
  return cells.flatMap(({ config: { task } }) => {
    const { task: own, knobs } = taskAndKnobs(task);
    const { layers } = own.shape(knobs);
    return layers > deepest
      ? [{ path: ['model', 'layers'], message: `task ${task.kind} needs ${layers} layers` }]
      : [];
  });
}

/** Paths of an experiment's axes with their values; scalars that are always named count as axes of one value. */
function findAxes(content: object): { path: string; values: Scalar[] }[] {
  const axes: { path: string; values: Scalar[] }[] = [];
  const walk = (node: unknown, path: string) => {
    if (NOT_AXES.has(path)) return;
    if (Array.isArray(node)) axes.push({ path, values: node as Scalar[] });
    else if (ALWAYS.includes(path)) axes.push({ path, values: [node as Scalar] });
    else if (typeof node === 'object' && node !== null) {
      for (const [key, value] of Object.entries(node)) walk(value, path ? `${path}.${key}` : key);
    }
  };
  walk(content, '');
  return axes;
}

function product(axes: { values: Scalar[] }[]): Scalar[][] {
  return axes.reduce<Scalar[][]>(
    (rows, { values }) => rows.flatMap(row => values.map(value => [...row, value])),
    [[]],
  );
}

/** Why a cell cannot be run. */
function impossible({ task, data, model, train, test }: CellConfig): Problem[] {
  const problems: Problem[] = [];
  const say = (path: string, message: string) => problems.push({ path: path.split('.'), message });
  const { kind } = task;
  const { task: definition, knobs } = taskAndKnobs(task);
  const refused = definition.refuse?.(knobs);
  if (refused) {
    say('task', refused);
    return problems;
  }
  const shape = definition.shape(knobs);
  if (definition.law && data.law !== OWN_LAW) {
    say('data.law', `task ${kind} draws sequences by a law of its own: leave data.law out`);
    return problems;
  }
  const law = lawOfCell({ task, data });
  const { shortest = 1 } = law;
  const longest = law.longest?.(knobs) ?? longestSequence(model.vocabulary, Math.round(data.alpha * 1000));
  const encoding = encodingOf(model.attention);
  const rows = encoding.longest(model);
  const checkLength = (path: string, length: number) => {
    const tokens = tokensOf(law, length);
    if (length > longest) say(path, `${length} is longer than a sequence can be (${longest})`);
    else if (length < shortest) say(path, `${length} is shorter than a sequence can be (${shortest})`);
    else if (tokens > rows) {
      const what = tokens === length ? `${length} is` : `${length}, ${tokens} tokens, is`;
      say(path, `${what} longer than model.attention.maxLength = ${rows}`);
    }
  };
  checkLength('train.length', train.length);
  for (const length of test.length) checkLength('test.length', length);
  const least = Math.min(...test.length);
  if (test.span !== undefined && test.span > least)
    say('test.span', `${test.span} lengths do not end at test.length = ${least}`);
  if (shape.order >= train.length) {
    say(
      'train.length',
      `${train.length} is too short: this task looks back k = ${shape.order} tokens, N must be larger`,
    );
  } else if (model.locality >= train.length) {
    say('model.locality', `${model.locality} must be below every training length (${train.length} is one)`);
  }
  if (ruleOf(model.attention).limit && model.locality < shape.locality)
    say('model.locality', `task ${kind} needs at least ${shape.locality}`);
  if (definition.positions === 'every' && train.positions !== 'every')
    say('train.positions', `task ${kind} answers at several positions: leave it out, or every`);
  if (data.law === 'dirichlet-markov' && shape.order === 0)
    say('data.law', `dirichlet-markov needs a task with a context, ${kind} has none`);
  if (typeof train.positions === 'number' && train.positions > train.length)
    say('train.positions', `${train.positions} positions are more than train.length = ${train.length}`);
  if (train.positionOffset === 'random' && encoding.kind !== 'absolute')
    say('train.positionOffset', `random needs encoding absolute, this one is ${encoding.kind}`);
  if (train.loss === 'cross-entropy' && model.outputs < 2)
    say('train.loss', `cross-entropy needs a distribution, ${kind} has one output`);
  if (train.warmup >= train.steps)
    say('train.warmup', `${train.warmup} must be below train.steps = ${train.steps}`);
  for (const { path, message } of shapeProblems(model)) say(['model', ...path].join('.'), message);
  const why = startProblem(model);
  if (why) say('model.phiInit', why);
  return problems;
}

/** What is wrong with how φ starts. */
function startProblem({ phiInit, ...model }: CellConfig['model']): string | undefined {
  if (phiInit !== 'offsets') {
    const [low, high] = phiInit;
    return low > high ? `[${low}, ${high}] is not an interval` : undefined;
  }
  if (!ruleOf(model.attention).limit) return 'offsets needs a limit rule, softmax has no φ';
  return model.locality === 0 ? 'offsets needs model.locality of at least 1' : undefined;
}
