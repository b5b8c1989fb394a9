import { z } from 'zod';
import { type Framed, framed, framedExample } from './framed.ts';
import { DISTINCT, UNIFORM } from './inputs.ts';

const COPY: Pick<Framed, 'knobs' | 'complexity' | 'symbols' | 'layers' | 'tokens' | 'answer' | 'answerWgsl'> =
  {
    knobs: z.strictObject({ symbols: z.int().min(2).max(250).describe('Symbols that an input may have.') }),
    complexity: ['symbols'],
    symbols: ({ symbols }) => symbols!,
    layers: 2,
    tokens: { each: 2, more: 2 },
    answer: input => [...input],
    answerWgsl: /* wgsl */ `
fn find_answer(row: u32, n: u32) -> u32 { return n; }
fn answer_at(row: u32, n: u32, j: u32) -> u32 { return symbol_at(row, j + 1u); }
`,
  };

/**
 * Copy with unique tokens (Huang et al. 2025, 150 symbols): the input again, all of its symbols different, every arrangement as likely.
 *
 * Examples: `<bos> 4 1 <sep>` → 4; `<bos> 4 1 <sep> 4` → 1; `<bos> 4 1 <sep> 4 1` → <eos>.
 */
export const copyUnique = framed({
  ...COPY,
  ...DISTINCT,
  kind: 'copy-unique',
  summary: 'the input again, its symbols all different (Huang et al. 2025)',
  longest: ({ symbols }) => symbols!,
  examples: [
    framedExample({ symbols: 5 }, 5, [4, 1], [], 4),
    framedExample({ symbols: 5 }, 5, [4, 1], [4], 1),
    framedExample({ symbols: 5 }, 5, [4, 1], [4, 1], 'end'),
  ],
});

/**
 * Copy with repeats (Huang et al. 2025, 2 symbols): the input again, its symbols iid and uniform.
 *
 * Examples: `<bos> 1 1 0 <sep> 1` → 1; `<bos> 1 1 0 <sep> 1 1 0` → <eos>.
 */
export const copyRepeats = framed({
  ...COPY,
  ...UNIFORM,
  kind: 'copy-repeats',
  summary: 'the input again, its symbols drawn with repetition (Huang et al. 2025)',
  examples: [
    framedExample({ symbols: 2 }, 2, [1, 1, 0], [1], 1),
    framedExample({ symbols: 2 }, 2, [1, 1, 0], [1, 1, 0], 'end'),
  ],
});
