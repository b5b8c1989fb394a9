import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { WebSocket } from 'ws';
import { openSession, SessionLeft, SessionLost } from '../../../src/runtime/session.ts';
import { Tabs } from '../../../src/runtime/tabs.ts';
import { PING, PONG } from '../../../src/shared/protocol.ts';
import { ENDED, SOCKET_PATH } from '../../../src/shared/tab-protocol.ts';
import { emptyFolder } from '../../support/cli.ts';
import { NO_ADAPTER } from '../../support/made-up.ts';

const PROBED = { event: 'probed', adapter: NO_ADAPTER };
const NO_WEBGPU = { event: 'failed', reason: 'no-adapter', message: 'this browser has no WebGPU' };
const MESSAGE_BYTES = 100_000;

let tabs: Tabs;
let said: string[];
beforeEach(async () => {
  said = [];
  const built = emptyFolder();
  mkdirSync(join(built, 'page'));
  writeFileSync(join(built, 'page', 'tab.js'), '');
  tabs = await Tabs.open({
    built,
    run: 'a sweep',
    say: line => said.push(line),
    messageBytes: MESSAGE_BYTES,
  });
});
afterEach(() => tabs.close());

/** What a browser's tab sends and hears, without a browser. */
class FakeTab {
  readonly socket: WebSocket;
  readonly heard: string[] = [];
  code: number | undefined;
  /** What its engine answers to every request. */
  answer: object = PROBED;

  constructor(greeting: string | undefined = JSON.stringify({ tab: 'Lynx/2.9 on Linux' })) {
    const { origin, href } = new URL(tabs.url);
    this.socket = new WebSocket(`${href.replace('http', 'ws')}${SOCKET_PATH}`, { origin });
    this.socket.on('open', () => greeting !== undefined && this.socket.send(greeting));
    this.socket.on('close', code => {
      this.code = code;
    });
    this.socket.on('message', data => {
      const text = String(data);
      this.heard.push(text);
      if (text === PING) this.socket.send(PONG);
      else if ('op' in JSON.parse(text)) this.socket.send(JSON.stringify(this.answer));
    });
  }

  /** Resolves when it has been told its role. */
  is(role: string): Promise<void> {
    return vi.waitFor(() => expect(this.role).toBe(role));
  }

  get role(): string | undefined {
    const roles = this.heard.flatMap(text => (text === PING ? [] : (JSON.parse(text).role ?? [])));
    return roles.at(-1);
  }
}

const session = () => openSession({ runtime: 'tab', tabs, adapter: 'auto', built: '' });
const PROBE = { op: 'probe', adapter: 'auto' } as const;

describe('who may be an engine', () => {
  /** The status that a WebSocket is refused with. */
  const refused = (url: string, headers: Record<string, string>) =>
    new Promise<number>((resolve, reject) => {
      const socket = new WebSocket(url, { headers });
      socket.on('unexpected-response', (request, { statusCode }) => {
        request.destroy();
        resolve(statusCode!);
      });
      socket.on('open', () => reject(new Error('it was let in')));
      socket.on('error', () => {});
    });

  test('whoever has the token, from a page that was loaded here, whatever port a tunnel gave it', async () => {
    const { host, origin, href, port } = new URL(tabs.url);
    const url = `${href.replace('http', 'ws')}${SOCKET_PATH}`;
    const own = { host, origin };
    const wrong = url.replace(/[0-9a-f]{32}/, '0'.repeat(32));
    expect(await refused(wrong, own)).toBe(404);
    expect(await refused(url.replace(SOCKET_PATH, ''), own)).toBe(404);
    for (const origin of ['http://evil.example', 'null', `http://127.0.0.1:${Number(port) + 1}`])
      expect(await refused(url, { host, origin })).toBe(403);
    expect(await refused(url, { host })).toBe(403);
    // A page whose own name was made to point here: both agree, and neither is ours.
    expect(await refused(url, { host: 'evil.example', origin: 'http://evil.example' })).toBe(403);
    for (const through of ['localhost:8000', '127.0.0.1:9', '[::1]:7']) {
      const headers = { host: through, origin: `http://${through}` };
      const socket = new WebSocket(url, { headers });
      await new Promise((resolve, reject) => socket.on('open', resolve).on('error', reject));
      socket.terminate();
    }
  });

  test.each([
    { what: 'no greeting', greeting: '{"event":"probed"}' },
    { what: 'no JSON', greeting: 'hello' },
    { what: 'a name that a terminal would obey', greeting: JSON.stringify({ tab: '\u001b[2J' }) },
  ])('$what is sent away', async ({ greeting }) => {
    const tab = new FakeTab(greeting);
    await vi.waitFor(() => expect(tab.code).toBe(1008));
    expect(tab.heard).toEqual([]);
  });
});

describe('tabs', () => {
  test('the first computes, the second waits, and takes over when the first is closed', async () => {
    const opening = session();
    expect(said[0]).toBe(`waiting for a tab: open ${tabs.url}`);
    expect(said[1]).toMatch(/^from another machine, first: ssh -N -L (\d+):127\.0\.0\.1:\1 /);
    const first = new FakeTab();
    const own = await opening;
    expect(own.version).toBe('Lynx/2.9 on Linux, in a tab');
    expect(JSON.parse(first.heard[0]!)).toEqual({ role: 'engine', run: 'a sweep' });
    const second = new FakeTab();
    await second.is('spare');
    first.socket.close(1001);
    await vi.waitFor(() => expect(own.send(PROBE)).rejects.toThrow(SessionLeft));
    await own.close();
    const next = await session();
    expect(second.role).toBe('engine');
    expect(await next.send(PROBE)).toEqual(PROBED);
    expect(said.filter(line => line.startsWith('waiting'))).toHaveLength(1);
  });

  test('one that breaks off is lost, which is not the same as closed', async () => {
    const tab = new FakeTab();
    const own = await session();
    tab.socket.terminate();
    const lost = await vi.waitFor(async () => {
      const error = await own.send(PROBE).then(
        () => undefined,
        (thrown: unknown) => thrown,
      );
      expect(error).toBeInstanceOf(SessionLost);
      return error;
    });
    expect(lost).not.toBeInstanceOf(SessionLeft);
  });

  test('one without WebGPU is told so, and the run waits on', async () => {
    const opening = session();
    const without = new FakeTab();
    without.answer = NO_WEBGPU;
    await without.is('refused');
    expect(JSON.parse(without.heard.at(-1)!)).toMatchObject({ why: 'this browser has no WebGPU' });
    expect(said.slice(2)).toEqual([
      'Lynx/2.9 on Linux, in a tab cannot compute: this browser has no WebGPU',
      `waiting for a tab: open ${tabs.url}`,
    ]);
    const other = new FakeTab();
    expect((await opening).runtime).toBe('tab');
    expect(other.role).toBe('engine');
  });

  test('one whose session is closed waits again, unless something is under way in it', async () => {
    const tab = new FakeTab();
    const own = await session();
    await own.close();
    await tab.is('spare');
    const again = await session();
    await tab.is('engine');
    tab.socket.removeAllListeners('message');
    const asked = again.send(PROBE);
    const lost = expect(asked).rejects.toThrow(SessionLost);
    await again.close();
    await lost;
    await vi.waitFor(() => expect(tab.code).toBe(1006));
  });

  test('what makes no sense, no JSON and what is too long loses the session, and not the program', async () => {
    for (const text of ['{"event":"finished"}', 'no JSON', 'x'.repeat(MESSAGE_BYTES + 1)]) {
      const tab = new FakeTab();
      const own = await session();
      tab.socket.removeAllListeners('message');
      tab.socket.on('message', () => tab.socket.send(text));
      await expect(own.send(PROBE)).rejects.toThrow(SessionLost);
      await own.close();
      await vi.waitFor(() => expect([1006, 1009]).toContain(tab.code));
    }
  });

  test('a stalled one is given up', async () => {
    const tab = new FakeTab();
    const own = await openSession({
      ...{ runtime: 'tab', tabs, adapter: 'auto', built: '' },
      patience: { stallMs: 400 },
    } as const);
    tab.socket.removeAllListeners('message');
    await expect(own.send(PROBE)).rejects.toThrow(/made no progress and answered no ping/);
    await vi.waitFor(() => expect(tab.code).toBe(1006));
  });

  test('at the end all are told', async () => {
    const [computing, waiting] = [new FakeTab(), new FakeTab()];
    await session();
    await vi.waitFor(() => expect([computing.role, waiting.role].sort()).toEqual(['engine', 'spare']));
    await tabs.close();
    await vi.waitFor(() => expect([computing.code, waiting.code]).toEqual([ENDED, ENDED]));
  });
});

test('a port that is in use and an address that is not ours are input errors', async () => {
  const port = Number(new URL(tabs.url).port);
  const options = { built: emptyFolder(), run: '', say: () => {} };
  mkdirSync(join(options.built, 'page'));
  writeFileSync(join(options.built, 'page', 'tab.js'), '');
  await expect(Tabs.open({ ...options, port })).rejects.toMatchObject({
    message: `--port ${port} is in use`,
  });
  await expect(Tabs.open({ ...options, host: '192.0.2.1' })).rejects.toMatchObject({
    message: '--host 192.0.2.1 is no address of this machine',
    exitCode: 2,
  });
  const everywhere = await Tabs.open({ ...options, host: '0.0.0.0' });
  const { port: own, pathname } = new URL(everywhere.url);
  const page = await fetch(`http://127.0.0.1:${own}${pathname}`);
  expect(page.status).toBe(200);
  expect(page.headers.get('content-security-policy')).toContain(`connect-src 'self' ws://127.0.0.1:${own}`);
  await everywhere.close();
});
