#!/usr/bin/env node
// Prepares a checkout: dependencies, browser, build. Dependency-free, idempotent, quick when nothing is missing.
// `npm start` and `npm test` run it first, the latter with `--redis` and `--numpy`: a redis-server and NumPy besides. `--mesa` installs
// Mesa's software Vulkan driver, and never unasked.
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import {
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { downloadFolder, findBrowser, INSTALL_HINT } from './browser-paths.mjs';
import { CHROME_VERSION, downloadChrome } from './chrome.mjs';
import { installMesa } from './mesa.mjs';
import { installNumpy } from './numpy.mjs';
import { installRedis } from './redis.mjs';
import { give, installsPackage, outputOf, ROOT, runs, say } from './shell.mjs';

const LEAST_NODE = [20, 19];
const LOCK_WAIT_MS = 10 * 60_000;

function checkNode() {
  const [major, minor] = process.versions.node.split('.').map(Number);
  const old = major < LEAST_NODE[0] || (major === LEAST_NODE[0] && minor < LEAST_NODE[1]);
  if (old)
    give(
      `Node ${process.versions.node} is too old`,
      `lengthwise needs Node ${LEAST_NODE.join('.')} or later.`,
    );
}

/** Hash of files' contents. @param {string[]} files */
function hashOf(files) {
  const hash = createHash('sha256');
  for (const file of files)
    hash
      .update(file)
      .update('\0')
      .update(readFileSync(join(ROOT, file)));
  return hash.digest('hex');
}

/** Every file below a folder, sorted. @param {string} folder @returns {string[]} */
function filesBelow(folder) {
  return readdirSync(join(ROOT, folder), { withFileTypes: true })
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .flatMap(entry =>
      entry.isDirectory() ? filesBelow(`${folder}/${entry.name}`) : [`${folder}/${entry.name}`],
    );
}

/** @param {string} stamp @param {string} hash */
function isCurrent(stamp, hash) {
  const path = join(ROOT, stamp);
  return existsSync(path) && readFileSync(path, 'utf8') === hash;
}

function installDependencies() {
  const stamp = 'node_modules/.lengthwise-stamp';
  const hash = hashOf(['package.json', 'package-lock.json']);
  if (isCurrent(stamp, hash)) return;
  // `npm ci` would empty the folder that it leads to, and put another in the link's place.
  if (lstatSync(join(ROOT, 'node_modules'), { throwIfNoEntry: false })?.isSymbolicLink())
    give(
      'node_modules is a link, and what it leads to is not what package-lock.json asks for',
      'Install there, or delete the link.',
    );
  say('installing dependencies (npm ci)');
  // No package of ours needs its install script; puppeteer's would download a browser.
  if (!runs('npm', ['ci', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'])) {
    give('npm ci failed', 'See the messages above; the npm registry must be reachable the first time.');
  }
  writeFileSync(join(ROOT, stamp), hash);
}

async function installBrowser() {
  const wanted = process.env.LENGTHWISE_CHROME;
  // A wrong path is the command line's to complain about, in one clear error.
  if (wanted || findBrowser()) return;
  if (process.getuid?.() === 0 && existsSync('/etc/debian_version')) {
    say("no Chrome or Chromium found: installing Debian's (apt-get install chromium)");
    if (installsPackage('chromium') && findBrowser()) return;
    say('apt-get could not install chromium');
  }
  say(`downloading Chrome ${CHROME_VERSION} into ${downloadFolder()}`);
  await downloadChrome(downloadFolder()).catch(({ message }) =>
    give(`no Chrome or Chromium was found, and none could be installed: ${message}`, INSTALL_HINT),
  );
  const found = findBrowser();
  const version = found && outputOf(found, ['--version']);
  if (!version?.includes(CHROME_VERSION))
    give(
      `${found ?? 'what was downloaded'} says that it is ${version?.trim() || 'nothing'}, not Chrome ${CHROME_VERSION}`,
      INSTALL_HINT,
    );
}

/** What `vite.config.ts` can bundle that is no test, the longest first. */
const MODES = ['bench', 'cli', 'dashboard', 'page', 'dashboard-reference', 'library', 'library-node', 'dawn'];

/** Bundles what has changed since the last time, as many modes at once as there are cores. */
async function build() {
  const stamp = 'dist/.lengthwise-stamp';
  const inputs = [
    'package.json',
    'package-lock.json',
    'vite.config.ts',
    ...filesBelow('src'),
    ...filesBelow('shaders'),
  ];
  const hash = hashOf(inputs);
  if (isCurrent(stamp, hash)) return;
  say('building');
  const program = (/** @type {string[]} */ ...path) => join(ROOT, 'node_modules', ...path);
  const vite = program('vite', 'bin', 'vite.js');
  const waiting = [
    ...MODES.map(mode => ({
      what: `the ${mode} bundle`,
      args: [vite, 'build', '--mode', mode, '--logLevel', 'error'],
    })),
    {
      what: 'the types of the library',
      args: [program('typescript', 'bin', 'tsc'), '-p', 'src/library/tsconfig.json'],
    },
  ];
  const lane = async () => {
    for (let next = waiting.shift(); next; next = waiting.shift()) {
      const { what, args } = next;
      const child = spawn(process.execPath, args, { cwd: ROOT, stdio: ['ignore', 2, 2] });
      const [code] = await once(child, 'exit');
      if (code !== 0) give(`${what} did not build`, 'See the messages above.');
    }
  };
  await Promise.all(Array.from({ length: availableParallelism() }, lane));
  writeFileSync(join(ROOT, stamp), hash);
}

/** Keeps two set-ups from running into each other. A lock older than any set-up is taken over. */
async function withLock(/** @type {() => Promise<void>} */ work) {
  const lock = join(ROOT, '.setup-lock');
  const began = Date.now();
  for (;;) {
    try {
      mkdirSync(lock);
      break;
    } catch {
      if (existsSync(lock) && Date.now() - statSync(lock).mtimeMs > LOCK_WAIT_MS)
        rmSync(lock, { recursive: true, force: true });
      else if (Date.now() - began > LOCK_WAIT_MS)
        give(`another set-up holds ${lock}`, 'Wait for it, or delete that folder.');
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 200);
    }
  }
  const unlock = () => rmSync(lock, { recursive: true, force: true });
  process.once('exit', unlock);
  process.once('SIGINT', () => process.exit(130));
  await work();
}

const flags = process.argv.slice(2);
const unknown = flags.find(flag => !['--mesa', '--numpy', '--redis'].includes(flag));
if (unknown) give(`${unknown}: unknown`, 'The set-up takes three flags, --mesa, --numpy and --redis.');
checkNode();
await withLock(async () => {
  if (flags.includes('--mesa')) installMesa();
  if (flags.includes('--redis')) installRedis();
  if (flags.includes('--numpy')) installNumpy();
  installDependencies();
  await installBrowser();
  await build();
});
