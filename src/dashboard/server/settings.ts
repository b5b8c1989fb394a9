import type { Scalar } from '../data.ts';

/** A configuration by path: `train.steps`. Lists are JSON. */
export function settingsOf(value: object, path = ''): Record<string, Scalar> {
  const settings: Record<string, Scalar> = {};
  for (const [key, own] of Object.entries(value)) {
    if (path === '' && key === 'name') continue;
    const at = path === '' ? key : `${path}.${key}`;
    if (Array.isArray(own)) settings[at] = JSON.stringify(own);
    else if (own !== null && typeof own === 'object') Object.assign(settings, settingsOf(own, at));
    else settings[at] = own as Scalar;
  }
  return settings;
}
