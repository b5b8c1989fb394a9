#!/usr/bin/env node
import { killEverything, stopEverything } from '../runtime/stopping.ts';
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

/** A second signal within this time is the first one again: npm hands on what the terminal has sent to everyone. */
const SAME_SIGNAL_MS = 300;
let toldToStop = Number.POSITIVE_INFINITY;

for (const [signal, code] of [
  ['SIGINT', 130],
  ['SIGTERM', 143],
  ['SIGHUP', 129],
] as const) {
  process.on(signal, async () => {
    const now = performance.now();
    if (now - toldToStop > SAME_SIGNAL_MS) process.exit(code);
    if (toldToStop <= now) return;
    toldToStop = now;
    log(`\n${signal}: stopping.`);
    for (const line of await stopEverything()) log(line);
    process.exit(code);
  });
}
process.on('exit', killEverything);
// A reader that has had enough (`| head`), or a terminal that was closed, does not end a run.
for (const stream of [process.stdout, process.stderr]) {
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE' && error.code !== 'EIO') throw error;
  });
}

process.exitCode = await main(process.argv);
