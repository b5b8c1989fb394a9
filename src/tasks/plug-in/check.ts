import type { EngineEvent, Request } from '../../shared/protocol.ts';
import { deviceTask } from '../device.ts';
import { type LawName, lawSchema } from '../laws/registry.ts';
import { sampleSequence } from '../sample.ts';
import type { Knobs, Task } from '../task.ts';

type Asked = Omit<Extract<Request, { op: 'sample' }>, 'adapter'>;
type Sampled = Extract<EngineEvent, { event: 'sampled' }>;

/** Sequences of one law as a device and its TypeScript twin draw and label them. */
export interface TwinCheck {
  knobs: Knobs;
  law: LawName;
  positions: 'last' | 'every';
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

/** Holds a task's WGSL to its TypeScript: under every law that it can have, with the knobs of each of its examples. */
export async function checkTwins(
  task: Task,
  sample: (asked: Asked) => Promise<Sampled>,
): Promise<TwinCheck[]> {
  const checks: TwinCheck[] = [];
  const settings = new Map(task.examples.map(({ knobs }) => [JSON.stringify(knobs), knobs]));
  for (const knobs of settings.values())
    for (const law of lawSchema.options.filter(
      name => name !== 'dirichlet-markov' || task.shape(knobs).order > 0,
    ))
      for (const positions of ['last', 'every'] as const)
        checks.push(await checkOne(task, { knobs, law, positions }, sample));
  return checks;
}

async function checkOne(
  task: Task,
  { knobs, law, positions }: Pick<TwinCheck, 'knobs' | 'law' | 'positions'>,
  sample: (asked: Asked) => Promise<Sampled>,
): Promise<TwinCheck> {
  const { vocabulary, outputs, order } = task.shape(knobs);
  const drawing = {
    ...({
      alphaThousandths: ALPHA,
      lengthMode: 'uniform',
      length: LONGEST + order,
      positions,
      offsets: null,
    } as const),
    ...{ key: KEY, step: 0 },
  };
  const answer = await sample({
    op: 'sample',
    ...{ task: deviceTask(task, knobs, law), deviceKnobs: task.wgslKnobs(knobs), vocabulary, outputs },
    ...{ sequences: SEQUENCES, ...drawing },
  });
  const twins = Array.from({ length: SEQUENCES }, (_, i) =>
    sampleSequence({ ...drawing, task, knobs, law }, i),
  );
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
  return { knobs, law, positions, sequences: SEQUENCES, targets, worstError, allowed, difference };
}

/** Sequences with their targets at the end, for the eye. */
export function drawn(task: Task, count: number): { knobs: Knobs; tokens: number[]; target: number[] }[] {
  const { knobs } = task.examples[0]!;
  const { order } = task.shape(knobs);
  return Array.from({ length: count }, (_, i) => {
    const { tokens, targets } = sampleSequence(
      {
        ...({
          task,
          knobs,
          law: order > 0 ? 'dirichlet-markov' : 'dirichlet-iid',
          alphaThousandths: ALPHA,
        } as const),
        ...({
          lengthMode: 'uniform',
          length: 12 + order,
          positions: 'last',
          offsets: null,
          key: KEY,
          step: 1,
        } as const),
      },
      i,
    );
    return { knobs, tokens: [...tokens], target: targets[0]! };
  });
}
