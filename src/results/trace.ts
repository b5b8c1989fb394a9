import type { Profile } from '../shared/protocol.ts';

/** One slice of a Chrome trace (`ph: X`), or what names a process or thread (`ph: M`). Times in microseconds. */
export interface TraceEvent {
  name: string;
  ph: 'X' | 'M';
  pid: number;
  tid: number;
  ts?: number;
  dur?: number;
  cat?: string;
  args?: Record<string, unknown>;
}

/** What one kernel took of the optimiser steps that were timed. */
export interface KernelShare {
  name: string;
  /** Of the device time of all timed steps, 0…1. */
  share: number;
  /** Dispatches a step. */
  dispatches: number;
  /** Mean of one dispatch, in microseconds. */
  microseconds: number;
}

const NODE = 1;
const HOST = 1;
const DEVICE = 2;

/** Where a run's time went, gathered as it goes: a trace for Perfetto or chrome://tracing, and shares by kernel. */
export class Trace {
  private readonly began = now();
  private readonly events: TraceEvent[] = [];
  private readonly profiles: Profile[] = [];
  /** Whether each track of this process has a slice under way: slices of one track may not overlap. */
  private readonly busy: boolean[] = [];

  /** Notes how long this process took over something. */
  async during<T>(name: string, work: () => Promise<T>): Promise<T> {
    const free = this.busy.indexOf(false);
    const track = free < 0 ? this.busy.push(false) - 1 : free;
    if (free < 0) this.name(NODE, HOST + track, 'lengthwise', track === 0 ? 'host' : `host ${track + 1}`);
    this.busy[track] = true;
    const start = now();
    try {
      return await work();
    } finally {
      this.busy[track] = false;
      this.slice(name, NODE, HOST + track, start, now() - start);
    }
  }

  /** Takes in what the engine noted of a pack. */
  add(label: string, replicas: number, profile: Profile): void {
    const pid = NODE + 1 + this.profiles.length;
    this.profiles.push(profile);
    this.name(pid, HOST, `${label}: engine`, 'host');
    this.name(pid, DEVICE, `${label}: engine`, 'device');
    for (const [name, start, duration] of profile.host) this.slice(name, pid, HOST, start, duration);
    for (const [kernel, start, duration] of profile.device) {
      const { name, phase, groups } = profile.kernels[kernel]!;
      this.slice(name, pid, DEVICE, start, duration, phase, { groups, replicas });
    }
  }

  /** Time of everything of that name, in seconds. */
  secondsOf(name: string): number {
    const own = this.events.filter(event => event.name === name);
    return own.reduce((sum, { dur = 0 }) => sum + dur, 0) / 1e6;
  }

  /** The trace as a document. */
  document(): { traceEvents: TraceEvent[]; displayTimeUnit: 'ms' } {
    return { traceEvents: this.events, displayTimeUnit: 'ms' };
  }

  /** Kernels of the training step, dearest first. Empty when no step was timed. */
  shares(): KernelShare[] {
    const times = new Map<string, { total: number; dispatches: number }>();
    let steps = 0;
    let all = 0;
    for (const { kernels, device } of this.profiles) {
      const step = kernels.filter(({ phase }) => phase === 'train').length;
      const timed = device.filter(([kernel]) => kernels[kernel]!.phase === 'train');
      if (step > 0) steps += timed.length / step;
      for (const [kernel, , duration] of timed) {
        const { name } = kernels[kernel]!;
        const known = times.get(name) ?? { total: 0, dispatches: 0 };
        times.set(name, { total: known.total + duration, dispatches: known.dispatches + 1 });
        all += duration;
      }
    }
    return [...times]
      .map(([name, { total, dispatches }]) => ({
        name,
        share: total / all,
        dispatches: dispatches / steps,
        microseconds: total / dispatches,
      }))
      .sort((a, b) => b.share - a.share);
  }

  private slice(
    name: string,
    pid: number,
    tid: number,
    start: number,
    dur: number,
    cat = 'host',
    args: Record<string, unknown> = {},
  ): void {
    this.events.push({ name, ph: 'X', pid, tid, ts: start - this.began, dur, cat, args });
  }

  private name(pid: number, tid: number, process: string, thread: string): void {
    this.events.push({ name: 'process_name', ph: 'M', pid, tid, args: { name: process } });
    this.events.push({ name: 'thread_name', ph: 'M', pid, tid, args: { name: thread } });
  }
}

/** Microseconds since the epoch, as the engine counts them too. */
const now = () => 1000 * (performance.timeOrigin + performance.now());
