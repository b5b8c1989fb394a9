import type { EngineEvent, Request } from '../../shared/protocol.ts';
import { deviceTask } from '../device.ts';
import { lawOf, lawSchema, OWN_LAW } from '../laws/registry.ts';
import { type Drawing, type Example, sampleSequence } from '../sample.ts';
import type { Knobs, Task } from '../task.ts';

type Asked = Omit<Extract<Request, { op: 'sample' }>, 'adapter'>;
type Sampled = Extract<EngineEvent, { event: 'sampled' }>;

/** A way in which a task's sequences can be drawn and read. */
interface Setting {
  knobs: Knobs;
  law: string;
  positions: 'last' | 'every';
}

/** Sequences of one setting as a device and its TypeScript twin draw and label them. */
export interface TwinCheck extends Setting {
  sequences: number;
  targets: number;
  /** Farthest that a target of the device is from its twin. */
  worstError: number;
  /** What float32 may be away. */
  allowed: number;
  /** The first thing that is different, in words; null where the twins agree. */
  difference: string | null;
}

const SEQUENCES = 64;
const LONGEST = 48;
const ALPHA = 1000;
const KEY = 0x7a5c;
/** Of the largest target, or of 1: some hundred roundings of float32. */
const TOLERANCE = 2 ** -17;

/** Every law that a task can have, with the knobs of each of its examples, and the positions that it can be read at. */
function settingsOf(task: Task): Setting[] {
  const settings = new Map(task.examples.map(({ knobs }) => [JSON.stringify(knobs), knobs]));
  return [...settings.values()].flatMap(knobs =>
    lawsOf(task, knobs).flatMap(law =>
      (task.positions ? [task.positions] : (['last', 'every'] as const)).map(positions => ({
        knobs,
        law,
        positions,
      })),
    ),
  );
}

function lawsOf(task: Task, knobs: Knobs): string[] {
  if (task.law) return [OWN_LAW];
  return lawSchema.options.filter(name => name !== 'dirichlet-markov' || task.shape(knobs).order > 0);
}

/** How sequences of a setting are drawn, of at most so many tokens beyond what the next one depends on, as far as the law has those. */
function drawingOf(task: Task, setting: Setting, length: number, step: number): Drawing {
  const { knobs, law } = setting;
  const { shortest = 1, longest } = lawOf(law, task.law);
  const most = Math.min(length + task.shape(knobs).order, longest?.(knobs) ?? Number.POSITIVE_INFINITY);
  return {
    ...{ task, ...setting, alphaThousandths: ALPHA, lengthMode: 'uniform', offsets: null },
    ...{ length: Math.max(shortest, most), key: KEY, step },
  };
}

const drawAll = (drawing: Drawing, count: number): Example[] =>
  Array.from({ length: count }, (_, i) => sampleSequence(drawing, i));

/**
 * Draws sequences of every setting twice: what is trained must not depend on what was drawn before. The first difference in words;
 * undefined where there is none.
 */
export function checkRepeats(task: Task): string | undefined {
  for (const setting of settingsOf(task)) {
    const [first, again] = [0, 0].map(step => drawAll(drawingOf(task, setting, LONGEST, step), SEQUENCES));
    const i = first!.findIndex((one, at) => JSON.stringify(one) !== JSON.stringify(again![at]));
    if (i >= 0)
      return `sequence ${i} of ${setting.law} with ${JSON.stringify(setting.knobs)} is ${wordsOf(first![i]!)}, and when it is drawn again ${wordsOf(again![i]!)}`;
  }
  return undefined;
}

const wordsOf = ({ tokens, targets }: Example) =>
  `${tokens.join(' ')} → ${targets.map(target => `[${target.join(', ')}]`).join(' ')}`;

/** Holds a task's WGSL to its TypeScript, in every setting. */
export async function checkTwins(
  task: Task,
  sample: (asked: Asked) => Promise<Sampled>,
): Promise<TwinCheck[]> {
  const checks: TwinCheck[] = [];
  for (const setting of settingsOf(task)) checks.push(await checkOne(task, setting, sample));
  return checks;
}

async function checkOne(
  task: Task,
  setting: Setting,
  sample: (asked: Asked) => Promise<Sampled>,
): Promise<TwinCheck> {
  const { knobs, law } = setting;
  const { vocabulary, outputs } = task.shape(knobs);
  const { task: _, knobs: __, law: ___, ...drawing } = drawingOf(task, setting, LONGEST, 0);
  const answer = await sample({
    op: 'sample',
    ...{ task: deviceTask(task, knobs, law), deviceKnobs: task.wgslKnobs(knobs), vocabulary, outputs },
    ...{ sequences: SEQUENCES, ...drawing },
  });
  const twins = drawAll({ ...drawing, task, knobs, law }, SEQUENCES);
  const largest = Math.max(1, ...twins.flatMap(({ targets }) => targets.flat().map(Math.abs)));
  const allowed = TOLERANCE * largest;
  let [worstError, targets] = [0, 0];
  let difference: string | null = null;
  twins.forEach((twin, i) => {
    const tokens = [...twin.tokens];
    const shown = tokens.join(' ');
    if (tokens.join() !== answer.sequences[i]!.join())
      difference ??= `sequence ${i} is ${answer.sequences[i]!.join(' ')} on the device, ${shown} in TypeScript`;
    if (twin.reads.join() !== answer.positions[i]!.join())
      difference ??= `positions with targets of ${shown} are ${answer.positions[i]!.join(' ')} on the device`;
    else
      twin.targets.forEach((vector, r) => {
        vector.forEach((value, o) => {
          const got = answer.targets[i]![r]![o]!;
          targets++;
          worstError = Math.max(worstError, Math.abs(got - value));
          if (!(Math.abs(got - value) <= allowed))
            difference ??= `target ${o} after ${twin.reads[r]} tokens of ${shown} is ${got} on the device, ${value} in TypeScript`;
        });
      });
  });
  return { ...setting, sequences: SEQUENCES, targets, worstError, allowed, difference };
}

/** Sequences with the positions that have targets, and these, for the eye: with the first example's knobs. */
export function drawn(
  task: Task,
  count: number,
): { knobs: Knobs; tokens: number[]; positions: number[]; targets: number[][] }[] {
  const { knobs } = task.examples[0]!;
  const own = task.law ? OWN_LAW : undefined;
  const law = own ?? (task.shape(knobs).order > 0 ? 'dirichlet-markov' : 'dirichlet-iid');
  const drawing = drawingOf(task, { knobs, law, positions: task.positions ?? 'last' }, 12, 1);
  return drawAll(drawing, count).map(({ tokens, reads, targets }) => ({
    knobs,
    tokens: [...tokens],
    positions: reads,
    targets,
  }));
}
