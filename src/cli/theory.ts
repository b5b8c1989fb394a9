import { ruleOf } from '../model/rules/registry.ts';
import { InputError } from '../shared/errors.ts';
import type { LawName } from '../tasks/laws/registry.ts';
import { boundsAt } from '../theory/bounds.ts';
import { chainOf } from '../theory/chain.ts';
import { whyUndefined } from '../theory/defined.ts';
import { type Member, pairInputs } from '../theory/pair.ts';
import { twoLayerBounds } from '../theory/promises.ts';
import { type Analysis, analyse } from '../theory/theory.ts';
import { theoryOfResults } from './add-theory.ts';
import { type ModelContext, modelInContext } from './model-context.ts';
import { print, printJson } from './output.ts';
import { promisesText } from './promises-text.ts';
import { theoryText } from './theory-text.ts';

export interface TheoryOptions {
  /** A run, or a folder of runs, instead of a model. */
  results?: string;
  epsilon: number[];
  bits?: number;
  alpha?: number;
  law?: LawName;
  target?: string;
  /** Strings that certificate C draws. */
  strings: number;
  delta: number;
  /** Print what each bound states, norms, and what quantities mean. */
  details: boolean;
  json: boolean;
}

/** ε when none is given. */
const EPSILONS = [0.1, 0.01];
/** Lengths that certificate C tries. */
const TRIED = [16, 32, 64, 128, 256, 512, 1024];
/** T of certificate C in finite precision. */
const LONG = 4096;

/** `lengthwise theory`: how long the theory says that training sequences had to be. Runs on the CPU, in float64. */
export async function theory(file: string | undefined, options: TheoryOptions): Promise<void> {
  if ((file === undefined) === (options.results === undefined))
    throw new InputError(
      'theory takes a model file, or --results <folder>',
      '`lengthwise theory --help` has examples.',
    );
  if (file === undefined) await theoryOfResults(options.results!, options.json);
  else await theoryOfModel(file, options);
}

async function theoryOfModel(file: string, options: TheoryOptions): Promise<void> {
  const context = await modelInContext(file, options);
  const target = options.target === undefined ? undefined : await modelInContext(options.target, options);
  if (target) checkPair(file, context, options.target!, target);
  const epsilons = options.epsilon.length > 0 ? options.epsilon : EPSILONS;
  const analyseIn = ({ model, source }: ModelContext) =>
    analyse(model, { epsilons, bits: options.bits ?? null, alpha: source.alphaThousandths / 1000, source });
  const own = await analyseIn(context);
  const other = target && (await analyseIn(target));
  const chain =
    context.target && own.certificate
      ? chainOf(
          own.model,
          own.certificate,
          { valueOf: context.target, shortError: context.shortError },
          { epsilons, source: context.source },
        )
      : null;
  const bounds = other ? boundsAt(pairInputs(memberOf(own), memberOf(other)), epsilons) : own.theory.bounds;
  const certificates = whyUndefined('bounds', context.model.config)
    ? []
    : twoLayerBounds(own.model, context.source, {
        epsilons,
        drawn:
          options.strings === 0
            ? null
            : { lengths: TRIED, strings: options.strings, delta: options.delta, longLength: LONG, seed: 0 },
      });
  if (options.json) {
    const { theory: rest } = own;
    printJson({
      ...rest,
      bounds,
      certificates,
      chain,
      attention: own.attention,
      ...(other ? { target: other.theory } : {}),
    });
    return;
  }
  print(theoryText(context, { ...own, theory: { ...own.theory, bounds } }, chain, options.details));
  if (certificates.length > 0) print(`\n${promisesText(certificates, options.details)}`);
  if (!options.details)
    print('More: --details has norms, what each quantity means, and what each bound states.');
  if (other) print(`\nBounds: for the pair with ${options.target}, the larger C and the smaller margins.`);
}

/** A model of a pair. Bounds are defined for it: `checkPair` has seen to that. */
const memberOf = ({ model, inputs }: Analysis): Member => ({ model, inputs: inputs! });

function checkPair(file: string, { model }: ModelContext, targetFile: string, target: ModelContext): void {
  const [f, g] = [model.config, target.model.config];
  const fix = 'The two models must read the same tokens and be of one kind.';
  for (const what of ['vocabulary', 'outputs', 'layers'] as const) {
    if (f[what] !== g[what])
      throw new InputError(`--target: ${targetFile} has ${what} ${g[what]}, ${file} has ${f[what]}`, fix);
  }
  const [a, b] = [f, g].map(({ attention }) => {
    const { kind, limit } = ruleOf(attention);
    return `${kind} ${limit ? 'precision' : 'attention'}`;
  });
  if (a !== b) throw new InputError(`--target: ${targetFile} has ${b}, ${file} has ${a}`, fix);
  for (const [name, config] of [
    [file, f],
    [targetFile, g],
  ] as const) {
    const why = whyUndefined('bounds', config);
    if (why !== undefined)
      throw new InputError(
        `--target: bounds are not defined for ${name}: ${why}`,
        'They are for limit rules with one or two layers and no norm.',
      );
  }
}
