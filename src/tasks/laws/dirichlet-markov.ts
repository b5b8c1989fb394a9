import { below } from '../../shared/random.ts';
import { drawDirichlet } from './dirichlet.ts';
import { type ErgodicLaw, ONE } from './law.ts';

/**
 * An order-k chain whose rows are independent Dir(α), its first k tokens uniform: one Pólya urn (`dirichlet-iid`) for each context of k
 * tokens.
 */
export const dirichletMarkov: ErgodicLaw = {
  scratchWords: (vocabulary, order) => vocabulary ** (order + 1),
  draw(stream, length, { vocabulary, alphaThousandths: alpha, order }) {
    const contexts = vocabulary ** order;
    const urns = new Uint32Array(contexts * vocabulary).fill(alpha);
    const tokens = new Uint8Array(length);
    let context = 0;
    for (let i = 0; i < length; i++) {
      const word = stream.next();
      let token = 0;
      if (i < order) {
        token = below(word, vocabulary);
      } else {
        const urn = urns.subarray(context * vocabulary, (context + 1) * vocabulary);
        let rest = below(
          word,
          urn.reduce((sum, weight) => sum + weight, 0),
        );
        while (token < vocabulary - 1 && rest >= urn[token]!) rest -= urn[token++]!;
        urn[token]! += ONE;
      }
      tokens[i] = token;
      context = (context * vocabulary + token) % contexts;
    }
    return tokens;
  },
  prior: (stream, { vocabulary, alphaThousandths, order }) => ({
    vocabulary,
    order,
    rows: Array.from({ length: vocabulary ** order }, () =>
      drawDirichlet(stream, vocabulary, alphaThousandths / ONE),
    ),
  }),
  wgsl: /* wgsl */ `
@group(0) @binding(5) var<storage, read_write> scratch: array<u32>;

fn draw_tokens(stream: ptr<function, WordStream>, row: u32, length: u32, replica: Replica) -> u32 {
  var contexts = 1u;
  for (var i = 0u; i < ORDER; i++) { contexts *= S; }
  let urns = row * contexts * S;
  for (var i = 0u; i < contexts * S; i++) { scratch[urns + i] = replica.alpha; }
  var context = 0u;
  for (var i = 0u; i < length; i++) {
    let word = next_word(stream);
    var token = 0u;
    if (i < ORDER) {
      token = below(word, S);
    } else {
      let urn = urns + context * S;
      var total = 0u;
      for (var s = 0u; s < S; s++) { total += scratch[urn + s]; }
      var rest = below(word, total);
      while (token < S - 1u && rest >= scratch[urn + token]) { rest -= scratch[urn + token]; token++; }
      scratch[urn + token] += 1000u;
    }
    put_token(row, i + 1u, token);
    context = (context * S + token) % contexts;
  }
  return length;
}`,
};
