import type { Path } from '../model/paths.ts';
import { ask } from '../runtime/ask.ts';
import type { Session } from '../runtime/session.ts';
import { keepTrials, tunedVariant } from '../runtime/tuning.ts';
import { DENSE_VARIANTS, type DenseVariant, shapeOf, supports } from '../shared/attention-variants.ts';
import { InputError } from '../shared/errors.ts';
import type { ModelConfig } from '../shared/model-config.ts';
import type { AdapterPreference } from '../shared/protocol.ts';
import { bestVariant } from '../shared/tuning.ts';
import type { VariantChoice } from './kernel-names.ts';
import { log } from './output.ts';

/** What a forward pass will be asked for: sequences, the longest of them, and at which positions. */
interface Work {
  model: ModelConfig;
  /** How each layer is computed; the last of them computes the rows that are read, the others every row. */
  paths: readonly Path[];
  sequences: number;
  longest: number;
  allPositions: boolean;
}

/**
 * The kernels of dense attention that a forward pass shall take, for layers of which every row is wanted and only the last.
 * @throws InputError when the named variant does not support the model on this adapter.
 */
export async function chooseVariants(
  session: Session,
  adapter: AdapterPreference,
  wanted: VariantChoice,
  { model, paths, sequences, longest, allPositions }: Work,
): Promise<{ whole?: DenseVariant; last?: DenseVariant }> {
  const probed = await ask(session, 'probed', { op: 'probe', adapter });
  const features = new Set(probed.adapter.features);
  const dense = paths.filter(path => path === 'dense').length;
  const lastRow = !allPositions && paths.at(-1) === 'dense' ? 1 : 0;
  const parts = [
    { name: 'whole', uses: (dense - lastRow) * sequences, shape: shapeOf(model, longest) },
    { name: 'last', uses: lastRow * sequences, shape: shapeOf(model, longest, 1) },
  ] as const;
  const chosen: { whole?: DenseVariant; last?: DenseVariant } = {};
  for (const { name, uses, shape } of parts.filter(part => part.uses > 0)) {
    let variant: DenseVariant | undefined;
    if (wanted === 'tune') {
      const tuned = await ask(session, 'tuned', { op: 'tune', adapter, shape });
      for (const { variant, compileMs, runMs, right } of tuned.trials) {
        const times = `compile ${compileMs.toFixed(0)} ms, run ${runMs.toFixed(1)} ms`;
        log(`tune: ${variant.padEnd(10)} ${right ? times : 'wrong here, never taken'}`);
      }
      if (!(await keepTrials(tuned.adapter, session.version, shape, tuned.trials)))
        log('tune: the result could not be kept; it serves this run only');
      variant = bestVariant(tuned.trials, uses);
    } else if (wanted === 'auto') {
      variant = tunedVariant(probed.adapter, session.version, shape, uses);
    } else {
      if (!supports(wanted, shape, features)) {
        const able = DENSE_VARIANTS.filter(other => supports(other, shape, features));
        throw new InputError(
          `--kernel-variant ${wanted}: does not do this model's attention on this adapter`,
          `Variants that do: ${able.join(', ')}.`,
        );
      }
      variant = wanted;
    }
    if (variant) chosen[name] = variant;
  }
  return chosen;
}
