import Table from 'cli-table3';
import { candidateName, type Finding } from '../runtime/examine.ts';
import type { Runtime } from '../runtime/session.ts';
import { adapterName } from '../shared/adapter.ts';
import { wrapped } from './wrapped.ts';

/** Width of what is printed. */
export const COLUMNS = 80;

/** What was found, for people: a row an adapter, and what is wrong with some; with `details` all else that is known of each. */
export function findingsText(findings: Finding<Runtime>[], details: boolean): string {
  return [
    tableOf(findings),
    ...findings.flatMap(({ candidate, problem }) =>
      problem ? [wrapped(`${candidateName(candidate)}: ${problem}`, COLUMNS)] : [],
    ),
    ...(details ? findings.flatMap(detailsOf) : []),
  ].join('\n');
}

/** A row an adapter: is it right, and how fast. */
function tableOf(findings: Finding<Runtime>[]): string {
  const table = new Table({
    head: ['adapter', 'f(x) right', 'tokens/s', 'GFLOP/s', 'GB/s'],
    colWidths: [34, 12, 12, 9, 7],
    colAligns: ['left', 'left', 'right', 'right', 'right'],
    wordWrap: true,
    style: { head: [], border: [] },
  });
  for (const { candidate, adapter, trial, roofline } of findings) {
    table.push([
      `${candidateName(candidate)}\n${adapter ? adapterName(adapter) : 'none'}`,
      trial ? (trial.right ? 'yes' : 'NO') : '–',
      trial ? Math.round(trial.tokensPerSecond).toLocaleString('en') : '–',
      roofline?.gflops.toPrecision(3) ?? '–',
      roofline?.gbytesPerSecond.toPrecision(3) ?? '–',
    ]);
  }
  return table.toString();
}

/** All else that is known of an adapter, a line each. */
function detailsOf({
  candidate,
  adapter,
  trial,
  roofline,
  version: runtime,
  memoryBytes,
}: Finding<Runtime>): string[] {
  const name = candidateName(candidate);
  const limits = Object.entries(adapter?.limits ?? {});
  const lines = [
    runtime,
    trial && `error of f(x): ${(100 * trial.shareOfBound).toFixed(0)} % of the bound`,
    roofline &&
      `${roofline.gexpPerSecond.toPrecision(3)}·10⁹ exponentials/s; a dispatch ${roofline.dispatchMicros.toPrecision(3)} µs, a submission ${roofline.submitMicros.toPrecision(3)} µs, a round trip ${roofline.submitAndWaitMs.toPrecision(3)} ms`,
    adapter && `features ${adapter.features.join(', ') || 'none'}`,
    adapter && limits.map(([limit, value]) => `${limit} ${value.toLocaleString('en')}`).join(', '),
    memoryBytes !== undefined && `${Math.round(memoryBytes / 2 ** 20).toLocaleString('en')} MiB to plan with`,
  ];
  return lines
    .filter(line => typeof line === 'string' && line !== '')
    .map(line => wrapped(`${name}: ${line}`, COLUMNS));
}
