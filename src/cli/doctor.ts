import { diagnose } from '../runtime/doctor.ts';
import { adapterName } from '../shared/adapter.ts';
import { MachineError } from '../shared/errors.ts';
import { builtFolder, type MachineOptions, version } from './options.ts';
import { log, print, printJson } from './output.ts';

/** `lengthwise doctor`: browser, adapters, limits, and what `--adapter auto` comes to. */
export async function doctor(options: Pick<MachineOptions, 'port'> & { json: boolean }): Promise<void> {
  const found = await diagnose({ runtime: 'chrome', built: builtFolder(), port: options.port, onLog: log });
  if (options.json) {
    printJson({ lengthwise: version, ...found });
  } else {
    print(`lengthwise ${version}, Node ${found.node}`);
    print(`browser    ${found.browser.path} (${found.browser.version ?? 'did not start'})`);
    for (const { preference, adapter, problem } of found.adapters) {
      print(`${preference.padEnd(10)} ${adapter ? adapterName(adapter) : `none: ${problem}`}`);
      if (adapter) {
        print(`           features: ${adapter.features.join(', ') || 'none'}`);
        for (const [name, value] of Object.entries(adapter.limits))
          print(`           ${name}: ${value.toLocaleString('en')}`);
      }
    }
    if (found.auto) print(`auto       ${found.auto.preference}: ${found.auto.why}`);
  }
  if (!found.auto)
    throw new MachineError(
      'no WebGPU adapter works in this browser',
      'Update the browser, or set LENGTHWISE_CHROME to another.',
    );
}
