import type { Device } from './device.ts';
import { EngineFailure } from './failure.ts';

/** Makes a zeroed buffer. */
export type Allocate = (descriptor: GPUBufferDescriptor) => GPUBuffer;

/** Buffers that live and die together. */
export class Memory {
  readonly device: Device;
  private readonly buffers: GPUBuffer[] = [];
  private readonly allocate: Allocate;
  /** Bytes allocated and not yet freed. */
  bytes = 0;

  /** `allocate` makes the buffers, the device itself unless given. */
  constructor(device: Device, allocate: Allocate = descriptor => device.gpu.createBuffer(descriptor)) {
    this.device = device;
    this.allocate = allocate;
  }

  /**
   * A zeroed storage buffer of `words` 32-bit words.
   * @throws EngineFailure `out-of-memory` when the adapter cannot bind that much.
   */
  storage(label: string, words: number): GPUBuffer {
    const bytes = Math.max(16, words * 4);
    const limit = this.device.adapter.limits.maxStorageBufferBindingSize!;
    if (bytes > limit) {
      throw new EngineFailure(
        'out-of-memory',
        `${label} needs ${bytes} bytes; this adapter binds at most ${limit}`,
      );
    }
    return this.create(
      label,
      bytes,
      GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_SRC | GPUBufferUsage.COPY_DST,
    );
  }

  /** A storage buffer that holds `data`. */
  upload(label: string, data: ArrayBufferView<ArrayBuffer> | ArrayBuffer): GPUBuffer {
    const buffer = this.storage(label, Math.ceil(data.byteLength / 4));
    this.device.gpu.queue.writeBuffer(buffer, 0, data);
    return buffer;
  }

  /** A uniform buffer that holds `data`. */
  uniform(label: string, data: ArrayBufferView<ArrayBuffer> | ArrayBuffer): GPUBuffer {
    const bytes = Math.ceil(data.byteLength / 16) * 16;
    const buffer = this.create(label, bytes, GPUBufferUsage.UNIFORM | GPUBufferUsage.COPY_DST);
    this.device.gpu.queue.writeBuffer(buffer, 0, data);
    return buffer;
  }

  /** Reads `bytes` of a buffer from `offset` back to the host, after everything submitted so far. */
  read(buffer: GPUBuffer, bytes = buffer.size, offset = 0): Promise<ArrayBuffer> {
    return this.gather(buffer, [{ at: offset, bytes }]);
  }

  /** As `read`, several pieces of a buffer one after the other. */
  async gather(buffer: GPUBuffer, pieces: { at: number; bytes: number }[]): Promise<ArrayBuffer> {
    const { gpu, failed } = this.device;
    const staging = gpu.createBuffer({
      size: pieces.reduce((sum, { bytes }) => sum + bytes, 0),
      usage: GPUBufferUsage.COPY_DST | GPUBufferUsage.MAP_READ,
    });
    try {
      const encoder = gpu.createCommandEncoder();
      let to = 0;
      for (const { at, bytes } of pieces) {
        encoder.copyBufferToBuffer(buffer, at, staging, to, bytes);
        to += bytes;
      }
      gpu.queue.submit([encoder.finish()]);
      await Promise.race([staging.mapAsync(GPUMapMode.READ), failed]);
      return staging.getMappedRange().slice(0);
    } finally {
      staging.destroy();
    }
  }

  /** Frees every buffer. */
  destroy(): void {
    for (const buffer of this.buffers) buffer.destroy();
    this.buffers.length = 0;
    this.bytes = 0;
  }

  private create(label: string, size: number, usage: number): GPUBuffer {
    const buffer = this.allocate({ label, size, usage });
    this.buffers.push(buffer);
    this.bytes += size;
    return buffer;
  }
}
