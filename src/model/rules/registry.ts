import { type Attention, isSoftmax } from '../../shared/model-config.ts';
import { finite } from './finite.ts';
import { infinite } from './infinite.ts';
import type { AttentionRule } from './rule.ts';
import { scalableSoftmax, softmax } from './softmax.ts';

const LIMIT_RULES = { infinite, finite };

/** The rule that an `attention` names. */
export function ruleOf(attention: Attention): AttentionRule {
  if (isSoftmax(attention)) return attention.logScale ? scalableSoftmax : softmax;
  return LIMIT_RULES[attention.precision];
}
