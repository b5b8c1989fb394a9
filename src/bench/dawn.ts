import '../engine/dawn-globals.ts';
import '../engine/dawn-polling.ts';
import { create } from 'webgpu';
import { endWithParent } from '../engine/dawn-process.ts';
import { UNCHECKED } from '../shared/unchecked.ts';
import { benchRequestSchema } from './protocol.ts';
import { Bench } from './serve.ts';

/*
 * The bench page's part on Dawn, in a Node process of its own that dawn-client.ts starts: a request in, an answer out, both JSON.
 */

/** Held for the life of the process: Dawn ends with the last reference to it. */
const gpu = create([`enable-dawn-features=${UNCHECKED}`]);
// Peers look for a browser's navigator, which Node has without a GPU or, before 21, not at all.
const navigator = (globalThis.navigator ?? {}) as object;
Object.defineProperty(navigator, 'gpu', { value: gpu });
Object.defineProperty(globalThis, 'navigator', { value: navigator, configurable: true });

const bench = new Bench(gpu);

process.on('message', (requestJson: string) => {
  bench
    .answer(benchRequestSchema.parse(JSON.parse(requestJson)))
    .then(answer => process.send?.(JSON.stringify(answer)));
});
endWithParent();
