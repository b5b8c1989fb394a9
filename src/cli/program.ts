import { Argument, Command, CommanderError, Option } from 'commander';
import { assignmentOf } from '../config/assignment.ts';
import { GPUJS_MODES } from '../gpujs/protocol.ts';
import { PATIENCE } from '../runtime/deadline.ts';
import { METHODS } from '../simulation/simulate.ts';
import { lawSchema } from '../tasks/laws/registry.ts';
import { withBench } from './bench-command.ts';
import { withDashboard, withLivePage } from './dashboard-command.ts';
import { KERNELS, VARIANT_CHOICES } from './kernel-names.ts';
import {
  dirichletParameter,
  later,
  laterWithPlugIns,
  lentMachineOptions,
  machineOptions,
  plugIn,
  positiveNumber,
  probability,
  shard,
  version,
  wholeNumber,
  wholeNumbers,
} from './options.ts';
import { withStatus, withSubmit, withWorker } from './queue-commands.ts';

/** Where results go unless `--out` says otherwise. */
const RESULTS = 'results';

const json = () => new Option('--json', 'print one JSON document on stdout').default(false);
const details = (what: string) => new Option('--details', `also print ${what}`).default(false);
const set = () =>
  new Option('--set <path=value>', 'override a field: train.steps=500 (repeatable)')
    .argParser((value: string, before: string[]) => {
      // A value after a space would else be one argument too many.
      assignmentOf(value);
      return [...before, value];
    })
    .default([], 'none');

const size = () => new Option('--size <name>', "one of the file's sizes; its first unless given");

/** Longest strings that the command line takes. */
const MOST_TOKENS = 4_000_000;

/** A day, in seconds. */
const MOST_STALL = 86_400;

const count = (flags: string, description: string, most: number, standard: number, least = 1) =>
  new Option(flags, description).argParser(wholeNumber(least, most)).default(standard);

const stall = () =>
  new Option('--stall <seconds>', 'without progress after which an engine is killed and started afresh')
    .argParser(wholeNumber(1, MOST_STALL))
    .default(PATIENCE.stallMs / 1000);

/** A grid, and where its results go. */
function withGrid(command: Command): Command {
  return command
    .addOption(set())
    .addOption(size())
    .option('--out <folder>', 'where results go', RESULTS)
    .option('--no-theory', 'leave theory to a later `theory --results`')
    .option('--fresh', 'delete what an earlier run of this grid left, and start over', false)
    .addOption(details('charts, and theory of the weights'));
}

function withMachine(command: Command, options = lentMachineOptions()): Command {
  for (const option of options) command.addOption(option);
  return command;
}

/** The token law of sampled sequences, for models that do not lie in a run's folder. */
function withLaw(command: Command): Command {
  return command
    .addOption(
      new Option('--law <name>', "token law of sampled sequences; the run's own unless given").choices(
        lawSchema.options,
      ),
    )
    .addOption(
      new Option('--alpha <number>', 'Dirichlet parameter of the token law, α0 of Theorem 4.2').argParser(
        dirichletParameter,
      ),
    );
}

/** An option in the words of `--help`: what it can be, and what it is unless given. Of switches it goes without saying. */
function describeOption({ description, argChoices, defaultValue, defaultValueDescription }: Option): string {
  const standard = defaultValueDescription ?? defaultValue;
  const told = standard !== undefined && standard !== false && standard !== true && standard !== 'none';
  const notes = [...(argChoices ? [argChoices.join('|')] : []), ...(told ? [`default ${standard}`] : [])];
  return notes.length === 0 ? description : `${description} (${notes.join('; ')})`;
}

/** The command line, declared. Actions throw; command-line.ts turns that into words and an exit code. */
export function program(): Command {
  const root = new Command('lengthwise')
    .description('How long must training sequences be? Length generalization in transformers, on WebGPU.')
    .version(version)
    .option('--debug', 'show stack traces')
    .showSuggestionAfterError()
    .exitOverride()
    .configureOutput({ outputError: () => {}, writeErr: () => {} })
    .configureHelp({ optionDescription: describeOption });
  const verb = (name: string, description: string) =>
    root
      .command(name)
      .description(description)
      .exitOverride()
      .addOption(new Option('--debug', 'show stack traces').hideHelp());

  withMachine(
    withLivePage(
      withGrid(
        verb('run <experiment.yaml>', 'train and evaluate the grid; finished cells are never run again'),
      ),
    ),
  )
    .addOption(
      new Option('--workers <number>', 'packs trained at the same time')
        .argParser(wholeNumber(1, 16))
        .default(1),
    )
    .addOption(stall())
    .option(
      '--profile [file.json]',
      "time every kernel; a trace for Perfetto, in the run's folder unless named",
    )
    .addOption(
      new Option(
        '--shard <i/n>',
        'only the i-th of n shares of the grid; `merge` puts them together',
      ).argParser(shard),
    )
    .addOption(json())
    .addHelpText(
      'after',
      '\nExamples:\n  lengthwise run experiments/quickstart.yaml\n  lengthwise run experiments/quickstart.yaml --set train.steps=4000 --set "seed=[0,1,2]"',
    )
    .action(later(async () => (await import('./run.ts')).run));
  withSubmit(
    withLivePage(
      withGrid(
        verb(
          'submit <experiment.yaml>',
          'queue what is missing of a grid, and collect what workers make of it',
        ),
      ),
    ),
  ).addOption(json());
  withWorker(withMachine(verb('worker', 'take jobs from a queue, and train them here')))
    .addOption(stall())
    .addOption(json());
  withMachine(
    verb(
      'check-task <module>',
      'hold a plug-in task to its examples, and its WGSL, if any, to its TypeScript',
    ),
  )
    .addOption(json())
    .addHelpText(
      'after',
      '\nExamples:\n  lengthwise check-task ./my-task.ts\n  lengthwise check-task ./my-task.ts --runtime dawn --json',
    )
    .action(later(async () => (await import('./check-task.ts')).checkTask));
  verb('new-task <name>', 'write a task to begin with, its test and an experiment')
    .addOption(json())
    .option('--no-wgsl', 'without WGSL: sequences are drawn in threads of this machine')
    .addHelpText(
      'after',
      '\nExamples:\n  lengthwise new-task my-task\n  lengthwise new-task my-task --no-wgsl',
    )
    .action(later(async () => (await import('./new-task.ts')).newTask));
  withStatus(verb('status', 'jobs and workers of a queue')).addOption(json());
  verb('merge <folders...>', 'runs and shards of one grid into one run, every cell once')
    .option('--out <folder>', 'where the run goes', RESULTS)
    .addOption(json())
    .addHelpText('after', '\nExample:\n  lengthwise merge shard-1 shard-2 shard-3 --out results')
    .action(later(async () => (await import('./merge.ts')).merge));
  verb('plan <experiment.yaml>', 'what run would do: cells, packs, memory, time')
    .addOption(set())
    .addOption(size())
    .option('--out <folder>', 'where results are, to tell what is finished', RESULTS)
    .addOption(json())
    .addHelpText(
      'after',
      '\nExample:\n  lengthwise plan experiments/quickstart.yaml --set "train.length=[8,512]"',
    )
    .action(later(async () => (await import('./plan.ts')).plan));
  withMachine(verb('forward <model.safetensors> <tokens.json>', 'f(x) of each sequence'))
    .addOption(
      new Option(
        '--kernel <name>',
        'how to compute it; linear where the model has a linear-time path, else dense, unless given',
      ).choices(KERNELS),
    )
    .addOption(
      new Option(
        '--kernel-variant <name>',
        'which dense kernel: what was tuned here, tune now, or one by name',
      )
        .choices(VARIANT_CHOICES)
        .default('auto'),
    )
    .addOption(
      new Option('--gpujs-mode <name>', 'backend of --kernel gpujs; the first it finds unless given').choices(
        GPUJS_MODES,
      ),
    )
    .option('--all-positions', 'read out at every position, not only the last', false)
    .addOption(json())
    .addHelpText(
      'after',
      '\nExample:\n  lengthwise forward results/quickstart/<run>/models/<cell>.safetensors tokens.json --json\n  lengthwise forward model.safetensors tokens.json --kernel gpujs --gpujs-mode cpu',
    )
    .action(later(async () => (await import('./forward.ts')).forward));
  withLaw(
    verb('theory [model.safetensors]', 'margins, norms, C(f), and how long training sequences had to be')
      .addOption(
        new Option(
          '--epsilon <number>',
          'error that the bounds are for (repeatable; 0.1 and 0.01 unless given)',
        )
          .argParser((value: string, before: number[]) => [...before, positiveNumber(value)])
          .default([], 'none'),
      )
      .addOption(
        new Option(
          '--bits <p>',
          "bits of finite-precision attention; the model's own unless given",
        ).argParser(wholeNumber(1, 64)),
      )
      .option(
        '--results <folder>',
        'instead of a model: theory of the trained cells of its runs that have none',
      )
      .option(
        '--target <model.safetensors>',
        'a second model g: bounds use the larger C and the smaller margins',
      )
      .addOption(
        count('--strings <m>', 'strings that certificate C for two layers draws; 0: none', 1_000_000, 0, 0),
      )
      .addOption(
        new Option('--delta <number>', 'probability with which certificate C may be wrong')
          .argParser(probability)
          .default(0.05),
      ),
  )
    .addOption(details('norms, what each bound states, and what quantities mean'))
    .addOption(json())
    .addHelpText(
      'after',
      '\nExamples:\n  lengthwise theory results/quickstart/<run>/models/<cell>.safetensors\n  lengthwise theory model.safetensors --epsilon 0.1 --epsilon 0.01 --bits 8 --json\n  lengthwise theory model-snapped.safetensors --epsilon 0.1 --strings 2000\n  lengthwise theory --results results/quickstart',
    )
    .addOption(plugIn())
    .action(laterWithPlugIns(async () => (await import('./theory.ts')).theory));
  withLaw(
    verb(
      'snap <model.safetensors>',
      'exact heads: φ to hard offsets or to zero, with the loss before and after',
    )
      .option(
        '--prune',
        'silence heads of layer 1 that see every position, so that `theory` can certify',
        false,
      )
      .addOption(
        count('--steps <number>', 'steps of fine-tuning on the CPU, heads kept exact', 1_000_000, 0, 0),
      )
      .option('--out <file>', 'where the model goes; beside the given one, -snapped, unless given'),
  )
    .addOption(json())
    .addHelpText(
      'after',
      '\nExample:\n  lengthwise snap results/k-gram/<run>/models/<cell>.safetensors --prune --steps 300 --out exact.safetensors',
    )
    .addOption(plugIn())
    .action(laterWithPlugIns(async () => (await import('./snap.ts')).snap));
  verb('export <model.safetensors>', 'the model in a format of others')
    .option('--onnx [file]', 'ONNX, f of every prefix; beside the given one, .onnx, unless a file is named')
    .addOption(json())
    .addHelpText(
      'after',
      '\nExample:\n  lengthwise export results/quickstart/<run>/models/<cell>.safetensors --onnx model.onnx',
    )
    .action(later(async () => (await import('./export.ts')).exportModel));
  withLaw(
    withMachine(
      verb('simulate [model.safetensors]', 'short strings that stand in for long ones, and how well')
        .addOption(
          new Option(
            '--method <name>',
            'how short strings are made; deterministic for one layer, markov for two unless given',
          ).choices(METHODS),
        )
        .addOption(
          new Option('--lengths <n,n,…>', 'short lengths; powers of two from 8 unless given').argParser(
            wholeNumbers(1, MOST_TOKENS),
          ),
        )
        .addOption(count('--test-length <T>', 'tokens of the long strings', MOST_TOKENS, 4096))
        .addOption(count('--samples <number>', 'long strings', 65536, 256, 2))
        .addOption(
          count('--draws <number>', 'random short strings of each that best-of and greedy try', 1024, 8),
        )
        .addOption(count('--rounds <number>', 'rounds of greedy, and of --adversary', 100_000, 32))
        .addOption(count('--seed <number>', 'seed of the strings', 0xffffffff, 0, 0))
        .addOption(
          new Option(
            '--adversary',
            'search for strings that break the certificate, and for the worst error against the target',
          )
            .default(false)
            .conflicts('method'),
        )
        .option('--results <folder>', 'with --adversary: worst errors of the models of its runs'),
    ),
  )
    .addOption(json())
    .addHelpText(
      'after',
      '\nExamples:\n  lengthwise simulate results/k-gram/<run>/models/<cell>.safetensors --test-length 16384\n  lengthwise simulate results/quickstart/<run>/models/<cell>.safetensors --adversary\n  lengthwise simulate --results results/quickstart --adversary --test-length 512 --rounds 16',
    )
    .addOption(plugIn())
    .action(laterWithPlugIns(async () => (await import('./simulate.ts')).simulate));
  verb('verify <results>', "the paper's claims as statistics over seeds; exit code 1 when one fails")
    .option(
      '--baseline <results>',
      'fail when a plateau is worse than in these results (a folder, or the JSON of an earlier verify)',
    )
    .addOption(details('what each claim states, and which test decides it'))
    .addOption(json())
    .addHelpText(
      'after',
      '\nExamples:\n  lengthwise verify results/paper-ci\n  lengthwise verify results/quickstart/<run> --baseline baseline.json',
    )
    .addOption(plugIn())
    .action(laterWithPlugIns(async () => (await import('./verify.ts')).verify));
  verb('report <results>', 'one self-contained HTML page, figures as SVG and PNG, data as CSV and Parquet')
    .option('--out <folder>', 'where the report goes; into the results unless given')
    .option('--baseline <results>', 'compare with these results, as verify does')
    .option('--pdf', 'figures as PDF too, each a page of its size, for LaTeX', false)
    .option('--markdown', 'print a summary for a pull-request comment, write nothing', false)
    .addOption(json())
    .addHelpText(
      'after',
      '\nExamples:\n  lengthwise report results/quickstart/<run>\n  lengthwise report results/paper-ci --markdown',
    )
    .addOption(plugIn())
    .action(laterWithPlugIns(async () => (await import('./report.ts')).report));
  withDashboard(
    verb('dashboard [results...]', 'the live web page over runs; with --export a static copy'),
  ).addOption(json());
  withBench(
    withMachine(
      verb('bench', 'kernels against peers: same browser, same adapter, checked against float64'),
      machineOptions(),
    ),
  ).addOption(json());
  verb(
    'doctor',
    'every adapter of both runtimes: is it right, how fast is it, what --runtime auto would take',
  )
    .addOption(
      new Option('--runtime <name>', "instead of this machine's own: a browser tab that you open").choices([
        'tab',
      ]),
    )
    .addOption(lentMachineOptions().find(option => option.long === '--port')!)
    .addOption(lentMachineOptions().find(option => option.long === '--host')!)
    .addOption(details('features and limits of each adapter, and what asking it costs'))
    .addOption(json())
    .addHelpText('after', '\nExamples:\n  lengthwise doctor --json\n  lengthwise doctor --runtime tab')
    .action(later(async () => (await import('./doctor.ts')).doctor));
  verb('init [folder]', 'a commented experiment, .gitignore and a CI workflow, to begin with')
    .addOption(json())
    .addHelpText('after', '\nExample:\n  lengthwise init && npx lengthwise run experiment.yaml')
    .action(later(async () => (await import('./init.ts')).beginIn));
  verb('completion', 'a script that completes verbs and options in a shell')
    .addArgument(new Argument('<shell>', 'which').choices(['bash', 'zsh', 'fish']))
    .addHelpText('after', '\nExample:\n  source <(lengthwise completion bash)')
    .action(later(async () => (await import('./completion.ts')).completion));
  return root;
}

/** Commander's own complaints (unknown verb, missing argument, …) are bad usage. */
export function usageError(error: unknown): CommanderError | undefined {
  return error instanceof CommanderError ? error : undefined;
}
