import { type Command, Option } from 'commander';
import { QUEUE_VARIABLE } from '../queue/address.ts';
import { later, laterWithPlugIns, plugIn, positiveNumber, wholeNumber } from './options.ts';

/** Minutes that a job should take, on the slowest worker. */
const PACK_MINUTES = 5;
/** Seconds after which a job whose worker gives no sign is up for others. */
const LOCK_SECONDS = 120;

/** `--queue`, of every verb that uses one. */
const withQueue = (command: Command) =>
  command.option(
    '--queue <url>',
    `a Redis: redis://host:6379, rediss:// with TLS, unix:///path; ${QUEUE_VARIABLE} where there is none`,
  );

/** Declares `submit`; `command` has what `run` has of an experiment and its results. */
export function withSubmit(command: Command): Command {
  return withQueue(command)
    .addOption(
      new Option('--pack-minutes <minutes>', 'how long a job should take on the slowest worker')
        .argParser(positiveNumber)
        .default(PACK_MINUTES),
    )
    .option('--same-adapter', 'train every cell on one kind of adapter, since bits differ across them', false)
    .option('--retry', 'put jobs that failed earlier back into the queue', false)
    .addHelpText(
      'after',
      '\nExamples:\n  redis-server --appendonly yes &\n  lengthwise submit experiments/quickstart.yaml --queue redis://localhost:6379\n  LENGTHWISE_QUEUE=rediss://:password@host:6380 lengthwise submit sweep.yaml --same-adapter',
    )
    .action(later(async () => (await import('./submit.ts')).submit));
}

/** Declares `worker`; `command` has what every verb has that uses a GPU. */
export function withWorker(command: Command): Command {
  return withQueue(command)
    .option('--drain', 'end when the queue is empty', false)
    .addOption(plugIn())
    .addOption(
      new Option('--lock <seconds>', 'a job whose worker gives no sign for so long goes to another')
        .argParser(wholeNumber(1, 86_400))
        .default(LOCK_SECONDS),
    )
    .addHelpText(
      'after',
      '\nExamples:\n  lengthwise worker --queue redis://host:6379\n  lengthwise worker --queue redis://host:6379 --runtime dawn --drain',
    )
    .action(laterWithPlugIns(async () => (await import('./worker.ts')).worker));
}

/** Declares `status`. */
export function withStatus(command: Command): Command {
  return withQueue(command)
    .addHelpText(
      'after',
      '\nExamples:\n  lengthwise status --queue redis://host:6379\n  lengthwise status --queue redis://host:6379 --json',
    )
    .action(later(async () => (await import('./status.ts')).status));
}
