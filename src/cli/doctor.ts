import Table from 'cli-table3';
import { diagnose } from '../runtime/doctor.ts';
import { candidateName, type Finding } from '../runtime/examine.ts';
import { tunedChoices } from '../runtime/tuning.ts';
import { adapterName } from '../shared/adapter.ts';
import { MachineError } from '../shared/errors.ts';
import { builtFolder, type MachineOptions, version } from './options.ts';
import { log, print, printJson } from './output.ts';

/** `lengthwise doctor`: browser, every adapter of both runtimes with what it can do, and what `--runtime auto` comes to. */
export async function doctor(options: Pick<MachineOptions, 'port'> & { json: boolean }): Promise<void> {
  const workplace = { built: builtFolder(), port: options.port, onLog: log };
  const found = await diagnose(workplace, version, candidate => log(`doctor: ${candidateName(candidate)} …`));
  if (options.json) {
    const findings = found.findings.map(({ candidate, ...finding }) => ({ ...named(candidate), ...finding }));
    const auto = found.auto ? { ...named(found.auto.candidate), why: found.auto.why } : null;
    printJson({ lengthwise: version, ...found, findings, auto, tuned: tunedChoices() });
  } else {
    print(`lengthwise ${version}, Node ${found.node}`);
    print(`browser: ${found.browser.path ?? found.browser.problem}`);
    print(tableOf(found.findings));
    for (const { candidate, adapter, memoryBytes, problem } of found.findings) {
      if (problem) print(`${candidateName(candidate)}: ${problem}`);
      if (!adapter) continue;
      const limits = Object.entries(adapter.limits).map(
        ([name, value]) => `${name} ${value.toLocaleString('en')}`,
      );
      print(`${candidateName(candidate)}: features ${adapter.features.join(', ') || 'none'}`);
      print(`${candidateName(candidate)}: ${limits.join(', ')}`);
      if (memoryBytes !== undefined)
        print(
          `${candidateName(candidate)}: ${Math.round(memoryBytes / 2 ** 20).toLocaleString('en')} MiB to plan with`,
        );
    }
    for (const choice of tunedChoices()) print(`dense attention on ${choice}`);
    if (found.auto) print(`--runtime auto takes ${candidateName(found.auto.candidate)}: ${found.auto.why}`);
  }
  if (!found.auto)
    throw new MachineError(
      'no WebGPU adapter works on this machine',
      'Update the browser, set LENGTHWISE_CHROME to another, or install a Vulkan driver.',
    );
}

/** A candidate as JSON tells it. */
function named({ runtime, adapter, driver }: Finding['candidate']) {
  return { runtime, preference: adapter, driver: driver?.name ?? null };
}

function tableOf(findings: Finding[]): string {
  const table = new Table({
    head: [
      'runtime',
      'adapter',
      'f(x) right',
      'tokens/s',
      'GFLOP/s',
      'GB/s',
      '10⁹ exp/s',
      'dispatch µs',
      'submit µs',
      'round trip ms',
    ],
    style: { head: [], border: [] },
  });
  for (const { candidate, adapter, trial, roofline, version: runtime } of findings) {
    const name = `${candidateName(candidate)}${runtime ? `\n${runtime}` : ''}`;
    const right =
      trial && `${trial.right ? 'yes' : 'NO'}, ${(100 * trial.shareOfBound).toFixed(0)} % of the bound`;
    const cells = [
      trial && Math.round(trial.tokensPerSecond).toLocaleString('en'),
      ...[
        roofline?.gflops,
        roofline?.gbytesPerSecond,
        roofline?.gexpPerSecond,
        roofline?.dispatchMicros,
        roofline?.submitMicros,
        roofline?.submitAndWaitMs,
      ].map(value => value?.toPrecision(3)),
    ];
    table.push([
      name,
      adapter ? adapterName(adapter) : 'none',
      right ?? '–',
      ...cells.map(cell => cell ?? '–'),
    ]);
  }
  return table.toString();
}
