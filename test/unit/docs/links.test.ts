import { existsSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { expect, test } from 'vitest';
import { CHECKOUT, pages } from '../../support/pages.ts';

const all = pages();

test.each(all)('$path: every link leads to a file, and every anchor to a heading', ({ path, prose }) => {
  const links = [...prose.matchAll(/\]\(([^)\s]+)\)/g)].map(([, target]) => target!);
  for (const link of links.filter(target => !/^https?:/.test(target))) {
    const [file, anchor] = link.split('#');
    const target = file === '' ? path : normalize(join(dirname(path), file!));
    expect(existsSync(join(CHECKOUT, target)), `${path} links to ${target}`).toBe(true);
    if (anchor === undefined) continue;
    const { anchors } = all.find(page => page.path === target)!;
    expect([...anchors], `${path} links to ${link}`).toContain(anchor);
  }
});

test('every page can be reached from the README', () => {
  const { prose } = all.find(({ path }) => path === 'README.md')!;
  const missing = all.filter(({ path }) => /^docs\/[^/]+\.md$/.test(path) && !prose.includes(`](${path}`));
  expect(missing.map(({ path }) => path)).toEqual([]);
});

test('the README is a page and a half', () => {
  expect(all.find(({ path }) => path === 'README.md')!.text.split('\n').length).toBeLessThanOrEqual(200);
});
