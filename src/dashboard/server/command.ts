import { type Axes, without } from '../../results/axes.ts';
import type { Manifest } from '../../results/schema.ts';

/** Options of a command that decide what is trained. */
const KEPT = /^--(set|size)[ =]/;
const PLAIN = /^[\w./=:@%+,-]+$/;

/** The command that trains exactly one cell of a run: the run's own, with every axis at the cell's value. */
export function commandOf({ command }: Pick<Manifest, 'command'>, axes: Axes): string {
  const [head = '', ...options] = command.split(/ (?=--[a-z])/);
  const file = head.split(' ').slice(2).join(' ');
  const kept = options
    .filter(option => KEPT.test(option))
    .map(option => {
      const [, name, value = ''] = /^(--[a-z]+)[ =](.*)$/s.exec(option) ?? [];
      return `${name} ${quoted(value)}`;
    });
  const own = Object.entries(without(axes))
    .filter(([, value]) => value !== null)
    .map(([path, value]) => `--set ${quoted(`${path}=${value}`)}`);
  return ['lengthwise run', quoted(file), ...kept, ...own].join(' ');
}

/** A word as a shell takes it. */
function quoted(word: string): string {
  return PLAIN.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
}
