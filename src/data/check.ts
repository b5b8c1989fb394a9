import { type LabelledSequence, MOST_SYMBOLS, type TargetForm } from '../shared/records.ts';

/** What every sequence of a data set must share. Undefined until the first one says it. */
export interface Shared {
  form?: TargetForm;
  /** Numbers of a vector. */
  width?: number;
}

const isWhole = (value: unknown, most: number) =>
  Number.isInteger(value) && (value as number) >= 0 && (value as number) < most;

/**
 * The sequence that a line or row gives, or what is wrong with it. `shared` is filled in by the first sequence. By hand and not with zod:
 * there are millions
 * of lines, and each is looked at number by number.
 */
export function checkSequence(value: unknown, shared: Shared): LabelledSequence | string {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    return 'is no object: {"tokens": [0, 1], "targets": [1]}';
  const unknown = Object.keys(value).find(key => !['tokens', 'targets', 'positions'].includes(key));
  if (unknown !== undefined) return `unknown key "${unknown}": there are tokens, targets and positions`;
  const { tokens, targets, positions } = value as Record<string, unknown>;
  for (const [name, list] of Object.entries({ tokens, targets })) {
    if (!Array.isArray(list)) return list === undefined ? `has no ${name}` : `${name} is no list`;
    if (list.length === 0) return `${name} is an empty list`;
  }
  const problem =
    tokensProblem(tokens as unknown[]) ??
    targetsProblem(targets as unknown[], shared) ??
    positionsProblem(tokens as unknown[], targets as unknown[], positions);
  return problem ?? (value as LabelledSequence);
}

function tokensProblem(tokens: unknown[]): string | undefined {
  for (let i = 0; i < tokens.length; i++)
    if (!isWhole(tokens[i], MOST_SYMBOLS))
      return `token ${i + 1} is ${JSON.stringify(tokens[i])}: tokens are whole numbers from 0 to ${MOST_SYMBOLS - 1}`;
  return undefined;
}

function targetsProblem(targets: unknown[], shared: Shared): string | undefined {
  const [first] = targets;
  shared.form ??= Array.isArray(first) ? 'vectors' : 'classes';
  if (shared.form === 'vectors') shared.width ??= Array.isArray(first) ? first.length : 0;
  for (let i = 0; i < targets.length; i++) {
    const target = targets[i];
    const say = (what: string) => `target ${i + 1} is ${JSON.stringify(target)}: ${what}`;
    if (shared.form === 'classes') {
      if (Array.isArray(target)) return say('a list, where the targets before were classes');
      if (!isWhole(target, MOST_SYMBOLS))
        return say(
          `classes are whole numbers from 0 to ${MOST_SYMBOLS - 1}; real targets are lists, [[0.5], …]`,
        );
    } else {
      if (!Array.isArray(target)) return say('a class, where the targets before were lists of numbers');
      if (target.length !== shared.width || target.length === 0)
        return `target ${i + 1} has ${target.length} outputs, where the first target has ${shared.width}`;
      if (!target.every(number => Number.isFinite(number))) return say('not all of it are numbers');
    }
  }
  return undefined;
}

function positionsProblem(tokens: unknown[], targets: unknown[], positions: unknown): string | undefined {
  if (positions === undefined)
    return targets.length <= tokens.length
      ? undefined
      : `has ${targets.length} targets for ${tokens.length} tokens`;
  if (!Array.isArray(positions)) return 'positions is no list';
  if (positions.length !== targets.length)
    return `has ${positions.length} positions for ${targets.length} targets`;
  for (let i = 0; i < positions.length; i++) {
    const position = positions[i];
    if (!Number.isInteger(position) || position < 1 || position > tokens.length)
      return `position ${i + 1} is ${JSON.stringify(position)}: the sequence has positions 1 to ${tokens.length}`;
    if (i > 0 && position <= positions[i - 1])
      return `positions must rise: ${positions[i - 1]} before ${position}`;
  }
  return undefined;
}
