import { z } from 'zod';
import { below } from '../../shared/random.ts';
import { oneHot, type Task } from '../task.ts';

/**
 * Automata of Tomita's languages (M. Tomita, *Dynamic construction of finite-state automata from examples using hill-climbing*, 1982):
 * from a state on 0 and on 1. They start in state 0; `accepts` has a bit for each state; the last state is dead where there is a dead one.
 *
 * 1: 1*. 2: (1 0)*. 3: no odd run of 0 after an odd run of 1. 4: no 0 0 0. 5: even numbers of 0 and of 1. 6: as many 0 as 1 modulo 3.
 * 7: 0* 1* 0* 1*.
 */
const AUTOMATA: { next: [number, number][]; accepts: number; dead: boolean }[] = [
  {
    next: [
      [1, 0],
      [1, 1],
    ],
    accepts: 0b01,
    dead: true,
  },
  {
    next: [
      [2, 1],
      [0, 2],
      [2, 2],
    ],
    accepts: 0b001,
    dead: true,
  },
  // Even run of 1 (or none yet), odd run of 1, odd and even run of 0 after an odd run of 1.
  {
    next: [
      [0, 1],
      [2, 0],
      [3, 4],
      [2, 1],
      [4, 4],
    ],
    accepts: 0b01011,
    dead: true,
  },
  {
    next: [
      [1, 0],
      [2, 0],
      [3, 0],
      [3, 3],
    ],
    accepts: 0b0111,
    dead: true,
  },
  {
    next: [
      [1, 2],
      [0, 3],
      [3, 0],
      [2, 1],
    ],
    accepts: 0b0001,
    dead: false,
  },
  {
    next: [
      [1, 2],
      [2, 0],
      [0, 1],
    ],
    accepts: 0b001,
    dead: false,
  },
  {
    next: [
      [0, 1],
      [2, 1],
      [2, 3],
      [4, 3],
      [4, 4],
    ],
    accepts: 0b01111,
    dead: true,
  },
];

const STATES = 5;
const DEAD = AUTOMATA.map(({ next, dead }) => (dead ? next.length - 1 : STATES));

/** The tables as WGSL, a row a language. */
const TABLES = /* wgsl */ `
const NEXT = array<u32, ${AUTOMATA.length * STATES * 2}>(${AUTOMATA.flatMap(({ next }) =>
  Array.from({ length: STATES }, (_, state) => next[state] ?? [0, 0]).flat(),
).join('u, ')}u);
const ACCEPTS = array<u32, ${AUTOMATA.length}>(${AUTOMATA.map(({ accepts }) => accepts).join('u, ')}u);
const DEAD = array<u32, ${AUTOMATA.length}>(${DEAD.join('u, ')}u);

fn next_state(language: u32, state: u32, token: u32) -> u32 {
  var table = NEXT;
  return table[(language * ${STATES}u + state) * 2u + token];
}
`;

/**
 * Tomita 1–7: whether a string of bits is in the language (class 1), at every prefix. A string walks the automaton by fair coins, and
 * never into its dead state; with probability 1/2 one of its bits, any as likely, is then turned. So strings outside lie near the language.
 *
 * Examples: language 4: `0 0 1 0` → in, `0 0 0` → not; 5: `0 1 1 0` → in; 3: `1 0 0` → in, `1 0` → not.
 */
export const tomita: Task = {
  kind: 'tomita',
  summary: "whether a string is in one of Tomita's languages, 1 to 7",
  knobs: z.strictObject({
    language: z.int().min(1).max(AUTOMATA.length).describe("Which of Tomita's languages."),
  }),
  complexity: [],
  shape: () => ({ vocabulary: 2, outputs: 2, period: 1, locality: 0, layers: 1, order: 0 }),
  law: {
    scratchWords: () => 0,
    draw(stream, length, { knobs }) {
      const { next } = AUTOMATA[knobs!.language! - 1]!;
      const dead = DEAD[knobs!.language! - 1]!;
      const turned = below(stream.next(), 2) === 1 ? below(stream.next(), length) : length;
      let state = 0;
      return Uint8Array.from({ length }, (_, i) => {
        let token = below(stream.next(), 2);
        if (next[state]![token as 0 | 1] === dead) token = 1 - token;
        state = next[state]![token as 0 | 1];
        return i === turned ? 1 - token : token;
      });
    },
    wgsl: /* wgsl */ `${TABLES}
fn draw_tokens(stream: ptr<function, WordStream>, row: u32, length: u32, replica: Replica) -> u32 {
  let language = u32(replica.knobs.x) - 1u;
  var ends = DEAD;
  let dead = ends[language];
  var turned = length;
  if (below(next_word(stream), 2u) == 1u) { turned = below(next_word(stream), length); }
  var state = 0u;
  for (var i = 0u; i < length; i++) {
    var token = below(next_word(stream), 2u);
    if (next_state(language, state, token) == dead) { token = 1u - token; }
    state = next_state(language, state, token);
    put_token(row, i + 1u, select(token, 1u - token, i == turned));
  }
  return length;
}`,
  },
  classes: true,
  targets(tokens, { language }, reads) {
    const { next, accepts } = AUTOMATA[language! - 1]!;
    let state = 0;
    let i = 0;
    return reads.map(length => {
      for (; i < length; i++) state = next[state]![tokens[i] as 0 | 1];
      return oneHot((accepts >> state) & 1, 2);
    });
  },
  wgslKnobs: ({ language }) => [language!, 0, 0, 0],
  wgsl: /* wgsl */ `${TABLES}
fn task_targets(sequence: u32, length: u32, knobs: vec4<f32>) {
  let language = u32(knobs.x) - 1u;
  var accepting = ACCEPTS;
  let accepts = accepting[language];
  var state = 0u;
  for (var i = 1u; i <= length; i++) {
    state = next_state(language, state, token_at(sequence, i));
    if (wanted(i)) { set_class((accepts >> state) & 1u); }
  }
}`,
  examples: [
    { knobs: { language: 4 }, tokens: [0, 0, 1, 0], target: [0, 1] },
    { knobs: { language: 4 }, tokens: [0, 0, 0], target: [1, 0] },
    { knobs: { language: 5 }, tokens: [0, 1, 1, 0], target: [0, 1] },
    { knobs: { language: 3 }, tokens: [1, 0, 0], target: [0, 1] },
    { knobs: { language: 3 }, tokens: [1, 0], target: [1, 0] },
  ],
};
