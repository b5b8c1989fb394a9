import { Memory } from '../memory.ts';

/**
 * Memory that layers take in turns: what one layer keeps under a label, the next layer gets again. A layer's rows are recomputed
 * before its way back, so nothing of them has to outlive the layer.
 */
export class Scratch extends Memory {
  private readonly base: Memory;
  private readonly shared = new Map<string, GPUBuffer[]>();
  private way: 'forward' | 'backward' = 'forward';
  private readonly taken = new Map<string, number>();

  constructor(base: Memory) {
    super(base.device);
    this.base = base;
  }

  /** From here on every label starts again, those of the way forward and of the way back apart. */
  nextLayer(way: 'forward' | 'backward'): void {
    this.way = way;
    this.taken.clear();
  }

  override storage(label: string, words: number): GPUBuffer {
    const key = `${this.way} ${label} ${words}`;
    const buffers = this.shared.get(key) ?? [];
    this.shared.set(key, buffers);
    const at = this.taken.get(key) ?? 0;
    this.taken.set(key, at + 1);
    buffers[at] ??= this.base.storage(label, words);
    return buffers[at];
  }

  override upload(label: string, data: ArrayBufferView<ArrayBuffer> | ArrayBuffer): GPUBuffer {
    return this.base.upload(label, data);
  }

  override uniform(label: string, data: ArrayBufferView<ArrayBuffer> | ArrayBuffer): GPUBuffer {
    return this.base.uniform(label, data);
  }
}
