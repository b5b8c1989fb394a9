import { expect, test } from 'vitest';
import { cliHere } from '../../support/cli.ts';
import { CHECKOUT, pageOf } from '../../support/pages.ts';

test.each(['docs/paper.md', 'docs/theorems.md'])(
  '%s: the tables of the committed runs are what verify prints of them',
  async path => {
    const { text } = pageOf(path);
    const said = /`npx lengthwise verify (\S+)` on the committed runs/.exec(text)!;
    const [, block] = /```text\n(.*?)\n```/s.exec(text.slice(said.index))!;
    expect(block!.split('\n').length).toBeGreaterThan(20);
    const { stdout } = await cliHere(['verify', said[1]!], { cwd: CHECKOUT });
    expect(stdout).toContain(block);
  },
);
