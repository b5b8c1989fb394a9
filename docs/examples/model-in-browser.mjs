// A trained model in a page, on the page's own device: f(x), f of every prefix, and where it attends.
import { explain, modelOn, readModel } from 'lengthwise/model';

/** What a safetensors file's model says of `tokens`. */
export async function look(device, bytes, tokens) {
  const model = readModel(new Uint8Array(bytes), 'model.safetensors');
  const onDevice = modelOn(device, model);
  const [[output]] = await onDevice.evaluate([tokens]);
  const [everyPrefix] = await onDevice.evaluate([tokens], { allPositions: true });
  const { outputs, attention } = explain(model, tokens);
  return { paths: onDevice.paths(), output, everyPrefix, inDouble: outputs, attention };
}
