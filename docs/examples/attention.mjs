// Dense attention of lengthwise on a GPUDevice of your own, forward and backward. Runs in a browser and in Node.
import { attentionRows, denseAttention } from 'lengthwise/attention';

/** Softmax attention with RoPE of two sequences on `device`: the means, and the gradients of Σ means · gradMeans. */
export async function attend(device, { lengths, heads, width, queries, keys, values, gradMeans }) {
  const attention = denseAttention(device, {
    heads,
    keyWidth: width,
    valueWidth: width,
    attention: { rule: 'softmax', encoding: 'rope', ropeBase: 10000, logScale: false, scale: width ** -0.5 },
  });
  const upload = array => {
    const usage = GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_SRC | GPUBufferUsage.COPY_DST;
    const buffer = device.createBuffer({ size: array.byteLength, usage });
    device.queue.writeBuffer(buffer, 0, array);
    return buffer;
  };
  const rows = attentionRows(lengths);
  const tensors = { queries: upload(queries), keys: upload(keys), values: upload(values) };
  const forward = await attention.forward(rows, tensors);
  const backward = await forward.backward(upload(gradMeans));

  // Recorded into your encoder, among whatever else you record; nothing is submitted for you.
  const encoder = device.createCommandEncoder();
  forward.record(encoder);
  backward.record(encoder);
  const wanted = [forward.means, backward.gradQueries, backward.gradKeys, backward.gradValues];
  const copies = wanted.map(from => {
    const to = device.createBuffer({
      size: from.size,
      usage: GPUBufferUsage.COPY_DST | GPUBufferUsage.MAP_READ,
    });
    encoder.copyBufferToBuffer(from, 0, to, 0, from.size);
    return to;
  });
  device.queue.submit([encoder.finish()]);
  const arrays = [];
  for (const copy of copies) {
    await copy.mapAsync(GPUMapMode.READ);
    arrays.push(new Float32Array(copy.getMappedRange().slice(0)));
  }
  backward.destroy();
  forward.destroy();
  const [means, gradQueries, gradKeys, gradValues] = arrays;
  return { variant: attention.variant, means, gradQueries, gradKeys, gradValues };
}
