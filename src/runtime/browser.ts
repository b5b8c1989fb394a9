import { accessSync, constants, statSync } from 'node:fs';
import { findBrowser, INSTALL_HINT } from '../setup/browser-paths.mjs';
import { InputError } from '../shared/errors.ts';

/**
 * The browser to run: `LENGTHWISE_CHROME`, else an installed Chrome or Chromium, else the one that the set-up script
 * downloaded.
 * @throws InputError when there is none, or when the variable names something that cannot be run.
 */
export function browserPath(environment: NodeJS.ProcessEnv = process.env): string {
  const wanted = environment.LENGTHWISE_CHROME;
  if (wanted) {
    if (!isExecutable(wanted)) {
      throw new InputError(
        `LENGTHWISE_CHROME=${wanted}: no such executable`,
        'Point it at Chrome or Chromium, or unset it.',
      );
    }
    return wanted;
  }
  const found = findBrowser(environment);
  if (!found) throw new InputError('no Chrome or Chromium was found on this machine', INSTALL_HINT);
  return found;
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}
