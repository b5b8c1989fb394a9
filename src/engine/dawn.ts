import './dawn-globals.ts';
import './dawn-polling.ts';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { create } from 'webgpu';
import { requestSchema } from '../shared/protocol.ts';
import { handleRequest } from './engine.ts';

/*
 * The engine on Dawn, in a Node process of its own that runtime/dawn-session.ts starts: requests come in and events go
 * out as JSON over the process's channel. The first message is the greeting, `{"dawn": version}`.
 */

/** Held for the life of the process: Dawn ends with the last reference to it. Timestamps are for `run --profile`. */
const gpu = create(['disable-dawn-features=timestamp_quantization']);

const tell = (message: object) => process.send?.(JSON.stringify(message));

process.on('message', (requestJson: string) => {
  const parsed = requestSchema.safeParse(JSON.parse(requestJson));
  if (parsed.success) void handleRequest(parsed.data, tell, gpu);
  else tell({ event: 'failed', reason: 'bad-request', message: parsed.error.issues[0]?.message ?? '' });
});
// This process ends with its parent, however that ends, and at once: there is nothing to save.
process.on('disconnect', () => process.kill(process.pid, 'SIGKILL'));
// Ctrl-C reaches the whole group. It is the parent's to answer.
process.on('SIGINT', () => {});

const require = createRequire(import.meta.url);
const { version } = require(join(dirname(require.resolve('webgpu')), 'package.json'));
tell({ dawn: version });
