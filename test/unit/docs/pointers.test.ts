import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { CHECKOUT, pageOf, pages } from '../../support/pages.ts';

const WIDTH = 140;

/** Every source file that is kept, with its text. */
const sources = execFileSync(
  'git',
  ['ls-files', '-z', 'src', 'shaders', 'test', 'experiments', '.ci', '.github'],
  {
    cwd: CHECKOUT,
    encoding: 'utf8',
  },
)
  .split('\0')
  .filter(path => /\.(ts|mjs|wgsl|py|ya?ml|sbatch|css|md)$/.test(path))
  .map(path => ({ path, text: readFileSync(join(CHECKOUT, path), 'utf8') }));

describe('comments and messages', () => {
  test('that point to a page point to one that is there, at a section or a heading that it has', () => {
    const pointer = /docs\/([\w-]+\.md)(?:(?:,)? ((?:§+|sections? )[\d, and§–-]+)|, "([^"]+)")?/g;
    let found = 0;
    for (const { path, text } of sources) {
      // A pointer may run over the end of a line of a comment.
      const joined = text.replace(/\n\s*(?:\*|\/\/|#) /g, ' ');
      for (const [whole, page, sections, heading] of joined.matchAll(pointer)) {
        const { headings } = pageOf(`docs/${page}`);
        for (const [number] of sections?.matchAll(/\d+/g) ?? [])
          expect(
            headings.some(title => title.startsWith(`${number}. `)),
            `${path}: ${whole}`,
          ).toBe(true);
        if (heading) expect(headings, `${path}: ${whole}`).toContain(heading);
        found++;
      }
    }
    expect(found).toBeGreaterThan(90);
  });

  test('name no page without its folder, and no heading of the README', () => {
    const bare = /(?<![\w/-])(?:theory|interfaces|kernels|architecture|sweeps|style)\.md|README, "/;
    const pointing = sources.filter(
      ({ path, text }) => !path.endsWith('pointers.test.ts') && bare.test(text),
    );
    expect(pointing.map(({ path }) => path)).toEqual([]);
  });

  test(`are at most ${WIDTH} columns wide`, () => {
    const wide = sources.flatMap(({ path, text }) =>
      path.endsWith('.md')
        ? []
        : text
            .split('\n')
            .flatMap((line, i) =>
              /^\s*(\/\*|\*|\/\/|#) /.test(line) && line.length > WIDTH ? [`${path}:${i + 1}`] : [],
            ),
    );
    expect(wide).toEqual([]);
  });
});

test('every message that troubleshooting quotes is one of the source', () => {
  const { prose } = pages().find(({ path }) => path === 'docs/troubleshooting.md')!;
  const program = sources.filter(({ path }) => path.startsWith('src/')).map(({ text }) => text);
  const quoted = [...prose.matchAll(/\*\*([^*]+?)\*\*/g)].flatMap(([, title]) =>
    [...title!.matchAll(/`([^`]+)`/g)].map(([, span]) => span!),
  );
  const fixed = quoted
    .filter(span => !/^(npm|npx|--)/.test(span))
    .flatMap(span => span.split('…').map(part => part.trim()))
    .filter(part => part.length > 2);
  expect(fixed.length).toBeGreaterThan(10);
  for (const part of fixed)
    expect(
      program.some(text => text.includes(part)),
      part,
    ).toBe(true);
});
