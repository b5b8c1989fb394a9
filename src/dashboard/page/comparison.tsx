import { intervalText, numberText } from '../../report/names.ts';
import { symbolOf } from '../../results/axes.ts';
import type { Place } from './address.ts';
import { differenceOf, differingPaths, type Side } from './compare.ts';
import { Scroll } from './scroll.tsx';
import { scalarText } from './words.ts';

/** Values of an axis that are written out. */
const MOST_VALUES = 6;

/** Two or more cells or groups side by side: where they differ, and by how much their plateaus do. */
export function ComparisonView({ sides, place }: { sides: readonly Side[]; place: Place }) {
  if (sides.length < 2)
    return (
      <p class="note">
        Choose two or more rows to lay them side by side
        {place.get('group') === '' && ', or to draw their curves'}.
      </p>
    );
  const paths = differingPaths(sides);
  const [first, ...others] = sides as [Side, ...Side[]];
  return (
    <section aria-labelledby="side-by-side">
      <h2 id="side-by-side">Side by side</h2>
      <Scroll label="Comparison">
        <table>
          <caption>Ratios are to the first. Axes on which they agree are left out.</caption>
          <thead>
            <tr>
              <th scope="col">what differs</th>
              {sides.map(({ label }) => (
                <th key={label} scope="col" class="number">
                  {label}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {paths.map(path => (
              <tr key={path}>
                <th scope="row">{symbolOf(path)}</th>
                {sides.map(side => (
                  <td key={side.label} class="number">
                    {valuesText(side, path)}
                  </td>
                ))}
              </tr>
            ))}
            <tr>
              <th scope="row">plateau</th>
              {sides.map(side => (
                <td key={side.label} class="number">
                  {numberText(geometricMean(side))}
                </td>
              ))}
            </tr>
            <tr>
              <th scope="row">plateau, times the first</th>
              <td class="number">1</td>
              {others.map(side => {
                const { ratio, interval, how } = differenceOf(first, side);
                return (
                  <td key={side.label} class="number">
                    {ratio === null ? '–' : `× ${numberText(ratio)}`}
                    {interval && <small>{intervalText(interval)} (95 %)</small>}
                    <small>{how}</small>
                  </td>
                );
              })}
            </tr>
          </tbody>
        </table>
      </Scroll>
    </section>
  );
}

function valuesText({ cells }: Side, path: string): string {
  const values = [...new Set(cells.map(({ axes }) => axes[path] ?? null))];
  const shown = values.slice(0, MOST_VALUES).map(scalarText).join(', ');
  return values.length > MOST_VALUES ? `${shown}, … (${values.length})` : shown;
}

function geometricMean({ cells }: Side): number | null {
  const logs = cells.flatMap(({ plateau }) => (plateau ? [Math.log(plateau)] : []));
  return logs.length === 0 ? null : Math.exp(logs.reduce((a, b) => a + b, 0) / logs.length);
}
