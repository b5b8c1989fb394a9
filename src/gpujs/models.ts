import { ruleOf } from '../model/rules/registry.ts';
import type { ModelConfig } from '../shared/model-config.ts';

/** Whether the gpu.js kernels (`kernels.ts`) are written for a model: limit rules without a norm, of any depth. */
export function gpujsComputes({ norm, attention }: Pick<ModelConfig, 'norm' | 'attention'>): boolean {
  return norm === 'none' && ruleOf(attention).limit;
}
