import { type ChildProcess, spawn } from 'node:child_process';
import { join } from 'node:path';
import { dawnVersion } from '../engine/dawn-process.ts';
import { onFirstDriver } from '../runtime/drivers.ts';
import { type Closable, track, untrack } from '../runtime/stopping.ts';
import { type Driver, vulkanDrivers } from '../runtime/vulkan.ts';
import { messageOf } from '../shared/errors.ts';
import { type BenchClient, type BenchClientOptions, Gone, inTime } from './client.ts';
import { benchAnswerSchema } from './protocol.ts';

const OPEN_MS = 60_000;

/**
 * The bench page's part in a Node process on Dawn, on the first driver that has an adapter of the wanted kind.
 * @throws InputError for a bad VK_DRIVER_FILES or VK_ICD_FILENAMES, MachineError when no driver serves.
 */
export async function openBenchDawn(options: BenchClientOptions): Promise<BenchClient> {
  const { adapter } = options;
  return onFirstDriver(vulkanDrivers(adapter), adapter, async driver => {
    const client = start(options, driver);
    try {
      const answer = await client.ask({ op: 'open', adapter }, OPEN_MS);
      if (answer.event === 'opened') return client;
      await client.close();
      return answer.event === 'failed' ? answer.problem : answer.event;
    } catch (error) {
      await client.close();
      return messageOf(error);
    }
  });
}

function start({ built }: BenchClientOptions, { name, environment }: Driver): BenchClient {
  const child = spawn(process.execPath, [join(built, 'cli', 'bench-dawn.js')], {
    env: { ...process.env, ...environment },
    stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
  });
  const ended = new Promise<void>(resolve => child.once('close', () => resolve()));
  const gone = new Promise<never>((_, reject) => {
    child.once('error', error => reject(new Gone(`Dawn's process: ${error.message}`)));
    child.once('close', (code, signal) =>
      reject(new Gone(`Dawn's process ended (${signal ?? `exit code ${code}`})`)),
    );
  });
  gone.catch(() => {});
  const kill = () => void child.kill('SIGKILL');
  const client: BenchClient & Closable = {
    version: `Dawn (webgpu ${dawnVersion()}, ${name})`,
    async ask(request, timeoutMs) {
      const answered = answerOf(child);
      child.send(JSON.stringify(request), () => {});
      const text = await inTime(Promise.race([answered, gone]), timeoutMs);
      return benchAnswerSchema.parse(JSON.parse(text));
    },
    kill,
    async close() {
      kill();
      await ended;
      untrack(client);
    },
  };
  track(client);
  return client;
}

/** The next message of a process. */
function answerOf(child: ChildProcess): Promise<string> {
  return new Promise(resolve => {
    child.once('message', message => resolve(String(message)));
  });
}
