/** A square of a strip of tokens. Positions count from 0. */
export interface Place {
  position: number;
  token: number;
}

/** Tokens, and the position at which the next key writes. */
export interface Written {
  tokens: readonly number[];
  at: number;
}

/** Tokens after a stroke from one square to another. What lies between the last token and the stroke is filled with its first token. */
export function draw(tokens: readonly number[], from: Place, to: Place): number[] {
  const next = [...tokens];
  const [first, last] = from.position <= to.position ? [from, to] : [to, from];
  while (next.length < first.position) next.push(first.token);
  const width = last.position - first.position;
  for (let step = 0; step <= width; step++) {
    const share = width === 0 ? 0 : step / width;
    next[first.position + step] = Math.round(first.token + share * (last.token - first.token));
  }
  // One square that is met again takes the token of where the stroke is now.
  next[to.position] = to.token;
  return next;
}

/** What a key makes of tokens; undefined of one that is none of the strip's. */
export function typed(
  { key, shiftKey }: Pick<KeyboardEvent, 'key' | 'shiftKey'>,
  { tokens, at, vocabulary, most }: Written & { vocabulary: number; most: number },
): Written | undefined {
  const here = tokens[at];
  const put = (token: number, then = at): Written => {
    const next = [...tokens];
    next[at] = Math.min(vocabulary - 1, Math.max(0, token));
    return { tokens: next, at: Math.min(then, most - 1) };
  };
  const move = (to: number): Written => ({ tokens, at: Math.min(tokens.length, most - 1, Math.max(0, to)) });
  switch (key) {
    case 'ArrowLeft':
      return move(at - 1);
    case 'ArrowRight': {
      const isRepeated = shiftKey && here !== undefined && at + 1 < most;
      if (!isRepeated) return move(at + 1);
      const next = [...tokens];
      next[at + 1] = here;
      return { tokens: next, at: at + 1 };
    }
    case 'Home':
      return move(0);
    case 'End':
      return move(tokens.length - 1);
    case 'ArrowUp':
      return put(here === undefined ? 0 : here + 1);
    case 'ArrowDown':
      return put(here === undefined ? 0 : here - 1);
    case 'PageUp':
      return put((here ?? 0) + 10);
    case 'PageDown':
      return put((here ?? 0) - 10);
    case 'Backspace':
    case 'Delete': {
      // Past the last token, the last goes. One stays: a model is asked about something.
      const gone = Math.min(at, tokens.length - 1);
      if (tokens.length < 2) return { tokens, at };
      return {
        tokens: tokens.filter((_, i) => i !== gone),
        at: Math.max(0, key === 'Backspace' ? gone - 1 : gone),
      };
    }
    default:
      return /^\d$/.test(key) && vocabulary <= 10 && Number(key) < vocabulary
        ? put(Number(key), at + 1)
        : undefined;
  }
}
