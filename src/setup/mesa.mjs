// `node src/setup/setup.mjs --mesa`: Mesa's software Vulkan driver, lavapipe, which Dawn takes from Mesa 24 on.
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { give, outputOf, runs, say } from './shell.mjs';

const LEAST_MESA = 24;
const PACKAGES = ['mesa-vulkan-drivers', 'libvulkan1'];
/**
 * Nothing is taken that Debian has not signed, whatever the machine's own settings allow. A version cannot be pinned: mirrors keep the
 * latest alone, so a pin is an install that fails after the next security update. Results say which driver made them.
 */
const SIGNED = ['APT::Get::AllowUnauthenticated', 'Acquire::AllowInsecureRepositories'].flatMap(name => [
  '-o',
  `${name}=false`,
]);
const SOURCE = '/etc/apt/sources.list.d/lengthwise-backports.sources';
const KEYRING = '/usr/share/keyrings/debian-archive-keyring.gpg';

/** The leading number of a package version such as `22.3.6-1+deb12u1`; 0 when there is none. @param {string} version */
export function majorOf(version) {
  return Number(/^(?:\d+:)?(\d+)/.exec(version.trim())?.[1] ?? 0);
}

/** The version that apt would install, from `apt-cache policy`. @param {string} policy */
export function candidateOf(policy) {
  return /^ *Candidate: (\S+)/m.exec(policy)?.[1] ?? '';
}

/**
 * An apt source of Debian 12's backports, on the mirror that the machine's own sources name.
 * @param {string} mirror
 */
export function backportsSource(mirror) {
  return [
    '# Written by `node src/setup/setup.mjs --mesa` of lengthwise. Backports are installed only when asked for by name.',
    'Types: deb',
    `URIs: ${mirror}`,
    'Suites: bookworm-backports',
    'Components: main',
    ...(existsSync(KEYRING) ? [`Signed-By: ${KEYRING}`] : []),
    '',
  ].join('\n');
}

/** Installs Mesa's Vulkan drivers and the Vulkan loader with apt. Changes nothing when they are there. */
export function installMesa() {
  if (process.platform !== 'linux' || !existsSync('/etc/debian_version'))
    give(
      '--mesa installs Debian packages, and this is no Debian-like system',
      `Install Mesa ${LEAST_MESA} or later (its Vulkan drivers) and the Vulkan loader with your own package manager.`,
    );
  const [mesa, loader] = PACKAGES.map(installed);
  if (majorOf(mesa) >= LEAST_MESA && loader)
    return say(`Mesa ${mesa} and the Vulkan loader are there already`);
  if (process.getuid?.() !== 0)
    give('--mesa installs packages, which needs root', 'Run `sudo node src/setup/setup.mjs --mesa`.');
  process.env.DEBIAN_FRONTEND = 'noninteractive';
  update();
  const fromBackports = majorOf(candidate()) < LEAST_MESA;
  if (fromBackports) addBackports();
  const release = fromBackports ? ['-t', 'bookworm-backports'] : [];
  if (
    !runs('apt-get', ['install', '-y', '-qq', '--no-install-recommends', ...SIGNED, ...release, ...PACKAGES])
  )
    give(`apt-get could not install ${PACKAGES.join(' and ')}`, 'See the messages above.');
  if (majorOf(installed(PACKAGES[0])) < LEAST_MESA)
    give(
      `apt-get installed Mesa ${installed(PACKAGES[0])}, which is older than ${LEAST_MESA}`,
      'Use a later release of Debian, or --runtime chrome.',
    );
  say(`installed Mesa ${installed(PACKAGES[0])} and the Vulkan loader ${installed(PACKAGES[1])}`);
  if (fromBackports)
    say(`they came from bookworm-backports through ${SOURCE}; delete that file to be rid of the source`);
}

// biome-ignore lint/suspicious/noTemplateCurlyInString: dpkg's own placeholders.
const FORMAT = '${db:Status-Abbrev} ${Version}';

/** Version of an installed package; empty when it is not. @param {string} name */
function installed(name) {
  const said = outputOf('dpkg-query', ['-W', '-f', FORMAT, name]);
  return /^ii\s+(\S+)/.exec(said)?.[1] ?? '';
}

function candidate() {
  return candidateOf(outputOf('apt-cache', ['policy', PACKAGES[0]]));
}

function update() {
  if (!runs('apt-get', ['update', '-qq', ...SIGNED]))
    give('apt-get update failed', 'See the messages above; the Debian mirror must be reachable.');
}

function addBackports() {
  const version = candidate() || 'none';
  if (!/^VERSION_CODENAME=bookworm$/m.test(readFileSync('/etc/os-release', 'utf8')))
    give(
      `this system offers Mesa ${version}, and Dawn takes lavapipe from Mesa ${LEAST_MESA} on`,
      'Only Debian 12 has a later one in its backports. Use a later release, or --runtime chrome.',
    );
  const format = '$(REPO_URI) $(RELEASE) $(COMPONENT)';
  const targets = outputOf('apt-get', ['indextargets', '--format', format, 'Created-By: Packages']);
  const mirror = targets
    .split('\n')
    .find(line => line.endsWith(' bookworm main'))
    ?.split(' ')[0];
  if (!mirror) give('the apt sources name no Debian mirror with bookworm main', 'Add one, and try again.');
  say(`Debian 12 offers Mesa ${version}: adding bookworm-backports in ${SOURCE}`);
  writeFileSync(SOURCE, backportsSource(mirror));
  update();
}
