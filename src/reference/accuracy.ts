/** The place of the largest number, the first of equal ones; −1 where there is none. */
function argmax(values: ArrayLike<number>): number {
  let best = -1;
  for (let i = 0; i < values.length; i++)
    if (values[i]! > (best < 0 ? Number.NEGATIVE_INFINITY : values[best]!)) best = i;
  return best;
}

/** Whether the largest output is that of the class, the largest target: the twin of shaders/correct.wgsl. */
export function isCorrect(outputs: ArrayLike<number>, target: ArrayLike<number>): boolean {
  return argmax(outputs) === argmax(target);
}
