import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';

/** Packages that only the benchmarks load. */
export const PEERS = [
  '@jax-js/jax',
  '@tensorflow/tfjs-core',
  '@tensorflow/tfjs-backend-webgpu',
  'gpu.js',
  'onnxruntime-web',
];

/** Version of a package in this checkout's node_modules; undefined where it is not installed. @param {string} name */
function installedVersion(name) {
  try {
    return JSON.parse(readFileSync(join('node_modules', name, 'package.json'), 'utf8')).version;
  } catch {
    return undefined;
  }
}

/** Versions of lengthwise and of the peers that are installed, by package name. @returns {Record<string, string>} */
export function peerVersions() {
  const found = PEERS.map(name => [name, installedVersion(name)]).filter(([, version]) => version);
  const { version } = createRequire(import.meta.url)('../../package.json');
  return { lengthwise: version, ...Object.fromEntries(found) };
}

const ABSENT = '\0absent:';

/**
 * A vite plugin for installs without development dependencies: a peer that is not there becomes a module that says so when it is
 * loaded, and the build goes on.
 * @returns {import('vite').Plugin}
 */
export function absentPeers() {
  const versions = peerVersions();
  return {
    name: 'absent-peers',
    enforce: 'pre',
    resolveId: id => (PEERS.includes(id) && !versions[id] ? ABSENT + id : null),
    load: id =>
      id.startsWith(ABSENT)
        ? { code: "throw new Error('not installed');", syntheticNamedExports: true, moduleType: 'js' }
        : null,
  };
}

/** Where a chunk of the page of `bench` goes: those that hold a peer into a folder of their own. @param {{ moduleIds: string[] }} chunk */
export function peersApart({ moduleIds }) {
  const holdsPeer = moduleIds.some(id =>
    PEERS.some(name => id.includes(`/node_modules/${name.split('/')[0]}/`)),
  );
  return holdsPeer ? 'peers/[name]-[hash].js' : '[name]-[hash].js';
}
