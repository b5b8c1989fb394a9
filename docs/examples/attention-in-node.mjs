// node docs/examples/attention-in-node.mjs: attention.mjs on Dawn, the WebGPU of Node (npm install webgpu).
import { attentionDevice, attentionRows } from 'lengthwise/attention';
import { create, globals } from 'webgpu';
import { attend } from './attention.mjs';

Object.assign(globalThis, globals);
// Held on to: the device dies with it.
const gpu = create([]);
const adapter = await gpu.requestAdapter();
if (!adapter) throw new Error('no adapter: is there a Vulkan driver?');
const device = await adapter.requestDevice(attentionDevice(adapter));

const [lengths, heads, width] = [[12, 7], 2, 16];
const { rows } = attentionRows(lengths);
const wave = frequency =>
  Float32Array.from({ length: rows * heads * width }, (_, i) => Math.sin(frequency * i));
const { variant, means } = await attend(device, {
  ...{ lengths, heads, width },
  queries: wave(0.7),
  keys: wave(1.1),
  values: wave(1.3),
  gradMeans: wave(1.7),
});
console.log(
  `${variant}: the mean of the second row begins with ${means.slice(heads * width, heads * width + 3)}`,
);
device.destroy();
// Dawn's instance keeps Node alive.
process.exit();
