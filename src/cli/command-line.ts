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
    log(noVerb ? 'error: no known verb given' : usage.message.replace(/\n+/g, ' '));
    log('       See `lengthwise --help`, or `lengthwise <verb> --help`.');
    return 2;
  }
}
