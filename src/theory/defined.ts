import { ruleOf } from '../model/rules/registry.ts';
import type { Attention, ModelConfig } from '../shared/model-config.ts';

/** What the theory is stated in: the kind of model, not its size. */
export type Kind = Pick<ModelConfig, 'layers' | 'norm' | 'attention'>;

/** Whether a model has the one layer of Theorems 4.1 and 4.2. */
export const isOneLayer = ({ layers }: Pick<Kind, 'layers'>): boolean => layers === 1;

/** Whether a model has the depth of the paper's theorems. */
const isShallow = ({ layers }: Pick<Kind, 'layers'>) => layers <= 2;

/** Whether attention is that of finite precision, at any number of bits. */
export const hasFinitePrecision = (attention: Attention): boolean => ruleOf(attention).kind === 'finite';

/** Whether attention is that of infinite precision. */
export const hasInfinitePrecision = (attention: Attention): boolean => ruleOf(attention).kind === 'infinite';

/** p of attention that is rounded; null for any other. */
export const bitsOf = (attention: Attention): number | null => ('bits' in attention ? attention.bits : null);

/** How many layers, in words. */
export function depthOf({ layers }: Pick<Kind, 'layers'>): string {
  const words = [
    'one',
    'two',
    'three',
    'four',
    'five',
    'six',
    'seven',
    'eight',
    'nine',
    'ten',
    'eleven',
    'twelve',
  ];
  return `${words[layers - 1]} layer${isOneLayer({ layers }) ? '' : 's'}`;
}

/** What a quantity needs of a model, and what a model without it has instead. */
interface Need {
  met: (kind: Kind) => boolean;
  instead: (kind: Kind) => string;
}

/** φ, residues and the τ-suffix. */
const LIMIT: Need = {
  met: ({ attention }) => ruleOf(attention).limit,
  instead: ({ attention }) => `${ruleOf(attention).kind} attention`,
};
const INFINITE: Need = {
  met: ({ attention }) => hasInfinitePrecision(attention),
  instead: ({ attention }) => ruleOf(attention).describe(attention),
};
/** Class tables and Lipschitz chains multiply matrices out. */
const NO_NORM: Need = { met: ({ norm }) => norm === 'none', instead: ({ norm }) => `norm ${norm}` };
const SHALLOW: Need = { met: isShallow, instead: depthOf };
const ONE_LAYER: Need = { met: isOneLayer, instead: depthOf };

/** Norms of the matrices are defined for every model; all else needs something. What layer 1 alone decides needs no depth. */
const QUANTITIES = {
  logitMargin: { name: 'logit margin', needs: [LIMIT, NO_NORM] },
  effectiveMargin: { name: 'effective margin', needs: [LIMIT, NO_NORM] },
  hardmax: { name: 'hardmax length', needs: [LIMIT, NO_NORM] },
  attention: { name: 'attention by residue', needs: [LIMIT, NO_NORM] },
  positionalMargin: { name: 'positional margins', needs: [LIMIT] },
  /** Of layer 1, which the contract (docs/results.md, "What --json prints") has for every φ. */
  regimes: { name: 'regimes', needs: [LIMIT] },
  layerRegimes: { name: 'regimes', needs: [LIMIT, INFINITE] },
  complexity: { name: 'C(f)', needs: [LIMIT, NO_NORM, SHALLOW] },
  bounds: { name: 'bounds on the training length', needs: [LIMIT, NO_NORM, SHALLOW] },
  simulation: { name: 'simulation by short strings', needs: [LIMIT, NO_NORM, SHALLOW] },
  lipschitz: { name: 'L(f)', needs: [LIMIT, NO_NORM, ONE_LAYER] },
  certificate: { name: 'certificate', needs: [LIMIT, NO_NORM, ONE_LAYER] },
} satisfies Record<string, { name: string; needs: Need[] }>;

/** A quantity that some models have and others have not. */
export type Quantity = keyof typeof QUANTITIES;

export const QUANTITY_NAMES = Object.keys(QUANTITIES) as Quantity[];

/** What a model has that a quantity is not defined for, in words; undefined where it is defined. */
export function whyUndefined(quantity: Quantity, kind: Kind): string | undefined {
  return QUANTITIES[quantity].needs.find(({ met }) => !met(kind))?.instead(kind);
}

/** Whether a quantity is defined for a model. */
export function isDefined(quantity: Quantity, kind: Kind): boolean {
  return whyUndefined(quantity, kind) === undefined;
}

/** Every quantity that is not defined for a model, with the reason. */
export function undefinedOf(kind: Kind): Partial<Record<Quantity, string>> {
  return Object.fromEntries(
    QUANTITY_NAMES.flatMap(quantity => {
      const why = whyUndefined(quantity, kind);
      return why === undefined ? [] : [[quantity, why]];
    }),
  );
}

/** `not defined for three layers: L(f), certificate`: a line a reason. */
export function undefinedLines(kind: Kind): string[] {
  const missing = Object.entries(undefinedOf(kind)) as [Quantity, string][];
  const reasons = [...new Set(missing.map(([, why]) => why))];
  return reasons.map(reason => {
    const names = missing.filter(([, why]) => why === reason).map(([quantity]) => QUANTITIES[quantity].name);
    return `not defined for ${reason}: ${[...new Set(names)].join(', ')}`;
  });
}
