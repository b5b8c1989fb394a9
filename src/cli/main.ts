#!/usr/bin/env node
import { closeAllSessions } from '../runtime/session.ts';
import { log, report } from './output.ts';
import { program, usageError } from './program.ts';

/** Runs the command line; resolves to the exit code. */
async function main(argv: string[]): Promise<number> {
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

for (const [signal, code] of [
  ['SIGINT', 130],
  ['SIGTERM', 143],
  ['SIGHUP', 129],
] as const) {
  process.once(signal, () => {
    log(`\n${signal}: stopping. Finished cells are kept; the same command goes on from there.`);
    closeAllSessions().finally(() => process.exit(code));
  });
}
// A reader that has had enough (`| head`) is no failure.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit(0);
  throw error;
});

process.exitCode = await main(process.argv);
