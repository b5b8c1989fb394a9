import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Command } from 'commander';
import { describe, expect, test } from 'vitest';
import { program } from '../../../src/cli/program.ts';
import { CHECKOUT, type Page, pages } from '../../support/pages.ts';

const all = pages();

/** Command lines of lengthwise in a page: in blocks of shell, and in spans of code. */
function commandsOf({ shell, prose }: Page): string[][] {
  const typed = shell.map(line => line.replace(/\s#.*/, ''));
  const spans = [...prose.matchAll(/`(npx (?:--no-install )?lengthwise [^`]+)`/g)].map(([, span]) => span!);
  return [...typed, ...spans].flatMap(line =>
    [...line.matchAll(/(?:npx (?:--no-install )?|^(?:\w+=\S+ )*)lengthwise ([^|>&;]*)/g)]
      .map(([, words]) => wordsOf(words!.trim()))
      .filter(([verb]) => !verb?.startsWith('<')),
  );
}

/** A command line in words, as a shell parts it. */
function wordsOf(line: string): string[] {
  return [...line.matchAll(/(?:[^\s"']|"[^"]*"|'[^']*')+/g)].map(([word]) => word.replace(/["']/g, ''));
}

/** Commander's program, whose verbs do nothing: it still refuses what it does not know. */
function silent(command: Command): Command {
  for (const verb of [command, ...command.commands])
    verb.exitOverride().configureOutput({ writeErr: () => {}, writeOut: () => {} });
  for (const verb of command.commands) verb.action(() => {});
  return command;
}

describe.each(all)('$path', page => {
  test('every command is one that the command line takes', async () => {
    for (const words of commandsOf(page)) {
      const helpful = words.includes('--help') || words.includes('--version');
      const said = await silent(program())
        .parseAsync(words, { from: 'user' })
        .then(
          () => undefined,
          error => (helpful && error.exitCode === 0 ? undefined : error.message),
        );
      expect(said, `lengthwise ${words.join(' ')}`).toBeUndefined();
    }
  });

  test('every npm script that it runs is one', async () => {
    const { scripts } = (await import('../../../package.json')).default as {
      scripts: Record<string, string>;
    };
    for (const [, name] of page.text.matchAll(/npm run ([\w:-]+)/g))
      expect(scripts, name).toHaveProperty([name!]);
  });

  test('every file of the checkout that it names is there', () => {
    const named = page.text
      .replace(/\]\([^)]*\)/g, '')
      .matchAll(/(?<![\w./<>-])(?:experiments|src|test|shaders|docs|results\/paper-\w+)\/[\w./-]*\w/g);
    for (const [path] of named) expect(existsSync(join(CHECKOUT, path)), path).toBe(true);
  });
});

test('pages have commands', () => {
  expect(all.flatMap(commandsOf).length).toBeGreaterThan(30);
});
