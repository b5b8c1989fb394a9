import Table from 'cli-table3';
import type { TwoLayerBound } from '../theory/promises.ts';
import { compact } from './compact.ts';
import { lengthText } from './numbers.ts';
import { wrapped } from './wrapped.ts';

/** Certificates for two layers for people: a row each, then what each promises, with `details` also what it rests on. */
export function promisesText(bounds: readonly TwoLayerBound[], details: boolean): string {
  const epsilons = [...new Set(bounds.map(({ epsilon }) => epsilon))];
  const names = [...new Set(bounds.map(({ name }) => name))];
  const table = new Table({
    head: ['certificate', ...epsilons.map(epsilon => `ε = ${epsilon}`)],
    style: { head: [], border: [] },
  });
  const of = (name: string) => bounds.filter(bound => bound.name === name);
  for (const name of names) table.push([name, ...of(name).map(({ log10N }) => lengthText(log10N))]);
  return [
    'Certificates for two layers: N such that some z of at most N tokens has ‖f(x) − f(z)‖ ≤ ε',
    compact(table),
    ...names.map(name => {
      const [{ promise, note }] = of(name) as [TwoLayerBound];
      return wrapped(
        details || of(name)[0]!.log10N === null ? `${name}: ${promise}; ${note}.` : `${name}: ${promise}.`,
      );
    }),
  ].join('\n');
}
