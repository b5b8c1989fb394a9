import { median } from 'simple-statistics';
import { adapterName } from '../shared/adapter.ts';
import type { EngineEvent, Request } from '../shared/protocol.ts';
import type { Role } from '../shared/tab-protocol.ts';

/** A pack in work, for people. */
export interface Work {
  cells: number;
  task: string;
  /** Shortest and longest training length. */
  lengths: [number, number];
  phase: 'train' | 'test';
  /** Optimiser steps in training, parts of the evaluation in testing. */
  done: number;
  total: number;
  /** Of training, over the last submission; null until one is through. */
  sequencesPerSecond: number | null;
  /** Median over the cells, at the last point of their curves. */
  loss: number | null;
  /** Of its training, as far as can be told. */
  secondsLeft: number | null;
  /** When and at which step the first sign of progress came. */
  first: { atMs: number; done: number } | null;
}

/** What a tab is to a run, and does. */
export interface Status {
  /** `connecting`: nothing heard yet; `lost`: the connection is gone; `ended`: the run has ended. */
  state: 'connecting' | Role['role'] | 'lost' | 'ended';
  run: string | null;
  /** Why it was refused. */
  why: string | null;
  browser: string;
  adapter: string | null;
  software: boolean;
  work: Work | null;
  /** Cells that were trained here. */
  cells: number;
}

/** Before anything is heard. */
export function atFirst(browser: string): Status {
  return {
    state: 'connecting',
    run: null,
    why: null,
    browser,
    adapter: null,
    software: false,
    work: null,
    cells: 0,
  };
}

/** Once the run has said what the tab is to it. */
export function afterRole(status: Status, { role, run, why }: Role): Status {
  return { ...status, state: role, run, why: why ?? null, work: null };
}

/** Once something was asked. Of what takes no time nothing is shown. */
export function afterRequest(status: Status, request: Request): Status {
  if (request.op !== 'train') return { ...status, work: null };
  const { pack, resume } = request;
  const lengths = pack.replicas.map(({ trainLength }) => trainLength);
  const work: Work = {
    cells: lengths.length,
    task: pack.task.name,
    lengths: [
      lengths.reduce((least, length) => Math.min(least, length)),
      lengths.reduce((most, length) => Math.max(most, length)),
    ],
    phase: 'train',
    done: resume?.step ?? 0,
    total: pack.steps,
    sequencesPerSecond: null,
    loss: null,
    secondsLeft: null,
    first: null,
  };
  return { ...status, work };
}

/** Once its engine has said something, at that time in milliseconds. */
export function afterEvent(status: Status, event: EngineEvent, nowMs: number): Status {
  switch (event.event) {
    case 'progress':
      return status.work ? { ...status, work: progressed(status.work, event, nowMs) } : status;
    case 'probed':
    case 'measured':
    case 'computed':
    case 'tuned':
      return {
        ...status,
        adapter: adapterName(event.adapter),
        software: event.adapter.software,
        work: null,
      };
    case 'trained':
      return { ...status, work: null, cells: status.cells + event.cells.length };
    case 'failed':
      return { ...status, work: null };
    default:
      return status;
  }
}

function progressed(
  work: Work,
  { phase, done, total, sequencesPerSecond, curve }: Extract<EngineEvent, { event: 'progress' }>,
  nowMs: number,
): Work {
  if (phase === 'test') return { ...work, phase, done, total, secondsLeft: null };
  const losses = curve.at(-1)?.losses.filter(loss => loss !== null) ?? [];
  const first = work.first ?? { atMs: nowMs, done };
  const seconds = (nowMs - first.atMs) / 1000;
  return {
    ...work,
    ...{ phase, done, total, sequencesPerSecond, first },
    loss: losses.length > 0 ? median(losses) : work.loss,
    secondsLeft: done > first.done ? (seconds * (total - done)) / (done - first.done) : null,
  };
}
