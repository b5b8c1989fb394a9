import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** Packages whose own build holds others, which therefore are no modules of ours. @type {Record<string, string[]>} */
const HOLDS = { 'gpu.js': ['acorn'] };

/** Chunks that are no part of the package (`files` of package.json). */
const APART = /^peers\//;

/**
 * A vite plugin that writes whose code a bundle holds beside it: each package with its version, its licence and the licence's text, from
 * the modules that the bundler has put in. A bundle that holds nobody's has no such file.
 * @param {string} [fileName]
 * @returns {import('vite').Plugin}
 */
export function thirdParty(fileName = 'third-party.txt') {
  return {
    name: 'third-party',
    generateBundle(_options, bundle) {
      const chunks = Object.values(bundle).filter(
        file => file.type === 'chunk' && !APART.test(file.fileName),
      );
      const folders = new Set(
        chunks.flatMap(chunk => ('moduleIds' in chunk ? chunk.moduleIds : [])).flatMap(foldersOf),
      );
      if (folders.size > 0) this.emitFile({ type: 'asset', fileName, source: noticesOf([...folders]) });
    },
  };
}

/** Folders of the packages that a module consists of: none for ours. @param {string} id @returns {string[]} */
function foldersOf(id) {
  const [, folder] = id.match(/^(.*[/\\]node_modules[/\\](?:@[^/\\]+[/\\])?[^/\\]+)[/\\]/) ?? [];
  if (!folder || id.startsWith('\0')) return [];
  const { name } = manifestOf(folder);
  return [folder, ...(HOLDS[name] ?? []).map(held => beside(folder, held))];
}

/** Where a package finds another. @param {string} folder @param {string} name @returns {string} */
function beside(folder, name) {
  for (let at = folder; at !== dirname(at); at = dirname(at)) {
    const found = join(at, 'node_modules', name);
    if (existsSync(found)) return found;
  }
  throw new Error(`${folder} holds ${name}, and it is not installed`);
}

/** @param {string} folder @returns {{ name: string, version: string, license?: string }} */
const manifestOf = folder => JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));

/** Each text once, below the packages that it holds for. @param {string[]} folders @returns {string} */
function noticesOf(folders) {
  /** @type {Map<string, string[]>} */
  const holders = new Map();
  for (const folder of folders) {
    const { name, version, license } = manifestOf(folder);
    const files = readdirSync(folder).filter(file => /^(licen[cs]e|notice)/i.test(file));
    if (!license || files.length === 0) throw new Error(`${folder}: bundled, and says no licence`);
    const text = files.map(file => readFileSync(join(folder, file), 'utf8').trim()).join('\n\n');
    holders.set(text, [...(holders.get(text) ?? []), `${name} ${version}, ${license}`]);
  }
  const notices = [...holders].map(([text, names]) => `${names.sort().join('\n')}\n\n${text}`);
  return `${notices.sort().join(`\n\n${'-'.repeat(80)}\n\n`)}\n`;
}
