import { describe, expect, test } from 'vitest';
import { canonicalHash } from '../../src/config/hash.ts';
import type { Standing } from '../../src/runtime/session.ts';
import type { Pack, PackState } from '../../src/shared/protocol.ts';
import { useEngine } from '../support/engine.ts';
import { kGramPack, PATH_PACKS, pack, replica } from '../support/packs.ts';

const engine = useEngine();

type State = Extract<Standing, { event: 'state' }>;
type Tested = Extract<Standing, { event: 'tested' }>;

const digest = (weights: string) => canonicalHash(weights, 8);

/** Trains a pack, from a state where there is one, a step a submission, and tells every state after each. */
async function train(own: Pack, resume?: PackState) {
  const curve: { step: number; losses: (number | null)[] }[] = [];
  const states: State[] = [];
  const tested: Tested[] = [];
  const phases = new Set<string>();
  const trained = await engine.ask(
    'trained',
    { op: 'train', pack: own, ...(resume ? { resume } : {}), stateEverySeconds: 1e-6, submissionMs: 1e-6 },
    event => {
      phases.add(event.phase);
      curve.push(...event.curve);
    },
    event => {
      if (event.event === 'state') states.push(event);
      else tested.push(event);
    },
  );
  // Digests, so that what differs can be read.
  const cells = trained.cells.map(({ weights, ...rest }) => ({
    ...rest,
    weights: canonicalHash(weights, 8),
  }));
  return { cells, curve, states, tested, phases };
}

const stateOf = ({ step, replicas }: State, tested: PackState['tested'] = []): PackState => ({
  step,
  replicas,
  tested,
});

/** One of each path that a layer may take, in training that is read at one position, at some, and at every one. */
const PATHS = PATH_PACKS.filter((_, i) => [0, 2, 3, 7].includes(i));

describe.each(PATHS)('$name', ({ own }) => {
  const short = { ...own, steps: 5, test: { lengths: [16], sequences: 8 } };

  test('goes on from a step to the same bits, in fresh buffers and in such as training has filled with NaNs', async () => {
    const whole = await train(short);
    const underway = whole.states.filter(({ step }) => step < short.steps);
    expect(underway.length).toBeGreaterThanOrEqual(2);
    const state = underway.at(-1)!;
    const rest = await train(short, stateOf(state));
    expect(rest.cells).toEqual(whole.cells);
    expect(rest.curve).toEqual(whole.curve.filter(({ step }) => step > state.step));
    const [first] = underway;
    const steps = short.steps - first!.step;
    const again = await engine.ask('replayed', { op: 'replay', pack: short, resume: stateOf(first!), steps });
    expect(again.spoiled).toBeGreaterThan(0.4);
    expect(again.weights.map(digest)).toEqual(whole.cells.map(({ weights }) => weights));
  });
});

describe.each([
  { layers: 'one layer', own: pack({ test: { lengths: [16, 40], sequences: 64 } }) },
  { layers: 'two layers', own: kGramPack({ steps: 6, test: { lengths: [16, 40], sequences: 64 } }) },
])('$layers', ({ own }) => {
  const [mine] = own.replicas;
  const three = {
    ...own,
    replicas: [mine!, { ...mine!, seed: 9, trainLength: 30 }, { ...mine!, seed: 4 }],
  };

  test('a replica goes on in other company, from states of two packs', async () => {
    const alone = await train(own);
    const [whole, second] = [await train(three), await train({ ...own, replicas: [{ ...mine!, seed: 7 }] })];
    const at = ({ states }: typeof whole) => states.find(({ step }) => step === 3)!;
    const rest = await train(
      { ...own, replicas: [{ ...mine!, seed: 7 }, three.replicas[1]!, mine!] },
      {
        step: 3,
        replicas: [at(second).replicas[0]!, at(whole).replicas[1]!, at(whole).replicas[0]!],
        tested: [],
      },
    );
    expect(rest.cells).toEqual([second.cells[0], whole.cells[1], alone.cells[0]]);
  });

  test('lost in the evaluation it does not train again, and finished lengths are kept', async () => {
    const whole = await train(three);
    const end = whole.states.find(({ step }) => step === three.steps)!;
    const points = whole.tested.map(({ sums }) => sums);
    expect(points).toHaveLength(3);
    const rest = await train(three, stateOf(end, points.slice(0, 2)));
    expect(rest.cells).toEqual(whole.cells);
    expect([...rest.phases]).toEqual(['test']);
    expect(rest.tested.map(({ point }) => point)).toEqual([2]);
    const nothingLeft = await train(three, stateOf(end, points));
    expect(nothingLeft.cells).toEqual(whole.cells);
    expect(nothingLeft.tested).toEqual([]);
  });
});

test('a replica that diverged stays so', async () => {
  const optimiser = { ...pack().optimiser, clip: null, warmup: 0 };
  const own = pack({ optimiser, replicas: [replica({ learningRate: 1e30 }), replica()] });
  const whole = await train(own);
  expect(whole.cells[0]!.divergedAtStep).toBeGreaterThan(0);
  const last = whole.states.filter(({ step }) => step < own.steps).at(-1)!;
  expect((await train(own, stateOf(last))).cells).toEqual(whole.cells);
});

describe('a resumption that cannot be', () => {
  const other = useEngine({ apart: true });

  test('one state for each replica, or none', async () => {
    const { states } = await train(pack({ steps: 2 }));
    const two = pack({ steps: 2, replicas: [replica(), replica({ seed: 4 })] });
    const failed = await other.ask('failed', { op: 'train', pack: two, resume: stateOf(states[0]!) });
    expect(failed.reason).toBe('bad-request');
  });
});
