// How the set-up talks and runs things.
import { spawnSync } from 'node:child_process';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const ROOT = join(dirname(fileURLToPath(import.meta.url)), '..', '..');

/** @param {string} line */
export function say(line) {
  process.stderr.write(`setup: ${line}\n`);
}

/** @param {string} what @param {string} fix @returns {never} */
export function give(what, fix) {
  process.stderr.write(`error: ${what}\n       ${fix}\n`);
  process.exit(1);
}

/** Runs a command with its output on stderr. @param {string} command @param {string[]} args */
export function runs(command, args) {
  const { status } = spawnSync(command, args, {
    cwd: ROOT,
    stdio: ['ignore', 2, 2],
    shell: process.platform === 'win32',
  });
  return status === 0;
}

/** What a command prints; empty when it fails or is not there. @param {string} command @param {string[]} args */
export function outputOf(command, args) {
  const { status, stdout } = spawnSync(command, args, {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  return status === 0 ? stdout : '';
}

/** Installs a Debian package, as root; whether that went well. @param {string} name */
export function installsPackage(name) {
  process.env.DEBIAN_FRONTEND = 'noninteractive';
  return (
    runs('apt-get', ['update', '-qq']) &&
    runs('apt-get', ['install', '-y', '-qq', '--no-install-recommends', name])
  );
}
