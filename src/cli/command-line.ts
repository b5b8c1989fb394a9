import { nearest } from '../config/problems.ts';
import { log, report } from './output.ts';
import { program, usageError } from './program.ts';

/** Runs the command line, `argv` as in `process.argv`. Never throws: resolves to the exit code once everything is said. */
export async function runCommandLine(argv: string[]): Promise<number> {
  const debug = argv.includes('--debug');
  try {
    await program().parseAsync(argv);
    return 0;
  } catch (error) {
    const usage = usageError(error);
    if (!usage) return report(error, debug);
    if (usage.exitCode === 0) return 0;
    const noVerb = usage.code === 'commander.help';
    const said = noVerb ? 'error: no known verb given' : usage.message.replace(/\n+/g, ' ');
    log(usage.code === 'commander.unknownCommand' ? `${said}${otherVerb(argv)}` : said);
    log('       See `lengthwise --help`, or `lengthwise <verb> --help`.');
    return 2;
  }
}

/** What people call what a verb does. */
const OTHER_VERBS: Record<string, string> = {
  train: 'run',
  start: 'run',
  predict: 'forward',
  evaluate: 'forward',
  bounds: 'theory',
  plot: 'report',
  benchmark: 'bench',
};

/** A verb by another name, in words; empty where none is like what was typed. */
function otherVerb(argv: string[]): string {
  const typed = argv.slice(2).find(word => !word.startsWith('-')) ?? '';
  const name = nearest(typed, Object.keys(OTHER_VERBS));
  return name === undefined ? '' : ` (to ${name}, the verb is ${OTHER_VERBS[name]})`;
}
