import { diagnose } from '../runtime/doctor.ts';
import { candidateName, examineTab, type Finding } from '../runtime/examine.ts';
import type { Runtime } from '../runtime/session.ts';
import { tunedChoices } from '../runtime/tuning.ts';
import { InputError, MachineError } from '../shared/errors.ts';
import { COLUMNS, findingsText } from './doctor-text.ts';
import { Engines } from './machine.ts';
import { builtFolder, type MachineOptions, version } from './options.ts';
import { log, print, printJson } from './output.ts';
import { wrapped } from './wrapped.ts';

export interface DoctorOptions extends Pick<MachineOptions, 'port' | 'host'> {
  /** Instead of the runtimes of this machine. */
  runtime?: 'tab';
  details: boolean;
  json: boolean;
}

/** `lengthwise doctor`: browser, every adapter of both runtimes with what it can do, and what `--runtime auto` comes to. */
export async function doctor(options: DoctorOptions): Promise<void> {
  if (options.runtime === 'tab') return doctorOfTab(options);
  if (options.host !== undefined)
    throw new InputError('--host means nothing without --runtime tab', 'Use both, or neither.');
  const workplace = { built: builtFolder(), port: options.port, onLog: log };
  const found = await diagnose(workplace, version, candidate => log(`doctor: ${candidateName(candidate)} …`));
  if (options.json) {
    const findings = found.findings.map(({ candidate, ...finding }) => ({ ...named(candidate), ...finding }));
    const auto = found.auto ? { ...named(found.auto.candidate), why: found.auto.why } : null;
    printJson({ lengthwise: version, ...found, findings, auto, tuned: tunedChoices() });
  } else {
    print(`lengthwise ${version}, Node ${found.node}`);
    print(`browser: ${found.browser.path ?? found.browser.problem}`);
    print(findingsText(found.findings, options.details));
    for (const choice of tunedChoices()) print(`dense attention on ${choice}`);
    if (found.auto)
      print(
        wrapped(`--runtime auto takes ${candidateName(found.auto.candidate)}: ${found.auto.why}`, COLUMNS),
      );
    if (!options.details)
      print('More: --details has features and limits of each adapter, and what asking it costs.');
  }
  if (!found.auto)
    throw new MachineError(
      'no WebGPU adapter works on this machine',
      'Update the browser, set LENGTHWISE_CHROME to another, or install a Vulkan driver.',
    );
}

/** `lengthwise doctor --runtime tab`: the same of one tab that somebody opens. */
async function doctorOfTab(options: DoctorOptions): Promise<void> {
  const engines = new Engines({ ...options, runtime: 'tab', adapter: 'auto' }, 'doctor', log);
  try {
    const { candidate, ...finding } = await examineTab(() => engines.open());
    if (options.json) printJson({ lengthwise: version, ...named(candidate), ...finding });
    else print(findingsText([{ candidate, ...finding }], options.details));
    if (!finding.trial?.right)
      throw new MachineError(finding.problem ?? 'f(x) is wrong in this tab', 'Try another browser.');
  } finally {
    await engines.close();
  }
}

/** A candidate as JSON tells it. */
function named({ runtime, adapter, driver }: Finding<Runtime>['candidate']) {
  return { runtime, preference: adapter, driver: driver?.name ?? null };
}
