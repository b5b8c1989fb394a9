import { expect, test } from 'vitest';
import { program } from '../../../src/cli/program.ts';

const COLUMNS = 80;
const LINES = 40;

/** What `--help` prints on a terminal of 80 columns. */
function helpOf(command: ReturnType<typeof program>): string {
  const parts: string[] = [];
  command.configureOutput({ writeOut: part => parts.push(part), getOutHelpWidth: () => COLUMNS });
  command.outputHelp();
  return parts.join('');
}

test.each(program().commands.map(verb => verb.name()))('lengthwise %s --help fits a screen', name => {
  const help = helpOf(program().commands.find(verb => verb.name() === name)!);
  expect(help.split('\n').length).toBeLessThanOrEqual(LINES);
  expect(help).not.toMatch(/default:? (false|none|undefined)/);
  expect(help).toMatch(/Examples?:\n {2}(.*\n)*.*lengthwise/);
});

test('lengthwise --help fits a screen, and names every verb', () => {
  const help = helpOf(program());
  expect(help.split('\n').length).toBeLessThanOrEqual(LINES);
  for (const verb of program().commands) expect(help).toContain(verb.name());
});
