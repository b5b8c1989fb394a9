import { isIP } from 'node:net';
import { Redis, type RedisOptions } from 'ioredis';
import { InputError, LengthwiseError, MachineError, messageOf } from '../shared/errors.ts';
import { type Address, QUEUE_VARIABLE } from './address.ts';

/** Time for a connection, and for the first answer, in milliseconds. */
const ANSWER_MS = 5000;
/** A connection that says nothing for so long, with a command under way, is made anew, in milliseconds. */
const SILENT_MS = 30_000;
const LONGEST_WAIT_MS = 2000;
/** BullMQ recommends no earlier Redis. */
const LEAST_VERSION = [6, 2];

/**
 * Connects to a Redis and checks that it keeps what it is given. Lost later, it is tried again without end: commands wait, and `say` is
 * told when it goes and when it is back.
 * @throws InputError for a wrong password or setting, MachineError when nothing answers; both within seconds.
 */
export async function connectRedis(address: Address, say: (line: string) => void): Promise<Redis> {
  let greeted = false;
  let last: unknown;
  const redis = new Redis({
    ...optionsOf(address),
    lazyConnect: true,
    // BullMQ's blocking commands must not give up, and a lost Redis is waited for.
    maxRetriesPerRequest: null,
    connectTimeout: ANSWER_MS,
    socketTimeout: SILENT_MS,
    keepAlive: 10_000,
    retryStrategy: tries => (greeted ? Math.min(100 * tries, LONGEST_WAIT_MS) : null),
  });
  redis.on('error', error => {
    last = error;
  });
  try {
    const info = await within(ANSWER_MS, async () => {
      await redis.connect();
      // A database that is not there would be taken for the first one.
      await redis.select(address.database);
      return await redis.info();
    });
    check(info, address, say);
  } catch (error) {
    redis.disconnect();
    throw error instanceof LengthwiseError ? error : refusal(error, address, last);
  }
  greeted = true;
  // BullMQ makes connections of its own with these options: a lazy one that is lost before it is ready is given up for good.
  redis.options.lazyConnect = false;
  let lost = false;
  redis.on('close', () => {
    if (lost || redis.status === 'end') return;
    lost = true;
    say(`lost Redis at ${address.label}: trying again until it is back`);
  });
  redis.on('ready', () => {
    if (lost) say(`Redis at ${address.label} is back`);
    lost = false;
  });
  return redis;
}

function optionsOf({ host, port, path, username, password, database, tls }: Address): RedisOptions {
  return {
    ...(path === undefined ? { host, port } : { path }),
    ...(username === undefined ? {} : { username }),
    ...(password === undefined ? {} : { password }),
    db: database,
    ...(tls ? { tls: isIP(host) === 0 ? { servername: host } : {} } : {}),
  };
}

async function within<T>(ms: number, work: () => Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error('ETIMEDOUT')), ms);
  });
  try {
    return await Promise.race([work(), late]);
  } finally {
    clearTimeout(timer);
  }
}

/** Refuses a Redis that would lose jobs; says what would be better. `info` is what Redis says of itself. */
function check(info: string, { label }: Address, say: (line: string) => void): void {
  const field = (name: string) => new RegExp(`^${name}:(.*?)\r?$`, 'm').exec(info)?.[1];
  const version = field('redis_version') ?? '0';
  const [major = 0, minor = 0] = version.split('.').map(Number);
  if (major < LEAST_VERSION[0]! || (major === LEAST_VERSION[0] && minor < LEAST_VERSION[1]!)) {
    const least = LEAST_VERSION.join('.');
    throw new InputError(`Redis at ${label} is version ${version}`, `Use ${least} or later.`);
  }
  if (field('role') === 'slave')
    throw new InputError(`Redis at ${label} is a read-only replica`, 'Give the address of its primary.');
  const policy = field('maxmemory_policy');
  if (policy !== undefined && policy !== 'noeviction') {
    throw new InputError(
      `Redis at ${label} has maxmemory-policy ${policy}: it would drop jobs when its memory is full`,
      'Set it: redis-cli CONFIG SET maxmemory-policy noeviction, and in redis.conf.',
    );
  }
  if (field('aof_enabled') === '0') {
    say(
      `Redis at ${label} keeps no append-only file, so jobs are lost when it restarts (submit again queues them anew); ` +
        'recommended: redis-cli CONFIG SET appendonly yes, and in redis.conf',
    );
  }
}

/** What a failed connection means, in a line. */
function refusal(thrown: unknown, { label, tls, password }: Address, emitted: unknown): LengthwiseError {
  // What ioredis throws may say no more than that the connection is closed.
  const error = emitted ?? thrown;
  const text = `${messageOf(error)} ${(error as NodeJS.ErrnoException)?.code ?? ''}`;
  const cause = { cause: error };
  if (/WRONGPASS|invalid password/i.test(text)) {
    return new InputError(
      `Redis at ${label} refuses the user name or password`,
      `Mend ${QUEUE_VARIABLE} or --queue.`,
      cause,
    );
  }
  if (/NOAUTH/.test(text)) {
    const fix = `Put it into ${QUEUE_VARIABLE}: redis://:password@host:6379.`;
    return new InputError(`Redis at ${label} wants a password`, fix, cause);
  }
  if (/NOPERM/.test(text)) {
    return new InputError(
      `Redis at ${label} does not let this user do what a queue needs`,
      'Grant it ~lengthwise:* +@all, or use another user.',
      cause,
    );
  }
  if (/DB index is out of range/.test(text))
    return new InputError(`Redis at ${label} has no such database`, 'Use database 0.', cause);
  if (/ENOTFOUND|EAI_AGAIN/.test(text))
    return new MachineError(`Redis at ${label}: no such host`, 'Check the name in --queue.', cause);
  if (/ECONNREFUSED|ENOENT|EHOSTUNREACH|ENETUNREACH/.test(text)) {
    return new MachineError(
      `no Redis answers at ${label}`,
      'Start one (redis-server --appendonly yes), or mend --queue.',
      cause,
    );
  }
  if (/ECONNRESET|EPIPE/.test(text)) {
    const fix = `Does it run still${tls ? '' : ', or does it want TLS (rediss://)'}?`;
    return new MachineError(`Redis at ${label} closed the connection`, fix, cause);
  }
  if (/ETIMEDOUT/.test(text)) {
    const fix = `Is it stopped, behind a firewall${tls ? '' : ', or does it want TLS (rediss://)'}?`;
    return new MachineError(`Redis at ${label} did not answer in ${ANSWER_MS / 1000} s`, fix, cause);
  }
  if (/certificate|self.signed|SSL|TLS|wrong version number|EPROTO/i.test(text)) {
    return new MachineError(
      `Redis at ${label}: no TLS connection (${messageOf(error)})`,
      'Trust its certificate with NODE_EXTRA_CA_CERTS, or use redis:// where it speaks no TLS.',
      cause,
    );
  }
  const what = password === undefined ? messageOf(error) : messageOf(error).replaceAll(password, '…');
  return new MachineError(
    `what answers at ${label} is no Redis that can be used (${what})`,
    `Check --queue${tls ? '' : '; a Redis that wants TLS is reached with rediss://'}.`,
    cause,
  );
}
