// `node src/setup/setup.mjs --redis`: a redis-server, for sweeps over several machines and for the tests of those.
import { existsSync } from 'node:fs';
import { give, installsPackage, outputOf, say } from './shell.mjs';

/** BullMQ recommends no earlier one. */
const LEAST = [6, 2];

const HINT =
  'Install Redis 6.2 or later with your own package manager (macOS: `brew install redis`; https://redis.io/docs/latest/operate/oss_and_stack/install/).';

/** Major and minor number from what `redis-server --version` prints; undefined when it is none. @param {string} said */
export function redisVersion(said) {
  const [, major, minor] = /\bv=(\d+)\.(\d+)/.exec(said) ?? [];
  return major === undefined ? undefined : [Number(major), Number(minor)];
}

function installed() {
  const version = redisVersion(outputOf('redis-server', ['--version']));
  if (!version) return undefined;
  if (version[0] < LEAST[0] || (version[0] === LEAST[0] && version[1] < LEAST[1]))
    give(`redis-server ${version.join('.')} is too old`, HINT);
  return version.join('.');
}

/** Installs redis-server with apt where there is none. */
export function installRedis() {
  const there = installed();
  if (there) return say(`redis-server ${there} is there already`);
  if (!existsSync('/etc/debian_version'))
    give('--redis installs a Debian package, and this is no Debian-like system', HINT);
  if (process.getuid?.() !== 0)
    give('--redis installs a package, which needs root', 'Run `sudo node src/setup/setup.mjs --redis`.');
  const version = installsPackage('redis-server') && installed();
  if (!version) give('apt-get could not install redis-server', `See the messages above. ${HINT}`);
  say(`installed redis-server ${version}`);
}
