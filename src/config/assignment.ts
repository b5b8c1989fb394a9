import { InputError } from '../shared/errors.ts';

/** `path=value` of `--set`, in its two parts. @throws InputError where there is no path, or no equals sign after it. */
export function assignmentOf(text: string): { path: string; value: string } {
  const at = text.indexOf('=');
  if (at < 1)
    throw new InputError(
      `--set ${text}: expected path=value`,
      'Path and value are one word, for example --set train.steps=500.',
    );
  return { path: text.slice(0, at), value: text.slice(at + 1) };
}
