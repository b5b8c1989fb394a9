import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { z } from 'zod';
import { MachineError, messageOf } from '../shared/errors.ts';
import { PING, PONG } from '../shared/protocol.ts';
import { type Carrier, Conversation, type Session, SessionLost, SessionStalled } from './conversation.ts';
import { PATIENCE, seconds, withDeadline } from './deadline.ts';
import { onFirstDriver } from './drivers.ts';
import type { SessionOptions } from './session-options.ts';
import { type Closable, isStopping, track, untrack } from './stopping.ts';
import { type Driver, vulkanDrivers } from './vulkan.ts';

/** Lines of the process's own output that an error may quote. */
const KEPT_LINES = 20;

const greetingSchema = z.strictObject({ dawn: z.string() });

/**
 * The engine on Dawn in a Node process of its own, on the first driver that has an adapter of the wanted kind.
 * @param program dist/dawn/engine.js
 * @throws InputError for a bad VK_DRIVER_FILES or VK_ICD_FILENAMES, MachineError when no driver serves.
 */
export function openDawnSession(options: SessionOptions, program: string): Promise<Session> {
  const { adapter } = options;
  const drivers = options.driver ? [options.driver] : vulkanDrivers(adapter);
  const start = async (driver: Driver, isLast = false): Promise<Session | string> => {
    let session: Session | undefined;
    try {
      session = await startDawn(options, program, driver);
      const final = await session.send({ op: 'probe', adapter });
      if (final.event === 'probed') return session;
      await session.close();
      return final.event === 'failed' ? final.message : final.event;
    } catch (error) {
      await session?.close();
      if (!(error instanceof SessionLost)) throw error;
      // A process that somebody else ended says nothing of its driver, and another driver gives other bits.
      return isLast || error instanceof SessionStalled ? error.message : start(driver, true);
    }
  };
  return onFirstDriver(drivers, adapter, driver => start(driver));
}

async function startDawn(
  { onLog, protocol, patience }: SessionOptions,
  program: string,
  driver: Driver,
): Promise<Session> {
  const { launchMs, stallMs, closeMs } = { ...PATIENCE, ...patience };
  const conversation = new Conversation(protocol, stallMs);
  const child = spawn(process.execPath, [program], {
    env: { ...process.env, ...driver.environment },
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    serialization: 'advanced',
  });
  const ended = new Promise<void>(resolve => child.once('close', () => resolve()));
  const said = listen(child);
  const kill = () => void child.kill('SIGKILL');
  let pong = () => {};
  const bring = async (wanted: unknown) => {
    const brought = await conversation.feed(wanted).then(
      portion => ({ portion }),
      error => ({ refused: messageOf(error) }),
    );
    child.send(brought, () => {});
  };
  const carrier: Carrier = {
    deliver: json => child.send(json, () => {}),
    ping: () =>
      new Promise<void>(resolve => {
        pong = resolve;
        child.send(PING, () => {});
      }),
    kill,
  };
  const session: Session & Closable = {
    runtime: 'dawn',
    version: '',
    pid: child.pid,
    driver,
    profile: undefined,
    send: (request, listeners) => conversation.ask(request, carrier, listeners),
    tell: control => carrier.deliver(JSON.stringify(control)),
    async close() {
      kill();
      await withDeadline(closeMs, ended, () => new Error('did not end')).catch(() => {});
      untrack(session);
    },
    kill,
  };
  track(session);
  child.once('error', error => conversation.lose(new SessionLost(`Dawn's process: ${error.message}`)));
  child.once('close', (code, signal) => {
    untrack(session);
    conversation.lose(new SessionLost(`Dawn's process ended (${signal ?? `exit code ${code}`})`));
    if (!child.killed) for (const line of said) onLog?.(`dawn: ${line}`);
  });
  try {
    const late = () =>
      new SessionStalled(`Dawn's process was not ready in ${seconds(launchMs)}, it was killed`);
    session.version = `Dawn (webgpu ${await withDeadline(launchMs, greeting(child, ended), late)})`;
  } catch (error) {
    await session.close();
    if (isStopping()) return new Promise(() => {});
    if (error instanceof SessionStalled) throw error;
    throw new MachineError(
      `Dawn's process did not start: ${said.find(line => line.includes('Error')) ?? messageOf(error)}`,
      'Run the set-up again (`node src/setup/setup.mjs`), or use --runtime chrome.',
      { cause: error },
    );
  }
  child.on('message', message => {
    if (message === PONG) pong();
    else if (typeof message === 'string') conversation.hear(message);
    else void bring((message as { wanted: unknown }).wanted);
  });
  return session;
}

/** The last lines of a process's output, as they come. */
function listen(child: ChildProcess): string[] {
  const lines: string[] = [];
  for (const stream of [child.stdout, child.stderr] as Readable[]) {
    createInterface({ input: stream }).on('line', line => {
      lines.push(line);
      if (lines.length > KEPT_LINES) lines.shift();
    });
  }
  return lines;
}

/** The version that the process greets with. */
function greeting(child: ChildProcess, ended: Promise<void>): Promise<string> {
  return new Promise((resolve, reject) => {
    child.once('message', json => {
      const parsed = greetingSchema.safeParse(JSON.parse(String(json)));
      if (parsed.success) resolve(parsed.data.dawn);
      else reject(new Error('it greeted with something else'));
    });
    child.once('error', reject);
    ended.then(() => reject(new Error('it ended at once')));
  });
}
