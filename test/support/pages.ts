import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** The root of the checkout. */
export const CHECKOUT = join(import.meta.dirname, '..', '..');

/** A page of Markdown. */
export interface Page {
  /** From the root of the checkout. */
  path: string;
  text: string;
  /** Text without fenced and indented blocks, lines joined, for what runs over the end of one. */
  prose: string;
  /** Lines of fenced blocks of shell commands. */
  shell: string[];
  headings: string[];
  /** What links to its headings end in, as GitHub makes them. */
  anchors: Set<string>;
}

/** Every page that people read: the README, the change log and docs/. */
export function pages(): Page[] {
  const files = readdirSync(join(CHECKOUT, 'docs'), { recursive: true, encoding: 'utf8' }).sort();
  const inDocs = files.filter(file => file.endsWith('.md')).map(file => `docs/${file.replaceAll('\\', '/')}`);
  return ['README.md', 'CHANGELOG.md', ...inDocs].map(pageOf);
}

/** A page by its path from the root of the checkout. */
export function pageOf(path: string): Page {
  const text = readFileSync(join(CHECKOUT, path), 'utf8');
  const blocks = [...text.matchAll(/^```(\w*)\n([\s\S]*?)^```$/gm)];
  const prose = text.replace(/^```\w*\n[\s\S]*?^```$/gm, '').replace(/^ {4,}\S.*$/gm, '');
  const headings = [...prose.matchAll(/^#+ (.+)$/gm)].map(([, title]) => title!);
  return {
    path,
    text,
    prose: prose.replace(/\n\s*/g, ' '),
    shell: blocks.filter(([, language]) => language === 'sh').flatMap(([, , body]) => body!.split('\n')),
    headings,
    anchors: new Set(headings.map(anchorOf)),
  };
}

/** GitHub's anchor of a heading: lower case, no punctuation, a hyphen for each space. */
function anchorOf(heading: string): string {
  return heading
    .replace(/\[([^\]]*)\]\([^)]*\)/g, '$1')
    .toLowerCase()
    .replace(/[^\p{L}\p{N}\p{M} _-]/gu, '')
    .replaceAll(' ', '-');
}
