import { readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { layoutOf, unflatten } from '../../src/model/layout.ts';
import { writeModel } from '../../src/model/safetensors.ts';
import type { ModelConfig } from '../../src/shared/model-config.ts';
import { type CliResult, cli, cliHere, emptyFolder } from './cli.ts';

/** One way to get the command line wrong, and what it should say. */
export interface BadInput {
  what: string;
  args: string[];
  /** Files of the folder that the command runs in. */
  files?: Record<string, string | Uint8Array>;
  env?: Record<string, string>;
  says: RegExp;
}

/** A model that is in order, to be damaged. */
export const CONFIG: ModelConfig = {
  layers: 1,
  heads: 1,
  width: 4,
  keyWidth: 4,
  mlpWidth: 0,
  vocabulary: 2,
  period: 1,
  locality: 0,
  outputs: 1,
  activation: 'relu',
  norm: 'none',
  attention: { precision: 'infinite', scale: 0.5 },
};
export const MODEL = writeModel({
  config: CONFIG,
  tensors: unflatten(layoutOf(CONFIG), new Float32Array(layoutOf(CONFIG).stride).fill(0.25)),
});

/** Tokens and an experiment that are in order. */
export const TOKENS = '{"sequences": [[0, 1]]}';
export const GOOD = `name: good
task: { kind: simple, omega: 2 }
train: { length: [4, 8] }
test: { length: [16] }
`;

/** Of the ways to get it wrong, one in so many is tried in a process of its own. */
const IN_PROCESS = 10;

/** A test of each: a complaint, and nothing left behind. */
export function testBadInput(cases: BadInput[]): void {
  const ways = cases.map((own, i) => ({ ...own, run: i % IN_PROCESS === 0 ? cli : cliHere }));
  test.each(ways)('$what', async ({ args, files = {}, env = {}, says, run }) => {
    const cwd = emptyFolder();
    for (const [name, content] of Object.entries(files)) writeFileSync(join(cwd, name), content);
    expectComplaint(await run(args, { cwd, env }), says);
    expect(readdirSync(cwd).sort()).toEqual(Object.keys(files).sort());
  });
}

/** Exit code 2, nothing on stdout, and one error of at most two lines without a stack trace. */
export function expectComplaint({ code, stdout, stderr }: CliResult, says: RegExp): void {
  const lines = stderr.trim().split('\n');
  expect(stderr).toMatch(says);
  expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
  expect(lines[0]).toMatch(/^error: /);
  expect(lines.length, stderr).toBeLessThanOrEqual(2);
  expect(stderr).not.toMatch(/\n\s+at /);
}
