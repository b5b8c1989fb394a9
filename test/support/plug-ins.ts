import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { build } from 'esbuild';
import { loadExperiment } from '../../src/config/experiment.ts';
import { ThreadSource } from '../../src/data/thread-source.ts';
import { cellsOf } from '../../src/plan/cells.ts';
import { packsOf } from '../../src/plan/packs.ts';
import { packPortion } from '../../src/shared/feed.ts';
import type { Pack } from '../../src/shared/protocol.ts';
import type { ThreadTask } from '../../src/shared/task.ts';
import { plugInOf } from '../../src/tasks/plug-in/loaded.ts';
import { emptyFolder } from './cli.ts';
import type { TestFeed } from './drawn-feed.ts';

/** Parity of the ones so far, of tokens of any law. Targets are whole numbers, so that float32 has the same. */
export const PARITY = `import { z } from 'zod';
export default {
  knobs: z.strictObject({ scale: z.int().min(1) }),
  complexity: ['scale'],
  shape: () => ({ vocabulary: 2, outputs: 1, period: 2, locality: 1, layers: 1, order: 0 }),
  targets(tokens, { scale }, reads) {
    return reads.map(n => [scale * (Array.from(tokens).slice(0, n).filter(t => t === 1).length % 2)]);
  },
  wgslKnobs: ({ scale }) => [scale, 0, 0, 0],
  wgsl: \`
fn task_targets(sequence: u32, length: u32, knobs: vec4<f32>) {
  var ones = 0u;
  for (var t = 1u; t <= length; t++) {
    ones += token_at(sequence, t);
    if (wanted(t)) { set_target(0u, knobs.x * f32(ones % 2u)); }
  }
}\`,
  examples: [{ knobs: { scale: 1 }, tokens: [1, 0, 1, 1], target: [1] }],
};
`;

/** Bits, a 2, and the bits again, of which the number so far, modulo m, is a class from the 2 on. */
export const TWICE = `import { z } from 'zod';
export default {
  knobs: z.strictObject({ m: z.int().min(2).max(4) }),
  shape: () => ({ vocabulary: 3, outputs: 4, period: 2, locality: 1, layers: 1, order: 0 }),
  positions: 'every',
  classes: true,
  law: {
    shortest: 2,
    longest: () => 500,
    tokens: { each: 2, more: 1 },
    draw(stream, length) {
      const bits = Array.from({ length }, () => stream.below(2));
      return [...bits, 2, ...bits];
    },
    wgsl: \`
fn draw_tokens(stream: ptr<function, WordStream>, row: u32, length: u32, replica: Replica) -> u32 {
  for (var i = 1u; i <= length; i++) { put_token(row, i, below(next_word(stream), 2u)); }
  put_token(row, length + 1u, 2u);
  for (var i = 1u; i <= length; i++) { put_token(row, length + 1u + i, token_at(row, i)); }
  return 2u * length + 1u;
}\`,
  },
  targets(tokens, { m }, reads) {
    return reads.map(n => {
      const so = Array.from(tokens).slice(0, n);
      const ones = so.filter(t => t === 1).length;
      return so.includes(2) ? [0, 1, 2, 3].map(c => (c === ones % m ? 1 : 0)) : null;
    });
  },
  wgslKnobs: ({ m }) => [m, 0, 0, 0],
  wgsl: \`
fn task_targets(sequence: u32, length: u32, knobs: vec4<f32>) {
  var ones = 0u;
  var due = false;
  for (var t = 1u; t <= length; t++) {
    let token = token_at(sequence, t);
    ones += select(0u, 1u, token == 1u);
    due = due || token == 2u;
    if (due && wanted(t)) { set_class(ones % u32(knobs.x)); }
  }
}\`,
  examples: [{ knobs: { m: 2 }, tokens: [1, 0, 2, 1], target: [1, 0, 0, 0] }],
};
`;

/** A plug-in whose sequences are drawn in threads: its WGSL left out. */
export const withoutWgsl = (text: string) => text.replaceAll(/^ *wgsl: `[^`]*`,\n/gm, '');

/** An experiment on a plug-in, in a folder of its own; the path of the experiment. */
export function plugInExperiment(task: string, experiment: string): string {
  const folder = emptyFolder();
  writeFileSync(join(folder, 'my-task.ts'), task);
  writeFileSync(join(folder, 'x.yaml'), experiment);
  return join(folder, 'x.yaml');
}

/** The one pack of such an experiment. The plug-in is loaded. */
export async function plugInPack(task: string, experiment: string): Promise<Pack> {
  const packs = packsOf(cellsOf(await loadExperiment(plugInExperiment(task, experiment))));
  if (packs.length !== 1) throw new Error(`${packs.length} packs`);
  return packs[0]!.pack;
}

/** The thread that draws, built. */
export async function buildDrawWorker(): Promise<string> {
  const script = join(emptyFolder(), 'draw-worker.mjs');
  await build({
    entryPoints: [join(import.meta.dirname, '..', '..', 'src', 'data', 'draw-worker.ts')],
    ...{
      outfile: script,
      bundle: true,
      platform: 'node',
      format: 'esm',
      target: 'node20',
      logLevel: 'silent',
    },
    external: ['esbuild'],
    // Packages that are not modules ask for others by it.
    banner: {
      js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);",
    },
  });
  return script;
}

/** What draws a pack's sequences. */
export function threadSource(
  pack: Pack,
  script: string,
  options?: ConstructorParameters<typeof ThreadSource>[2],
) {
  const { name, plugIn } = pack.task as ThreadTask;
  return new ThreadSource(plugInOf(name, plugIn).code, script, options);
}

/** A pack's feed, with whatever is asked of it counted. */
export function feedOf(pack: Pack, source: ThreadSource): TestFeed {
  return async wanted => packPortion(await source.portion(pack, wanted));
}
