import { InputError } from '../shared/errors.ts';

/** Where a Redis is. */
export interface Address {
  /** For people: never with a password. */
  label: string;
  host: string;
  port: number;
  /** A Unix socket, in place of host and port. */
  path: string | undefined;
  username: string | undefined;
  password: string | undefined;
  database: number;
  tls: boolean;
}

/** The environment variable that stands in for `--queue`, so that a password need not be typed. */
export const QUEUE_VARIABLE = 'LENGTHWISE_QUEUE';

const FORMS =
  'Give redis://host:6379, rediss://user:password@host:6380/0 (TLS) or unix:///path/to/redis.sock; ' +
  `a password is best kept in ${QUEUE_VARIABLE}.`;

/**
 * The Redis that `--queue`, or else `LENGTHWISE_QUEUE`, names.
 * @throws InputError, without the password, when neither does or the URL is none of a Redis.
 */
export function addressOf(given: string | undefined, environment = process.env): Address {
  const from = given === undefined ? QUEUE_VARIABLE : '--queue';
  const text = given ?? environment[QUEUE_VARIABLE];
  if (!text) throw new InputError(`--queue: no Redis is named, nor is ${QUEUE_VARIABLE} set`, FORMS);
  const bad = (what: string) => new InputError(`${from}: ${withoutPassword(text)} ${what}`, FORMS);
  let url: URL;
  try {
    url = new URL(text);
  } catch {
    // A URL that cannot be taken apart may hold a password anywhere.
    throw new InputError(`${from}: not a URL`, FORMS);
  }
  if (url.protocol === 'unix:') {
    if (url.pathname.length < 2) throw bad('names no socket');
    const path = decodeURIComponent(url.pathname);
    return { label: path, host: '', port: 0, path, ...NOBODY, database: 0, tls: false };
  }
  if (url.protocol !== 'redis:' && url.protocol !== 'rediss:')
    throw bad('is no URL of a Redis (redis://, rediss://, unix://)');
  const host = url.hostname.replace(/^\[|\]$/g, '');
  if (host === '') throw bad('names no host');
  const database = url.pathname.replace(/^\//, '') || '0';
  if (!/^\d{1,4}$/.test(database)) throw bad('must end in the number of a database, or in nothing');
  const port = Number(url.port || 6379);
  return {
    label: `${url.hostname}:${port}${database === '0' ? '' : `/${database}`}`,
    host,
    port,
    path: undefined,
    username: decodeURIComponent(url.username) || undefined,
    password: decodeURIComponent(url.password) || undefined,
    database: Number(database),
    tls: url.protocol === 'rediss:',
  };
}

const NOBODY = { username: undefined, password: undefined };

/** A text, with whatever stands before the last @ of a URL in it left out. */
export function withoutPassword(text: string): string {
  return text.replace(/\b([a-z][a-z0-9+.-]*:\/\/)\S*@/gi, '$1…@');
}
