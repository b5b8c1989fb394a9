// node docs/examples/theory-in-worker.mjs <model.safetensors>: theory and simulation need no device, and run in any worker.
import { readFile } from 'node:fs/promises';
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';
import { deterministicShort, shortestLength } from 'lengthwise/simulation';
import { analyse, readModel } from 'lengthwise/theory';

if (isMainThread) {
  const file = process.argv[2];
  if (!file) throw new Error('give a model file');
  const worker = new Worker(new URL(import.meta.url), { workerData: { bytes: await readFile(file), file } });
  worker.on('message', line => console.log(line));
} else {
  const model = readModel(workerData.bytes, workerData.file);
  const { vocabulary, locality } = model.config;
  const source = { law: 'dirichlet-iid', vocabulary, alphaThousandths: 1000, order: 0, key: 1 };
  const { theory } = await analyse(model, { epsilons: [0.1], bits: null, alpha: 1, source });
  parentPort.postMessage(
    `positional margin ${theory.positionalMargin}, log10 C(f) ${theory.complexity.norm}`,
  );
  const x = Uint8Array.from({ length: 1000 }, (_, i) => (i * i) % vocabulary);
  const z = deterministicShort(x, shortestLength(model.config) + locality, model.config);
  parentPort.postMessage(`${z.length} tokens stand in for ${x.length}`);
}
