import '../engine/no-eval.ts';
import { Engine } from '../engine/engine.ts';
import { OPERATIONS } from '../engine/operations.ts';
import { requestSchema } from '../shared/protocol.ts';
import { SOCKET_PATH } from '../shared/tab-protocol.ts';
import { browserName } from './browser-name.ts';
import { carryOverSocket } from './carrier.ts';

/*
 * The engine of a tab, in a thread of its own: browsers slow the timers of a page in the background, and not those of its workers.
 * Milliseconds to wait first stand behind the `#` of its address.
 */

const { href, hash } = self.location;
await new Promise(resolve => setTimeout(resolve, Number(hash.slice(1))));
const url = new URL(SOCKET_PATH, href);
url.protocol = url.protocol === 'https:' ? 'wss:' : 'ws:';
url.hash = '';
carryOverSocket(new Engine(requestSchema, OPERATIONS, navigator.gpu), {
  url: url.href,
  browser: await browserName(navigator),
  show: status => self.postMessage(status),
});
