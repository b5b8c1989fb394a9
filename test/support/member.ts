import type { AnyModel } from '../../src/shared/model-config.ts';
import type { Member } from '../../src/theory/pair.ts';
import { analyse, type TheoryOptions } from '../../src/theory/theory.ts';

/** A model that bounds are defined for, as one of a pair. */
export async function memberOf(model: AnyModel, options: TheoryOptions): Promise<Member> {
  const { inputs } = await analyse(model, options);
  if (!inputs) throw new Error('no bounds are defined for this model');
  return { model, inputs };
}
