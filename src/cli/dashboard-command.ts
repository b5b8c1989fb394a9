import { type Command, Option } from 'commander';
import { later, wholeNumber } from './options.ts';

/** Where the page is unless `--port` says otherwise: a link that is kept open works again tomorrow. */
const PORT = 8423;

const port = (standard: number) =>
  new Option('--dashboard-port <number>', 'port of the page of --dashboard; 0: a free one')
    .argParser(wholeNumber(0, 65535))
    .default(standard);

/** Declares `dashboard`. */
export function withDashboard(command: Command): Command {
  return command
    .addOption(
      new Option('--port <number>', 'port of the page; 0: a free one')
        .argParser(wholeNumber(0, 65535))
        .default(PORT),
    )
    .option('--host <address>', 'listen there instead of on loopback; the link then has a token in it')
    .option('--queue <url>', 'a Redis, whose workers are shown')
    .option('--export <folder>', 'write a copy that does not change, for any server or disk, and end')
    .addHelpText(
      'after',
      '\nExamples:\n  lengthwise dashboard\n  lengthwise dashboard results/quickstart results/k-gram --port 0\n  lengthwise dashboard --host 0.0.0.0\n  lengthwise dashboard results/paper-ci --export supplement',
    )
    .action(later(async () => (await import('./dashboard.ts')).dashboard));
}

/** `--dashboard`, of verbs that fill a folder of results. */
export function withLivePage(command: Command): Command {
  return command
    .option('--dashboard', 'serve the live page beside, and print its link', false)
    .addOption(port(0));
}
