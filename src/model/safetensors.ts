import type { z } from 'zod';
import { InputError, messageOf } from '../shared/errors.ts';
import {
  isSoftmax,
  type Model,
  type ModelConfig,
  modelConfigSchema,
  type Tensors,
} from '../shared/model-config.ts';
import { encodeTensors, type Fail, readHeader } from '../shared/tensor-file.ts';
import { type Training, trainingSchema } from '../shared/training.ts';
import { encodingSchema } from './encodings/registry.ts';
import { tensorShapes } from './layout.ts';

/* Model files are safetensors (`shared/tensor-file.ts`). `__metadata__.lengthwise` holds the model's config (docs/model-file.md). */

interface Entry {
  dtype: string;
  shape: number[];
  data_offsets: [number, number];
}

/** The metadata key of what a model was trained on. */
const TRAINING = 'lengthwise.training';

const BYTES = { F32: 4, F64: 8 } as const;
/** The bytes of a model file: float32 tensors in `tensorShapes` order. */
export function writeModel({ config, tensors, training }: Model): Uint8Array {
  return encodeTensors(
    tensorShapes(config).map(({ name, shape }) => ({ name, shape, data: tensors[name]! as Float32Array })),
    {
      lengthwise: JSON.stringify(written(config)),
      ...(training ? { [TRAINING]: JSON.stringify(training) } : {}),
    },
  );
}

/** A config as files have it: without the norm where there is none, as readers from before there was one expect. */
function written({ norm, ...config }: ModelConfig): object {
  return norm === 'none' ? config : { ...config, norm };
}

/**
 * Reads a model file. F64 tensors are rounded to float32.
 * @throws InputError naming the file, and the tensor where there is one.
 */
export function readModel(bytes: Uint8Array, file: string): Model {
  const fail = (what: string, fix?: string) => new InputError(`${file}: ${what}`, fix);
  const { header, dataStart } = readHeader(bytes, fail);
  const config = readConfig(header, fail);
  const data = bytes.subarray(dataStart);
  const tensors: Tensors = {};
  const expected = tensorShapes(config);
  const names = new Set(expected.map(({ name }) => name));
  // Every layer has the tensors of the first.
  const kinds = [...names]
    .filter(name => !/^layer\.[1-9]/.test(name))
    .map(name => name.replace(/^layer\.0/, 'layer.{l}'));
  for (const name of Object.keys(header)) {
    if (name !== '__metadata__' && !names.has(name))
      throw fail(
        `unexpected tensor ${name}${whyNot(name, config)}`,
        `A model of this config has: ${kinds.join(', ')}.`,
      );
  }
  const used: { name: string; begin: number; end: number }[] = [];
  for (const { name, shape } of expected) {
    const entry = header[name];
    if (entry === undefined)
      throw fail(`tensor ${name} [${shape}] is missing`, 'Write every tensor of docs/model-file.md.');
    if (!isEntry(entry)) throw fail(`tensor ${name}: its header entry needs dtype, shape and data_offsets`);
    const {
      dtype,
      data_offsets: [begin, end],
    } = entry;
    if (dtype !== 'F32' && dtype !== 'F64')
      throw fail(`tensor ${name}: dtype ${dtype} is not supported`, 'Save the weights as F32.');
    if (entry.shape.join() !== shape.join())
      throw fail(
        `tensor ${name}: shape [${entry.shape}], expected [${shape}]`,
        'Weights and config must agree.',
      );
    const size = shape.reduce((a, b) => a * b, 1);
    if (!(begin >= 0 && end - begin === size * BYTES[dtype]))
      throw fail(`tensor ${name}: data_offsets ${begin}…${end} do not hold ${size} ${dtype} values`);
    if (end > data.length)
      throw fail(`tensor ${name}: the file is truncated (needs ${end} data bytes, has ${data.length})`);
    used.push({ name, begin, end });
    tensors[name] = toFloats(Uint8Array.from(data.subarray(begin, end)), dtype);
    const bad = tensors[name]!.findIndex(x => !Number.isFinite(x));
    if (bad >= 0)
      throw fail(
        `tensor ${name}: value ${bad} is ${tensors[name]![bad]}`,
        'Weights must be finite; did the training diverge?',
      );
  }
  checkPhi(tensors, fail);
  checkLayout(used, data.length, fail);
  const training = readTraining(header, fail);
  return { config, tensors, ...(training ? { training } : {}) };
}

/** Undefined where the file does not say. */
function readTraining(header: Record<string, unknown>, fail: Fail): Training | undefined {
  const text = (header.__metadata__ as Record<string, unknown>)[TRAINING];
  if (text === undefined) return undefined;
  const fix = 'Mend it, or leave that key out.';
  let json: unknown;
  try {
    json = JSON.parse(String(text));
  } catch (error) {
    throw fail(`metadata "${TRAINING}" is not JSON (${messageOf(error)})`, fix);
  }
  const parsed = trainingSchema.safeParse(json);
  if (parsed.success) return parsed.data;
  const { path, message } = parsed.error.issues[0]!;
  throw fail(`metadata "${TRAINING}": ${path.join('.') || 'training'}: ${message}`, fix);
}

/** What of a config speaks against a tensor that other configs have. */
function whyNot(name: string, { layers, norm, mlpWidth, attention }: ModelConfig): string {
  const [, layer] = /^layer\.(\d+)\./.exec(name) ?? [];
  if (layer !== undefined && Number(layer) >= layers) return `: layers are numbered 0 to ${layers - 1}`;
  const kind = name.split('.').at(-1)!;
  if (isSoftmax(attention)) {
    if (kind === 'phi') return ': softmax models have no phi';
    if (kind === 'position')
      return `: softmax models of encoding ${attention.encoding} have no position rows`;
  }
  if (kind === 'log_scale') return ': only softmax models with logScale have log_scale';
  if (kind.endsWith('_norm') && norm === 'none') return ': models of norm none have no gains';
  if (kind.startsWith('mlp_') && mlpWidth === 0) return ': models of mlpWidth 0 have no MLP';
  return '';
}

function readConfig(header: Record<string, unknown>, fail: Fail) {
  const fix = 'Put the JSON config of docs/model-file.md, "Config", into metadata key "lengthwise".';
  const text = (header.__metadata__ as Record<string, unknown> | undefined)?.lengthwise;
  if (typeof text !== 'string') throw fail('metadata key "lengthwise" is missing', fix);
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (error) {
    throw fail(`metadata "lengthwise" is not JSON (${messageOf(error)})`, fix);
  }
  const parsed = modelConfigSchema.safeParse(json);
  if (!parsed.success) {
    const issue = parsed.error.issues[0]!;
    const { path, message } = ofBranch(issue, json);
    throw fail(`metadata "lengthwise": ${path.join('.') || 'config'}: ${message}`, fix);
  }
  const { attention } = parsed.data;
  const named = isSoftmax(attention) ? encodingSchema.safeParse(attention.encoding) : undefined;
  if (named?.error)
    throw fail(`metadata "lengthwise": attention.encoding: ${named.error.issues[0]!.message}`, fix);
  return parsed.data;
}

/** The complaint about a union of the branch that was meant: an attention with a "rule" is no limit rule (shared/model-config.ts). */
function ofBranch(issue: z.core.$ZodIssue, json: unknown): Pick<z.core.$ZodIssue, 'path' | 'message'> {
  if (issue.code !== 'invalid_union' || issue.errors.length === 0) return issue;
  const attention = (json as { attention?: unknown }).attention;
  const meant =
    typeof attention === 'object' && attention !== null && 'rule' in attention
      ? issue.errors.at(-1)
      : issue.errors[0];
  const [inner] = meant!;
  return { path: [...issue.path, ...inner!.path], message: inner!.message };
}

function isEntry(entry: unknown): entry is Entry {
  const { dtype, shape, data_offsets: offsets } = (entry ?? {}) as Partial<Entry>;
  const integers = (list: unknown) => Array.isArray(list) && list.every(n => Number.isSafeInteger(n));
  return typeof dtype === 'string' && integers(shape) && integers(offsets) && offsets!.length === 2;
}

function toFloats(bytes: Uint8Array, dtype: keyof typeof BYTES): Float32Array {
  return dtype === 'F32' ? new Float32Array(bytes.buffer) : Float32Array.from(new Float64Array(bytes.buffer));
}

/** Largest |φ| for which log(i)·φ stays far from float32's end at any length. */
const MAX_PHI = 1e6;

function checkPhi(tensors: Tensors, fail: Fail): void {
  for (const [name, values] of Object.entries(tensors)) {
    const bad = name.endsWith('.phi') ? values.find(x => Math.abs(x) > MAX_PHI) : undefined;
    if (bad !== undefined)
      throw fail(
        `tensor ${name}: ${bad} is too large: log(i)·φ would overflow float32`,
        `Keep |φ| at most ${MAX_PHI}.`,
      );
  }
}

/** Tensors must cover the data without holes or overlaps, as the safetensors library demands. */
function checkLayout(
  used: { name: string; begin: number; end: number }[],
  dataBytes: number,
  fail: Fail,
): void {
  let at = 0;
  for (const { name, begin, end } of used.sort((a, b) => a.begin - b.begin)) {
    if (begin !== at)
      throw fail(
        `tensor ${name}: begins at byte ${begin} of the data, expected ${at} (holes and overlaps are not allowed)`,
      );
    at = end;
  }
  if (at !== dataBytes)
    throw fail(
      `${dataBytes - at} bytes after the last tensor`,
      'The file is damaged or was not written by a safetensors library.',
    );
}
