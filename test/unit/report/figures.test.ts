import { JSDOM } from 'jsdom';
import { beforeAll, describe, expect, test } from 'vitest';
import { requiredLengths } from '../../../src/analysis/required.ts';
import { figuresOf } from '../../../src/report/figures/all.ts';
import { standalone } from '../../../src/report/figures/compose.ts';
import type { Canvas, Figure } from '../../../src/report/figures/figure.ts';
import type { Study } from '../../../src/report/input.ts';
import { serverCanvas } from '../../../src/report/report.ts';
import { type Synthetic, syntheticRun } from '../../support/synthetic.ts';

let canvas: Canvas;
beforeAll(async () => {
  canvas = await serverCanvas();
});

const OMEGA: Synthetic = {
  name: 'omega',
  task: { kind: 'simple', omega: [1, 4] },
  axes: { 'task.omega': [1, 4] },
};

function studyOf(synthetic: Synthetic): Study {
  const run = syntheticRun(synthetic);
  return {
    run,
    lengths: requiredLengths(run.cells, run.manifest.experiment.epsilon),
    exponents: [],
    errors: [],
  };
}

function idsOf(synthetic: Synthetic): string[] {
  const { results, lengths } = figuresOf(canvas, studyOf(synthetic), 'x');
  return [...results, ...lengths].map(({ id }) => id);
}

function figureOf(synthetic: Synthetic, id: string): Figure {
  const { results, lengths } = figuresOf(canvas, studyOf(synthetic), 'x');
  return [...results, ...lengths].find(figure => figure.id === `x-${id}`)!;
}

/** Where the marks of a panel's means lie, in pixels, in the order drawn. */
function marksOf(svg: string): [number, number][] {
  const groups = svg.split('<g').filter(part => part.includes('stroke="var(--paper)"'));
  return groups.flatMap(group =>
    [...group.matchAll(/(?:translate\(|cx=")([-\d.]+)(?:,|" cy=")([-\d.]+)/g)].map(
      ([, x, y]): [number, number] => [Number(x), Number(y)],
    ),
  );
}

test('a plateau that training may limit is a ring, and the caption says so', () => {
  const study = studyOf(OMEGA);
  const drawn = (trainLoss: number) => {
    const cells = study.run.cells.map(cell => ({ ...cell, trainLoss }));
    const { results } = figuresOf(canvas, { ...study, run: { ...study.run, cells } }, 'x');
    return results.find(({ id }) => id === 'x-plateau')!;
  };
  const rings = ({ panels }: Figure) => panels[0]!.svg.split('fill="var(--paper)"').length - 1;
  expect(rings(drawn(1e9))).toBeGreaterThan(rings(drawn(1e-9)));
  expect(drawn(1e9).caption).toContain('Rings: limited by training');
  expect(drawn(1e9).panels[0]!.alt).toContain('(limited by training)');
  expect(drawn(1e-9).caption).not.toContain('Rings');
});

test('training curves: a line a cell that has one, coloured by training length', () => {
  const study = studyOf(OMEGA);
  const [first, second, third] = study.run.cells.map(({ cell }) => cell);
  const curves = {
    [first!]: { steps: [10, 20, 30], losses: [1, 0.1, 0.01] },
    // What was not finite, or 0, is no point of a logarithmic axis.
    [second!]: { steps: [10, 20, 30], losses: [1, null, 0.5] },
    [third!]: { steps: [10, 20], losses: [null, 0] },
  };
  const { results } = figuresOf(canvas, { ...study, curves }, 'x');
  const figure = results.find(({ id }) => id === 'x-training')!;
  expect(figure.panels.map(({ title }) => title)).toEqual(['ω = 1', 'ω = 4']);
  expect(figure.panels[0]!.svg.match(/stroke-opacity="0.8"/g)).toHaveLength(2);
  expect(figure.panels[0]!.alt).toBe('ω = 1: N = 4 ends at 0.01; N = 4 ends at 0.5.');
  const long = { steps: Array.from({ length: 5000 }, (_, i) => i), losses: Array(5000).fill(1) };
  const many = figuresOf(canvas, { ...study, curves: { [first!]: long } }, 'x').results;
  expect(many.find(({ id }) => id === 'x-training')!.panels[0]!.svg.length).toBeLessThan(10_000);
});

describe('figures choose themselves', () => {
  test('by what a run has data for', () => {
    expect(idsOf(OMEGA)).toEqual(['x-loss', 'x-plateau', 'x-heat-map', 'x-lengths']);
    expect(
      idsOf({ name: 'mod', task: { kind: 'mod-p', p: 5, k: 1 }, axes: { 'task.p': [5] }, lengths: [64] }),
    ).toEqual(['x-loss', 'x-attention', 'x-heat-map', 'x-lengths']);
    const lost: Synthetic = {
      ...OMEGA,
      vary: cell => ({
        ...cell,
        divergedAtStep: 1,
        trainLoss: null,
        theory: null,
        test: cell.test.map(point => ({ ...point, loss: null })),
      }),
    };
    expect(idsOf(lost)).toEqual([]);
    expect(idsOf({ ...OMEGA, lengths: [] })).toEqual([]);
  });

  test('a panel for each setting, a key for each training length, with shapes of their own', () => {
    const { panels, legend } = figureOf(OMEGA, 'loss');
    expect(panels.map(({ title }) => title)).toEqual(['ω = 1', 'ω = 4']);
    if (legend?.kind !== 'keys') throw new Error('no keys');
    const keys = legend.keys.slice(0, -1);
    expect(legend.keys.at(-1)!.label).toBe('always the mean');
    expect(keys.map(({ label }) => label)).toEqual(['4', '8', '16', '32']);
    expect(new Set(keys.map(({ symbol }) => symbol)).size).toBe(4);
    expect(new Set(keys.map(({ colour }) => colour)).size).toBe(4);
  });

  test('many settings are cut, and the caption says so', () => {
    const many = Array.from({ length: 20 }, (_, i) => i + 1);
    const { panels, caption } = figureOf({ ...OMEGA, axes: { 'task.omega': many } }, 'loss');
    expect(panels).toHaveLength(12);
    expect(caption).toContain('The first 12 of 20 settings');
  });
});

describe('figures are true', () => {
  const exact: Synthetic = { ...OMEGA, spread: 0 };

  test('marks stand where the means are: equal factors are equal distances, a knob of 4 lies above', () => {
    // Loss is 0.2 ω / N²: on logarithmic axes the four lengths 4 … 32 lie on a line.
    const { panels } = figureOf(exact, 'plateau');
    expect(panels.map(({ title }) => title)).toEqual(['Plateau', 'Training loss']);
    const marks = marksOf(panels[0]!.svg);
    expect(marks).toHaveLength(8);
    const [one, four] = [marks.slice(0, 4), marks.slice(4)];
    const steps = one.slice(1).map(([x, y], i) => [x - one[i]![0], y - one[i]![1]]);
    for (const [dx, dy] of steps) {
      expect(dx).toBeCloseTo(steps[0]![0]!, 6);
      expect(dy).toBeCloseTo(steps[0]![1]!, 6);
    }
    expect(steps[0]![1]).toBeGreaterThan(0);
    // ω = 4 at N = 8 has the loss of ω = 1 at N = 4.
    expect(four[1]![1]).toBeCloseTo(one[0]![1], 6);
    // The training loss, 20 times smaller, is drawn on the same scale.
    const below = marksOf(panels[1]!.svg)[0]![1] - one[0]![1];
    // Of T = 64 … 512 the plateau has the geometric mean of 1 − 1/T.
    const settled = [64, 128, 256, 512].reduce((product, T) => product * (1 - 1 / T), 1) ** (1 / 4);
    expect(below / steps[0]![1]!).toBeCloseTo(Math.log(20 * settled) / Math.log(4), 4);
  });

  test('a training loss of 1e-16 stands at the foot of the axis, and the caption says so; marks of plateaus keep their room', () => {
    const tiny: Synthetic = {
      ...OMEGA,
      vary: cell => (cell.axes['train.length'] === 4 ? { ...cell, trainLoss: 1e-16 } : cell),
    };
    const [usual, floored] = [figureOf(OMEGA, 'plateau'), figureOf(tiny, 'plateau')];
    expect(usual.caption).not.toMatch(/at its foot/);
    expect(floored.caption).toMatch(/Training losses below the axis stand at its foot\./);
    const heights = (figure: Figure) => marksOf(figure.panels[0]!.svg).map(([, y]) => y);
    const reach = (figure: Figure) => Math.max(...heights(figure)) - Math.min(...heights(figure));
    expect(reach(floored)).toBeGreaterThan(reach(usual) / 3);
  });

  test('what needs no training is drawn where the manifest says what was asked', () => {
    const asked = {
      train: { length: [4, 8, 16, 32] },
      test: { length: [64, 128] },
      seed: [0, 1, 2],
      epsilon: [0.01],
      streams: 'cell' as const,
    };
    const gram: Synthetic = {
      name: 'gram',
      task: { kind: 'k-gram', vocabulary: [2, 3], k: 1 },
      axes: { 'task.vocabulary': [2, 3] },
    };
    const experiment = { ...asked, name: 'gram', task: gram.task };
    const { panels, caption, legend } = figureOf({ ...gram, manifest: { experiment } }, 'loss');
    for (const { svg } of panels)
      for (const dash of ['5 4', '1.5 3']) expect(svg).toContain(`stroke-dasharray="${dash}"`);
    if (legend?.kind !== 'keys') throw new Error('no keys');
    expect(legend.keys.slice(-2).map(({ label }) => label)).toEqual(['always the mean', 'token counts']);
    expect(caption).toContain('without training');
    // An experiment of another version has none.
    expect(
      figureOf({ ...gram, manifest: { experiment: { ...experiment, extra: 1 } } }, 'loss').caption,
    ).not.toContain('Dashed');
  });

  test('the heat map names its extremes, the text says the same as the picture', () => {
    const { legend, panels } = figureOf(exact, 'heat-map');
    if (legend?.kind !== 'ramp') throw new Error('no ramp');
    expect(legend.low).toBe('0.05');
    expect(panels[1]!.alt).toContain('N = 4 from 0.049 at T = 64 to 0.05 at T = 512');
  });

  test('attention: every residue’s mass and the uniformity are written', () => {
    const mod: Synthetic = { name: 'mod', task: { kind: 'mod-p', p: [3], k: 1 }, axes: { 'task.p': [3] } };
    const { panels } = figureOf(mod, 'attention');
    expect(panels[0]!.title).toBe('p = 3, N = 32');
    expect(panels[0]!.svg.match(/>0\.98</g)).toHaveLength(3);
    expect(panels[0]!.svg.match(/>0\.97</g)).toHaveLength(3);
  });

  test('lengths that were not reached are marked, bounds that are out of reach are named', () => {
    const far: Synthetic = {
      ...exact,
      epsilon: [1e-9],
      vary: cell => ({
        ...cell,
        theory: {
          ...cell.theory!,
          bounds: [{ name: 'theorem-5.2', epsilon: Math.sqrt(1e-9), log10N: 400, applies: true }],
        },
      }),
    };
    const { caption, panels } = figureOf(far, 'lengths');
    expect(caption).toContain('Theorem 5.2');
    expect(panels[0]!.alt).toContain('1: above 32; 4: above 32');
  });
});

describe('files', () => {
  test('stand alone: explicit colours, no style sheets, sound XML, whatever the axes are called', () => {
    const evil = '"><script>alert(1)</script>&nbsp;\'';
    const named: Synthetic = { ...OMEGA, axes: { 'task.omega': [1, 2], [`model.${evil}`]: [evil, 'b'] } };
    const { results, lengths } = figuresOf(canvas, studyOf(named), 'x');
    expect(results.length + lengths.length).toBe(4);
    for (const figure of [...results, ...lengths]) {
      const { svg, width, height } = standalone(figure);
      expect(svg).not.toMatch(/var\(--|<style|<script|style=|xlink|url\(/);
      const { DOMParser } = new JSDOM('').window;
      const { documentElement: root } = new DOMParser().parseFromString(svg, 'image/svg+xml');
      expect(root.tagName).toBe('svg');
      expect(root.getAttribute('viewBox')).toBe(`0 0 ${width} ${height}`);
      expect(root.querySelector('script, parsererror')).toBeNull();
      expect(root.querySelector('title')!.textContent).toContain('alert(1)');
    }
  });
});

describe('where targets are classes', () => {
  const CLASSES: Synthetic = {
    ...OMEGA,
    vary: cell => ({
      ...cell,
      test: cell.test.map(({ length, loss, stderr }) => {
        const exactMatch = 1 - Math.round(400 * loss!) / 400;
        return { length, loss, stderr, accuracy: exactMatch, exactMatch, sequences: 400 };
      }),
    }),
  };

  test('figures are of error rates and say so; training has a loss', () => {
    const loss = figureOf(CLASSES, 'loss');
    expect(loss.title).toBe('Error rate against test length');
    expect(loss.panels[0]!.svg).toMatch(/>error rate</);
    const { panels, caption } = figureOf(CLASSES, 'plateau');
    expect(
      panels.map(({ svg }) => /label">(loss|error rate)<|>(loss|error rate)</.exec(svg)?.slice(1).join('')),
    ).toEqual(['error rate', 'loss']);
    expect(caption).toMatch(/^Left: the plateau, the error rate that is left on long sequences\./);
    expect(figureOf(CLASSES, 'heat-map')).toMatchObject({
      title: 'Error rate over training and test length',
      legend: { title: 'error rate' },
    });
    const { title, legend } = figureOf(CLASSES, 'lengths');
    expect([title, legend]).toMatchObject([
      'Training length needed, measured',
      { keys: [{ label: 'measured' }] },
    ]);
    expect(figureOf(OMEGA, 'loss').title).toBe('Loss against test length');
  });
});
