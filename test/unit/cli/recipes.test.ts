import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { program } from '../../../src/cli/program.ts';

const FOLDER = join(import.meta.dirname, '..', '..', '..', 'experiments', 'recipes');
const files = readdirSync(FOLDER).map(name => ({ name, text: readFileSync(join(FOLDER, name), 'utf8') }));
const verbs = program().commands;

/** Command lines of lengthwise in a recipe, as words: what is run, and what comments say to run. */
function commandsIn(text: string): string[][] {
  const lists = [...text.matchAll(/\b(?:command|args): \[([^\]]*)\]/g)].map(([, list]) =>
    list!.split(',').map(word => word.trim()),
  );
  const typed = [...text.matchAll(/(?:lengthwise|main\.js|run --rm submit) ([a-z][^\n&]*)/g)].map(
    ([, line]) => line!.trim().split(/\s+/),
  );
  return [...lists, ...typed].filter(([verb]) => verbs.some(command => command.name() === verb));
}

describe.each(files)('experiments/recipes/$name', ({ name, text }) => {
  test('every command that it runs is one of the command line, with options that it has', () => {
    for (const [verb, ...words] of commandsIn(text)) {
      const known = verbs.find(command => command.name() === verb)!.options.map(option => option.long);
      for (const word of words.filter(each => each.startsWith('--')))
        expect(known, `${name}: ${verb} ${word}`).toContain(word.split('=')[0]);
    }
  });

  test('every file of the checkout that it names is there', () => {
    for (const [path] of text.matchAll(/\b(?:experiments|dist|src|test)\/[\w./-]+\.\w+/g))
      if (!path.startsWith('dist/')) expect(existsSync(join(FOLDER, '..', '..', path)), path).toBe(true);
  });

  test('is YAML, where it says so', () => {
    if (!name.endsWith('.yaml')) return;
    for (const document of parseAllDocuments(text, { merge: true })) expect(document.errors).toEqual([]);
  });
});

test('recipes start workers', () => {
  const verbsUsed = files.flatMap(({ text }) => commandsIn(text).map(([verb]) => verb));
  expect(verbsUsed.filter(verb => verb === 'worker').length).toBeGreaterThanOrEqual(3);
  expect(verbsUsed).toContain('submit');
});
