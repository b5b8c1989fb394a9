import { below } from '../../shared/random.ts';
import { drawDirichlet } from './dirichlet.ts';
import { type ErgodicLaw, ONE } from './law.ts';

/**
 * Each sequence draws its token law from Dir(α), then tokens iid. Drawn as a **Pólya urn**: the next token is s with probability
 * (α + n_s)/(S α + n), n counting the tokens so far. Integrating the Dirichlet law out gives exactly this sequence, and no gamma
 * variate is needed.
 */
export const dirichletIid: ErgodicLaw = {
  scratchWords: () => 0,
  draw(stream, length, { vocabulary, alphaThousandths: alpha }) {
    const weights = new Uint32Array(vocabulary).fill(alpha);
    const tokens = new Uint8Array(length);
    for (let i = 0; i < length; i++) {
      let rest = below(stream.next(), vocabulary * alpha + ONE * i);
      let token = 0;
      while (token < vocabulary - 1 && rest >= weights[token]!) rest -= weights[token++]!;
      weights[token]! += ONE;
      tokens[i] = token;
    }
    return tokens;
  },
  prior: (stream, { vocabulary, alphaThousandths }) => ({
    vocabulary,
    order: 0,
    rows: [drawDirichlet(stream, vocabulary, alphaThousandths / ONE)],
  }),
  wgsl: /* wgsl */ `
fn draw_tokens(stream: ptr<function, WordStream>, row: u32, length: u32, replica: Replica) -> u32 {
  var weights: array<u32, S>;
  for (var s = 0u; s < S; s++) { weights[s] = replica.alpha; }
  for (var i = 0u; i < length; i++) {
    var rest = below(next_word(stream), S * replica.alpha + 1000u * i);
    var token = 0u;
    while (token < S - 1u && rest >= weights[token]) { rest -= weights[token]; token++; }
    weights[token] += 1000u;
    put_token(row, i + 1u, token);
  }
  return length;
}`,
};
