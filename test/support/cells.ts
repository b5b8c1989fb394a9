import type { CellLine } from '../../src/results/schema.ts';

type TheoryLine = NonNullable<CellLine['theory']>;

/** A finished cell to vary; test lengths are 16, 32, 64, … */
export function cellLine(axes: CellLine['axes'], losses: (number | null)[], theory?: TheoryLine): CellLine {
  return {
    cell: Object.values(axes).join('-'),
    axes,
    trainLoss: 0.5,
    trainLossStderr: 0,
    divergedAtStep: null,
    test: losses.map((loss, i) => ({ length: 16 * 2 ** i, loss, stderr: 0 })),
    ...(theory ? { theory } : {}),
    steps: 1,
    seconds: 1,
    adapter: 'test',
  };
}

/** Theory of a cell to vary. */
export function theoryLine(overrides: Partial<TheoryLine> = {}): TheoryLine {
  return {
    norms: { R0: 1, U: 1, V1: [1], KQ1: [1], A1: 1, B1: 1, b1: 1 },
    logitMargin: 0.1,
    attainableLogitMargin: 0.15,
    tieTolerance: 1e-9,
    largestTie: 0,
    log10TieLength: null,
    effectiveMargin: 0.2,
    effectiveMarginQuantiles: { '0.5': 0.3 },
    positionalMargin: 1,
    positionalMargins: [1],
    regimes: ['token'],
    layerRegimes: [['token']],
    lipschitz: 1,
    complexity: { norm: 20, range: 2, empirical: -1 },
    hardmax: null,
    bounds: [],
    notDefined: {},
    notes: [],
    ...overrides,
  };
}
