import { diagnose } from '../runtime/doctor.ts';
import { candidateName, type Finding } from '../runtime/examine.ts';
import { tunedChoices } from '../runtime/tuning.ts';
import { MachineError } from '../shared/errors.ts';
import { COLUMNS, findingsText } from './doctor-text.ts';
import { builtFolder, type MachineOptions, version } from './options.ts';
import { log, print, printJson } from './output.ts';
import { wrapped } from './wrapped.ts';

/** `lengthwise doctor`: browser, every adapter of both runtimes with what it can do, and what `--runtime auto` comes to. */
export async function doctor(
  options: Pick<MachineOptions, 'port'> & { details: boolean; json: boolean },
): Promise<void> {
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

/** A candidate as JSON tells it. */
function named({ runtime, adapter, driver }: Finding['candidate']) {
  return { runtime, preference: adapter, driver: driver?.name ?? null };
}
