import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** How long what a test has killed may take to be gone. */
const PATIENCE_MS = 60_000;
const SHOWN = 10;

/** Set once the run has a folder: every project loads this file anew. */
const MADE = 'LENGTHWISE_TEST_FOLDER';

/**
 * Gives a whole run of the suite a temporary folder of its own, shared by its projects, and fails when something is left in it at the end.
 */
export default function ownTemporaryFolder(): (() => Promise<void>) | undefined {
  if (process.env[MADE]) return undefined;
  const folder = mkdtempSync(join(tmpdir(), 'lengthwise-suite-'));
  process.env[MADE] = folder;
  process.env.TMPDIR = folder;
  return async () => {
    const began = performance.now();
    while (readdirSync(folder).length > 0 && performance.now() - began < PATIENCE_MS)
      await new Promise(resolve => setTimeout(resolve, 100));
    const left = readdirSync(folder);
    rmSync(folder, { recursive: true, force: true });
    if (left.length === 0) return;
    const more = left.length > SHOWN ? `, and ${left.length - SHOWN} more` : '';
    // Vitest prints an error at this time, and goes on to succeed.
    process.exitCode = 1;
    throw new Error(`tests left in the temporary folder: ${left.slice(0, SHOWN).join(', ')}${more}`);
  };
}
