import { type CST, Parser } from 'yaml';
import { InputError } from '../shared/errors.ts';

/*
 * What a YAML text may hold. Looked at in the parser's own tokens, before anything is made of them: parsing nests as deep as the text
 * does, and aliases multiply.
 */

const MOST_DEPTH = 32;
const MOST_KEYS = 10_000;
const MOST_VALUES = 200_000;
const MOST_ALIASES = 100;

/** @throws InputError, naming `where`, when a text nests deeper or holds more than an experiment can need. */
export function checkYamlLimits(text: string, where: string): void {
  const counts = { keys: 0, values: 0, aliases: 0 };
  const refuse = (what: string) =>
    new InputError(`${where}: ${what}`, 'An experiment needs far less: is it the right file?');
  try {
    for (const document of new Parser().parse(text)) look(document);
  } catch (error) {
    if (error instanceof RangeError) throw refuse('nests too deeply');
    throw error;
  }

  function look(top: CST.Token): void {
    const stack: { token: CST.Token | null | undefined; depth: number }[] = [{ token: top, depth: 0 }];
    for (let next = stack.pop(); next; next = stack.pop()) {
      const { token, depth } = next;
      if (!token) continue;
      if (depth > MOST_DEPTH) throw refuse(`nests deeper than ${MOST_DEPTH} levels`);
      if (token.type === 'alias' && ++counts.aliases > MOST_ALIASES)
        throw refuse(`more than ${MOST_ALIASES} aliases`);
      if (token.type === 'document') stack.push({ token: token.value, depth });
      if (!('items' in token)) continue;
      for (const item of token.items) {
        if (++counts.values > MOST_VALUES) throw refuse(`more than ${MOST_VALUES} values`);
        if (item.sep && ++counts.keys > MOST_KEYS) throw refuse(`more than ${MOST_KEYS} keys`);
        stack.push({ token: item.key, depth: depth + 1 }, { token: item.value, depth: depth + 1 });
      }
    }
  }
}
