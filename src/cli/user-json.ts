import type { z } from 'zod';
import { readUserFile } from '../config/user-file.ts';
import { InputError, messageOf } from '../shared/errors.ts';

/**
 * What a user's JSON file says.
 * @param fix what file is expected
 * @throws InputError when it cannot be read, is larger than that, is not JSON, or says something else: with file and place.
 */
export async function readUserJson<T>(
  file: string,
  maxBytes: number,
  schema: z.ZodType<T>,
  fix: string,
): Promise<T> {
  const text = await readUserFile(file, maxBytes);
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (error) {
    throw new InputError(`${file}: not JSON (${messageOf(error)})`, fix, { cause: error });
  }
  const parsed = schema.safeParse(json);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw new InputError(`${file}: ${issue!.path.join('.') || 'document'}: ${issue!.message}`, fix);
}
