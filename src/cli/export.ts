import { writeFile } from 'node:fs/promises';
import { onnxOf } from '../interchange/onnx.ts';
import { InputError, messageOf } from '../shared/errors.ts';
import { readUserModel } from './model-context.ts';
import { version } from './options.ts';
import { print, printJson } from './output.ts';

export interface ExportOptions {
  /** Where it goes; true: beside the model. */
  onnx?: string | true;
  json: boolean;
}

/** `lengthwise export`: a model in a format of others. */
export async function exportModel(file: string, { onnx, json }: ExportOptions): Promise<void> {
  if (onnx === undefined)
    throw new InputError('export: no format is named', 'Give --onnx, alone or with a file.');
  const model = await readUserModel(file);
  const bytes = onnxOf(model, version);
  const out = onnx === true ? file.replace(/(\.safetensors)?$/, '.onnx') : onnx;
  try {
    await writeFile(out, bytes);
  } catch (error) {
    throw new InputError(`cannot write ${out} (${messageOf(error)})`, 'Name another file behind --onnx.');
  }
  const { vocabulary, outputs } = model.config;
  if (json) printJson({ out, bytes: bytes.length, vocabulary, outputs });
  else
    print(
      `Written: ${out}, ${bytes.length.toLocaleString('en')} bytes\n` +
        `tokens int64 [batch, length], below ${vocabulary} → outputs float32 [batch, length, ${outputs}], f of every prefix`,
    );
}
