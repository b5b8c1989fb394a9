import type { Replica } from '../shared/protocol.ts';
import { streamKey } from '../shared/random.ts';
import type { Memory } from './memory.ts';

/** Uploads the `Replica` table of shaders/common/legend.wgsl, keyed for one random stream. */
export function uploadReplicas(memory: Memory, replicas: Replica[], stream: number): GPUBuffer {
  const keys = replicas.map(replica => streamKey(replica.seed, stream));
  return uploadReplicaTable(memory, replicas, keys);
}

/** As `uploadReplicas`, with the 32-bit stream keys given. */
export function uploadReplicaTable(
  memory: Memory,
  replicas: Pick<Replica, 'deviceKnobs' | 'trainLength' | 'alphaThousandths' | 'learningRate'>[],
  keys: number[],
): GPUBuffer {
  const words = 8;
  const data = new ArrayBuffer(replicas.length * words * 4);
  const floats = new Float32Array(data);
  const integers = new Uint32Array(data);
  replicas.forEach((replica, r) => {
    floats.set(replica.deviceKnobs, r * words);
    integers.set([keys[r]!, replica.trainLength, replica.alphaThousandths], r * words + 4);
    floats[r * words + 7] = replica.learningRate;
  });
  return memory.upload('replicas', data);
}
