import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { CHROME_VERSION } from '../../../src/setup/chrome.mjs';

interface Step {
  uses?: string;
  run?: string;
  with?: Record<string, unknown>;
}
interface Workflow {
  on: string | string[] | Record<string, unknown>;
  permissions: Record<string, string>;
  jobs: Record<string, { permissions?: Record<string, string>; steps: Step[] }>;
}

const root = join(import.meta.dirname, '..', '..', '..');
const folder = join(root, '.github', 'workflows');
const workflows = readdirSync(folder).map(name => {
  const text = readFileSync(join(folder, name), 'utf8');
  return { name, text, workflow: parse(text) as Workflow };
});

describe.each(workflows)('$name', ({ text, workflow }) => {
  const events = typeof workflow.on === 'object' ? Object.keys(workflow.on) : [workflow.on];
  const triggers = Array.isArray(workflow.on) ? workflow.on : events;
  const jobs = Object.values(workflow.jobs);
  const rights = [workflow.permissions, ...jobs.map(({ permissions }) => permissions ?? {})].flatMap(
    Object.values,
  );

  test('takes every action by its digest, and says which version that is', () => {
    const uses = [...text.matchAll(/^.*\buses:.*$/gm)].map(([line]) => line);
    for (const line of uses) expect(line).toMatch(/uses: [\w.-]+\/[\w.-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$/);
    expect(uses).toHaveLength(jobs.flatMap(({ steps }) => steps.filter(step => step.uses)).length);
  });

  test('runs code of a pull request without rights, or has rights and runs none', () => {
    const steps = jobs.flatMap(job => job.steps);
    const runsTheirs = triggers.some(event => event === 'pull_request');
    expect(triggers).not.toContain('pull_request_target');
    if (runsTheirs) {
      expect(rights).not.toContain('write');
      expect(text).not.toMatch(/secrets\.|github\.token/);
      for (const { uses, with: given } of steps)
        if (uses?.startsWith('actions/checkout@'))
          expect(given).toMatchObject({ 'persist-credentials': false });
    } else {
      for (const { uses, run } of steps) {
        expect(uses ?? '').not.toMatch(/checkout|setup-node/);
        // What others wrote reaches a shell through files and variables only.
        expect(run ?? '').not.toMatch(/\b(npm|npx|node)\b|\$\{\{/);
      }
    }
  });
});

test('the Chrome that is downloaded is the one that puppeteer was made for', () => {
  const revisions = join(root, 'node_modules', 'puppeteer-core', 'lib', 'esm', 'puppeteer', 'revisions.js');
  expect(readFileSync(revisions, 'utf8')).toMatch(`chrome: '${CHROME_VERSION}'`);
  for (const name of readdirSync(join(root, 'src', 'setup')))
    expect(readFileSync(join(root, 'src', 'setup', name), 'utf8')).not.toMatch(/@(stable|latest|canary)/);
});
