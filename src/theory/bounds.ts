import type { ModelConfig } from '../shared/model-config.ts';
import type { Certificate } from './certificate.ts';
import { hasFinitePrecision, isOneLayer } from './defined.ts';

/** What the bounds of docs/theory.md §5 are made of. For two models: the larger constants, the smaller margins. */
export interface BoundInputs {
  config: ModelConfig;
  /** p; null: none was given and the model has none. */
  bits: number | null;
  /** As it is defined, not the attainable one: what the theorems are stated with. */
  logitMargin: number;
  /** The smallest over layers. */
  positionalMargin: number;
  /** L(f); null for two layers. */
  lipschitz: number | null;
  /** log10 C(f): norm and range form. */
  log10C: { norm: number; range: number };
  /** α0, the smallest Dirichlet parameter. */
  alpha: number;
  /** One certificate a model; empty for two layers. */
  certificates: Certificate[];
}

/** A training length that suffices for error ε, by one statement. */
export interface Bound {
  name: string;
  epsilon: number;
  /** Null: not a finite number, or not defined for this model; `note` says which. */
  log10N: number | null;
  /** The same statement with the range form of C(f) in place of the norm form; absent where C(f) does not occur. */
  log10NRange?: number | null;
  /** Whether the statement's hypotheses fit this model. */
  applies: boolean;
  statement: string;
  /** The error that is at most ε. */
  of: string;
  source: string;
  note: string;
}

/** Beyond this nobody trains: a bound is called vacuous. */
export const VACUOUS_LOG10 = 12;

interface Statement {
  name: string;
  statement: string;
  of: (inputs: BoundInputs) => string;
  source: string;
  /** What O(·) or the theorem's polynomial hides. */
  hides: string;
  fits: (inputs: BoundInputs) => boolean;
  unfit: string;
  /** log10 N from log10(1/ε). */
  log10N: (inputs: BoundInputs, logInverse: number) => number | null;
  usesC?: true;
}

/** What N of a certificate of one model bounds. */
export const CERTIFIED =
  '‖f(x) − f(z)‖ alone, z a short string for x: the first term of ‖f(x) − f(z)‖ + ‖f(z) − f*(z)‖ + ‖f*(z) − f*(x)‖ ≥ ‖f(x) − f*(x)‖';

const IF_EQUAL = 'if f = f* on all strings up to N, and f* has no larger constants';
const AT_EVERY_LENGTH = () => `‖f(x) − f*(x)‖ of every x, ${IF_EQUAL}`;
const PAPER = 'arXiv 2510.27015';
const oneLayer = ({ config }: BoundInputs) => isOneLayer(config);
const finite = ({ config }: BoundInputs) => hasFinitePrecision(config.attention);
const twoLayersInfinite = (inputs: BoundInputs) => !oneLayer(inputs) && !finite(inputs);
const CONSTANT = 'a constant factor, taken as 1';

const STATEMENTS: Statement[] = [
  {
    name: 'theorem-4.1',
    statement: 'max{ 2^(p/γ), L² Δ⁷ S⁶ τ² / ε² }, γ the logit margin as defined',
    of: AT_EVERY_LENGTH,
    source: `${PAPER}, Theorem 4.1: worst case, one layer, finite precision`,
    hides: CONSTANT,
    fits: inputs => oneLayer(inputs) && finite(inputs),
    unfit: 'stated for one layer in finite precision',
    log10N(inputs, logInverse) {
      const { bits, logitMargin, lipschitz, config } = inputs;
      if (lipschitz === null) return null;
      const hardmax = bits === null ? Infinity : (bits / logitMargin) * Math.log10(2);
      const { period, vocabulary } = config;
      const polynomial =
        2 * Math.log10(lipschitz) +
        7 * Math.log10(period) +
        6 * Math.log10(vocabulary) +
        2 * Math.log10(localityOf(config)) +
        2 * logInverse;
      return Math.max(hardmax, polynomial);
    },
  },
  {
    name: 'hardmax-remark',
    statement: 'τ Δ L² / ε²',
    of: AT_EVERY_LENGTH,
    source: `${PAPER}, remark to Theorem 4.1: once attention is hardmax`,
    hides: CONSTANT,
    fits: inputs => oneLayer(inputs) && finite(inputs),
    unfit: 'stated for one layer in finite precision',
    log10N: ({ lipschitz, config }, logInverse) =>
      lipschitz === null
        ? null
        : Math.log10(localityOf(config)) +
          Math.log10(config.period) +
          2 * Math.log10(lipschitz) +
          2 * logInverse,
  },
  {
    name: 'theorem-4.2',
    statement: 'ε^(−4 − 4/α0)',
    of: () => `the mean of ‖f(x) − f*(x)‖ over the law, ${IF_EQUAL}`,
    source: `${PAPER}, Theorem 4.2: average error O(√ε) at ε^(−2 − 2/α0) over Dirichlet laws, one layer; here ε is the error itself`,
    hides: 'a factor that depends on the model, taken as 1',
    fits: oneLayer,
    unfit: 'stated for one layer',
    log10N: ({ alpha }, logInverse) => (4 + 4 / alpha) * logInverse,
  },
  {
    name: 'theorem-5.2',
    statement: '(C / ε)^max(1/γ, 3), γ the smallest positional margin of the layers',
    of: AT_EVERY_LENGTH,
    source: `${PAPER}, Theorem 5.2 (arXiv): two layers, infinite precision`,
    hides: 'C(f): polynomials not spelled out, explicit form ours',
    fits: twoLayersInfinite,
    unfit: 'stated for two layers in infinite precision',
    usesC: true,
    log10N: ({ log10C, positionalMargin }, logInverse) =>
      exponentOf(positionalMargin) * (log10C.norm + logInverse),
  },
  {
    name: 'theorem-5.2-openreview',
    statement: 'C · ε^(−max(1/γ, 3)), γ the smallest positional margin of the layers',
    of: AT_EVERY_LENGTH,
    source: 'Theorem 5.2 as the conference page states it',
    hides: 'C(f): polynomials not spelled out, explicit form ours',
    fits: twoLayersInfinite,
    unfit: 'stated for two layers in infinite precision',
    usesC: true,
    log10N: ({ log10C, positionalMargin }, logInverse) =>
      log10C.norm + exponentOf(positionalMargin) * logInverse,
  },
  {
    name: 'theorem-5.2-digest',
    statement: 'max{ C², log(1/ε)/γ } · ε^(−2), γ the smallest positional margin of the layers',
    of: AT_EVERY_LENGTH,
    source: 'Theorem 5.2 as in the digest that this project started from',
    hides: 'C(f): polynomials not spelled out, explicit form ours',
    fits: twoLayersInfinite,
    unfit: 'stated for two layers in infinite precision',
    usesC: true,
    log10N({ log10C, positionalMargin }, logInverse) {
      const fading = Math.max(0, logInverse * Math.LN10) / positionalMargin;
      return Math.max(2 * log10C.norm, Math.log10(fading)) + 2 * logInverse;
    },
  },
  {
    name: 'certificate',
    statement: 'least M with ‖f(x) − f(z)‖ ≤ ε for every x and its z of M tokens, plus Δ − 1',
    of: ({ certificates }) =>
      certificates.length > 1 ? '‖f(x) − g(x)‖ of every x, if f = g on all strings up to N' : CERTIFIED,
    source: 'lengthwise (src/theory/certificate.ts)',
    hides: 'nothing',
    fits: ({ certificates }) => certificates.length > 0,
    unfit: 'open for two layers (and none for a pair with too many classes in common)',
    log10N({ certificates }, logInverse) {
      // |f(x) − g(x)| ≤ |f(x) − f(z)| + |g(z) − g(x)| for a pair that agrees on z: half of ε each.
      const epsilon = 10 ** -logInverse / certificates.length;
      const lengths = certificates.map(({ log10Length }) => log10Length(epsilon));
      return lengths.length === 0 || lengths.includes(null) ? null : Math.max(...(lengths as number[]));
    },
  },
];

/** Names of the bounds, in the order of docs/theory.md §5. */
export const BOUNDS = STATEMENTS.map(({ name }) => name);

/** Every bound of docs/theory.md §5 at every ε, for limit models of one or two layers without a norm (`defined.ts`). */
export function boundsAt(inputs: BoundInputs, epsilons: readonly number[]): Bound[] {
  return epsilons.flatMap(epsilon =>
    STATEMENTS.map(({ name, statement, of, source, hides, fits, unfit, usesC, log10N }) => {
      const logInverse = -Math.log10(epsilon);
      const applies = fits(inputs);
      const value = lengthOrNull(log10N(inputs, logInverse));
      const range = { ...inputs, log10C: { ...inputs.log10C, norm: inputs.log10C.range } };
      const certificate = name === 'certificate' ? inputs.certificates.map(({ note }) => note) : [];
      const why = value === null && name === 'theorem-4.1' && inputs.bits === null && oneLayer(inputs);
      const notes = [
        ...(applies ? [] : [unfit]),
        ...(why ? ['infinite without a number of bits: give --bits'] : []),
        ...new Set(certificate),
        `hides ${hides}`,
      ];
      return {
        name,
        epsilon,
        log10N: value,
        ...(usesC ? { log10NRange: lengthOrNull(log10N(range, logInverse)) } : {}),
        applies,
        statement,
        of: of(inputs),
        source,
        note: notes.join('; '),
      };
    }),
  );
}

/** A training length has at least one token: constant functions (L or C of 0) need no more. */
function lengthOrNull(log10N: number | null): number | null {
  return log10N === null ? null : finiteOrNull(Math.max(0, log10N));
}

/** JSON has no infinities. */
export function finiteOrNull(value: number | null): number | null {
  return value !== null && Number.isFinite(value) ? value : null;
}

function exponentOf(positionalMargin: number): number {
  return Math.max(1 / positionalMargin, 3);
}

/** The theorems' τ is at least 1. */
function localityOf({ locality }: ModelConfig): number {
  return Math.max(1, locality);
}
