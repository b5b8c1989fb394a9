#!/usr/bin/env node
import { killEverything, stopEverything } from '../runtime/stopping.ts';
import { runCommandLine } from './command-line.ts';
import { log } from './output.ts';

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

process.exitCode = await runCommandLine(process.argv);
