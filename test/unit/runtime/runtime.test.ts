import { chmodSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { failure } from '../../../src/runtime/ask.ts';
import { browserPath } from '../../../src/runtime/browser.ts';
import { chromeFlags } from '../../../src/runtime/flags.ts';
import { type PageServer, servePage } from '../../../src/runtime/page-server.ts';
import { SessionLost } from '../../../src/runtime/session.ts';
import { eventSchema, requestSchema } from '../../../src/shared/protocol.ts';
import { emptyFolder } from '../../support/cli.ts';

describe('browser', () => {
  function fakeBrowser(name: string): string {
    const path = join(emptyFolder(), name);
    writeFileSync(path, '#!/bin/sh\n');
    chmodSync(path, 0o755);
    return path;
  }

  test('LENGTHWISE_CHROME comes first', () => {
    const wanted = fakeBrowser('my-chrome');
    expect(browserPath({ LENGTHWISE_CHROME: wanted, PATH: join(fakeBrowser('chromium'), '..') })).toBe(
      wanted,
    );
  });

  test('then what is on the PATH, Chrome before Chromium', () => {
    const chromium = fakeBrowser('chromium');
    const chrome = fakeBrowser('google-chrome');
    expect(browserPath({ PATH: `${join(chromium, '..')}:${join(chrome, '..')}` })).toBe(chrome);
  });

  test('then what the set-up downloaded; else an instruction', () => {
    const nowhere = emptyFolder();
    expect(() => browserPath({ PATH: nowhere, PUPPETEER_CACHE_DIR: nowhere })).toThrow(
      /no Chrome or Chromium/,
    );
  });

  test('a file that cannot be run is not a browser', () => {
    const path = join(emptyFolder(), 'chrome');
    writeFileSync(path, '');
    expect(() => browserPath({ LENGTHWISE_CHROME: path })).toThrow(/no such executable/);
  });
});

describe('flags', () => {
  test('the sandbox is off for root only', () => {
    expect(chromeFlags('software', true, false)).toContain('--no-sandbox');
    expect(chromeFlags('software', false, false)).not.toContain('--no-sandbox');
  });
  test('hardware asks for Vulkan; auto only where there is a driver', () => {
    expect(chromeFlags('hardware', false, false)).toContain('--use-angle=vulkan');
    expect(chromeFlags('auto', false, true)).toContain('--use-angle=vulkan');
    expect(chromeFlags('auto', false, false)).toContain('--use-webgpu-adapter=swiftshader');
    expect(chromeFlags('software', false, true)).toContain('--use-webgpu-adapter=swiftshader');
  });
  test('exact timestamps only for profiles', () => {
    expect(chromeFlags('software', false, false)).not.toContain('--enable-webgpu-developer-features');
    expect(chromeFlags('software', false, false).join()).toContain('disable_robustness');
    expect(chromeFlags('software', false, false, { checked: true }).join()).not.toContain('robustness');
    expect(chromeFlags('software', false, false, { profile: true })).toContain(
      '--enable-webgpu-developer-features',
    );
  });
});

describe('page server', () => {
  let server: PageServer | undefined;
  afterEach(() => server?.close());
  const bundle = () => {
    const path = join(emptyFolder(), 'engine.js');
    writeFileSync(path, 'export {};');
    return path;
  };

  test('serves page and bundle under its token, and nothing else', async () => {
    server = await servePage(bundle());
    const { origin, pathname } = new URL(server.url);
    expect(pathname).toMatch(/^\/[0-9a-f]{32}\/$/);
    const page = await fetch(server.url);
    expect(page.headers.get('content-security-policy')).toMatch(/default-src 'self'/);
    expect(await page.text()).toMatch(/engine\.js/);
    expect(await (await fetch(`${server.url}engine.js`)).text()).toBe('export {};');
    for (const path of ['/', '/engine.js', `${pathname}other`, '/0123456789abcdef0123456789abcdef/']) {
      expect((await fetch(origin + path)).status).toBe(404);
    }
  });

  test('refuses other host names, as of a page that has its own point here, and other methods', async () => {
    server = await servePage(bundle());
    const { port, pathname } = new URL(server.url);
    const status = (method: string, host: string) =>
      new Promise<number>((resolve, reject) => {
        const asked = request({ host: '127.0.0.1', port, path: pathname, method, headers: { host } });
        asked.on('response', response => {
          response.resume();
          resolve(response.statusCode!);
        });
        asked.on('error', reject);
        asked.end();
      });
    const own = `127.0.0.1:${port}`;
    expect(await status('GET', own)).toBe(200);
    expect(await status('HEAD', own)).toBe(200);
    for (const host of ['evil.example', `evil.example:${port}`, '127.0.0.1', `127.0.0.1:${Number(port) + 1}`])
      expect(await status('GET', host)).toBe(421);
    for (const method of ['POST', 'PUT', 'DELETE', 'OPTIONS']) expect(await status(method, own)).toBe(405);
  });

  test('every run has another token', async () => {
    server = await servePage(bundle());
    const other = await servePage(bundle());
    expect(new URL(other.url).pathname).not.toBe(new URL(server.url).pathname);
    await other.close();
  });

  test('a busy port is an input error, a missing bundle a machine error', async () => {
    server = await servePage(bundle());
    const port = Number(new URL(server.url).port);
    await expect(servePage(bundle(), { port })).rejects.toMatchObject({
      exitCode: 2,
      message: `--port ${port} is in use`,
    });
    await expect(servePage('/nowhere/engine.js')).rejects.toMatchObject({
      exitCode: 1,
      fix: expect.stringMatching(/npm run build/),
    });
  });
});

describe('protocol', () => {
  test('unknown operations, fields and events are refused', () => {
    expect(requestSchema.safeParse({ op: 'dance', adapter: 'auto' }).success).toBe(false);
    expect(requestSchema.safeParse({ op: 'probe', adapter: 'auto', extra: 1 }).success).toBe(false);
    expect(requestSchema.safeParse({ op: 'probe', adapter: 'auto' }).success).toBe(true);
    expect(eventSchema.safeParse({ event: 'failed', reason: 'mood', message: '' }).success).toBe(false);
  });

  test('only a lost device is worth a retry', () => {
    expect(failure({ event: 'failed', reason: 'device-lost', message: 'gone' })).toBeInstanceOf(SessionLost);
    const memory = failure({ event: 'failed', reason: 'out-of-memory', message: 'too much' });
    expect(memory).not.toBeInstanceOf(SessionLost);
    expect(memory.fix).toMatch(/train\.batch/);
  });
});
