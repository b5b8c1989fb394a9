import { measureOf } from '../analysis/accuracy.ts';
import type { Yardstick } from '../analysis/baseline.ts';
import { limitedByTraining, TRAINED } from '../analysis/limited.ts';
import { plateauPoints } from '../analysis/plateau.ts';
import { lengthRows } from '../analysis/predicted.ts';
import { type Axes, labelOf } from '../results/axes.ts';
import type { CellResult } from '../results/schema.ts';
import { wrapped } from './wrapped.ts';

/** Settings that are named at most, one a line. */
const SETTINGS = 12;

/** How long training sequences had to be, in a line for each setting of the knobs and each ε. */
export function answerText(cells: readonly CellResult[], epsilons: readonly number[]): string {
  const lengths = [...new Set(cells.map(({ axes }) => Number(axes['train.length'])))].sort((a, b) => a - b);
  const rows = lengthRows(cells, epsilons);
  const lines = rows.slice(0, SETTINGS).map(({ axes, epsilon, measured, longestTrained }) => {
    const setting = labelOf(axes);
    const trained = measured === lengths[0] ? ', the shortest trained' : '';
    const length =
      measured === null ? `more than ${longestTrained}, the longest trained` : `${measured}${trained}`;
    return `  ${setting ? `${setting}: ` : ''}${length}, for a plateau ≤ ${epsilon}`;
  });
  const rest = rows.length - lines.length;
  return [
    wrapped(
      `How long must training sequences be? The least N of ${lengths.join(', ')} whose plateau, the mean ${measureOf(cells)} on long sequences, is small enough:`,
    ),
    ...lines,
    ...(rest > 0 ? [`  … and ${rest} more`] : []),
  ].join('\n');
}

/** A training loss above so many times that of predicting the mean was not reached by learning. */
const FAR_OFF = 2;
/** Points of a grid that are named at most. */
const NAMED = 3;

/** What a person should know before reading anything into the losses: training that went wrong without ceasing to be finite. */
export function remarksText(cells: readonly CellResult[], yardstick: Yardstick): string[] {
  const off = plateauPoints(cells).flatMap(({ axes, trainLoss: { mean } }) => {
    // Two looks, as the second one draws sequences.
    const far = (known: number | undefined) => mean !== null && known !== undefined && mean > FAR_OFF * known;
    if (!far(yardstick.plateau(axes))) return [];
    const known = yardstick.training(axes);
    return far(known) ? [{ axes, times: mean! / known! }] : [];
  });
  const wrong = new Set(off.map(({ axes }) => labelOf(axes)));
  const limited = limitedByTraining(cells).filter(axes => !wrong.has(labelOf(axes)));
  return [
    ...(off.length > 0 ? [wentWrongText(off)] : []),
    ...(limited.length > 0 ? [limitedText(limited)] : []),
  ];
}

function wentWrongText(off: readonly { axes: Axes; times: number }[]): string {
  const worst = off.reduce((most, { times }) => Math.max(most, times), 0);
  return wrapped(
    `Training went wrong for ${someOf(off.map(({ axes }) => axes))}: its loss ended at up to ${worst.toPrecision(2)} times that of predicting the mean. Lower train.learningRate, or add train.warmup.`,
  );
}

/** Settings whose plateau may be what training left, in a sentence. */
export function limitedText(settings: readonly Axes[]): string {
  return wrapped(
    `Limited by training, whose loss is above ${TRAINED} of the plateau: ${someOf(settings)}. More train.steps may lower it.`,
  );
}

/** Points of a grid, the first few of them by name. */
function someOf(points: readonly Axes[]): string {
  const named = points.slice(0, NAMED).map(axes => labelOf(axes) || 'all cells');
  const rest = points.length - named.length;
  return `${named.join('; ')}${rest > 0 ? ` and ${rest} more` : ''}`;
}
