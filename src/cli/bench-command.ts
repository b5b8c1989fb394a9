import { Argument, type Command, Option } from 'commander';
import { MOST_ATTENTION } from '../bench/problems.ts';
import { SUITES } from '../bench/protocol.ts';
import { later, wholeNumber, wholeNumbers } from './options.ts';

/** Fewest warm runs that a median is taken of. */
const LEAST_RUNS = 5;

/** Declares what `bench` takes. */
export function withBench(command: Command): Command {
  return command
    .addArgument(new Argument('[suite]', 'all unless given').choices(['roofline', ...SUITES]))
    .addOption(
      new Option('--lengths <T,T,…>', 'sequence lengths of attention and forward').argParser(
        wholeNumbers(1, MOST_ATTENTION),
      ),
    )
    .addOption(
      new Option('--dimensions <D,D,…>', 'width of a head, multiples of 4')
        .argParser(wholeNumbers(4, 256))
        .default([64], '64'),
    )
    .addOption(new Option('--heads <H,H,…>', 'heads').argParser(wholeNumbers(1, 64)).default([1], '1'))
    .addOption(
      new Option('--direction <name>', 'backward: gradients from scratch, forward pass included')
        .choices(['forward', 'backward', 'both'])
        .default('both'),
    )
    .addOption(
      new Option('--implementations <name,name,…>', 'only these; all unless given').argParser(
        (text: string) => text.split(',').map(name => name.trim()),
      ),
    )
    .addOption(
      new Option('--runs <number>', 'warm runs that a median is taken of')
        .argParser(wholeNumber(LEAST_RUNS, 1000))
        .default(LEAST_RUNS),
    )
    .addOption(
      new Option('--timeout <seconds>', 'for one call; what takes longer is given up, and the rest goes on')
        .argParser(wholeNumber(1, 3600))
        .default(120),
    )
    .addOption(
      new Option('--include <file.json>', 'rows of another `bench --json` beside these (repeatable)')
        .argParser((file: string, before: string[]) => [...before, file])
        .default([], 'none'),
    )
    .option('--out <file.svg|file.html>', 'a chart of everything measured')
    .addHelpText(
      'after',
      '\nExamples:\n  lengthwise bench attention --lengths 1024,2048 --direction forward\n  lengthwise bench attention --implementations jax-js,tfjs-webgpu --json\n  lengthwise bench roofline',
    )
    .action(later(async () => (await import('./bench.ts')).bench));
}
