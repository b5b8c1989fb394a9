import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, readdirSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { BrowserPlatform } from '@puppeteer/browsers';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { CHROME_VERSION, downloadChrome } from '../../../src/setup/chrome.mjs';
import { emptyFolder } from '../../support/cli.ts';

/** A zip of `chrome-linux64/chrome`, which is `#!/bin/sh` and executable. */
const ARCHIVE = Buffer.from(
  'UEsDBBQAAAAAAAAAIQAdnfsECgAAAAoAAAAVAAAAY2hyb21lLWxpbnV4NjQvY2hyb21lIyEvYmluL3NoClBLAQIUAxQAAAAAAAAAIQAdnfsECgAAAAoA' +
    'AAAVAAAAAAAAAAAAAADtgQAAAABjaHJvbWUtbGludXg2NC9jaHJvbWVQSwUGAAAAAAEAAQBDAAAAPQAAAAAA',
  'base64',
);

describe('a Chrome that is downloaded', () => {
  const platform = BrowserPlatform.LINUX;
  const asked: (string | undefined)[] = [];
  const server = createServer(({ url }, response) => {
    asked.push(url);
    response.end(ARCHIVE);
  });
  let baseUrl = '';
  beforeAll(async () => {
    await once(server.listen(0, '127.0.0.1'), 'listening');
    baseUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });
  afterAll(() => void server.close());

  test('is unpacked where the archive has the digest that is pinned', async () => {
    const folder = emptyFolder();
    const digests = { linux: createHash('sha256').update(ARCHIVE).digest('hex') };
    await downloadChrome(folder, { platform, digests, baseUrl });
    expect(asked).toEqual([`/${CHROME_VERSION}/linux64/chrome-linux64.zip`]);
    expect(existsSync(join(folder, 'chrome', `linux-${CHROME_VERSION}`, 'chrome-linux64', 'chrome'))).toBe(
      true,
    );
  });

  test('is refused where it has another, and nothing is left of it', async () => {
    const folder = emptyFolder();
    await expect(downloadChrome(folder, { platform, baseUrl })).rejects.toThrow(
      /has SHA-256 200b8c27b53ac912\w+, not 8a760543807c67d3\w+$/,
    );
    expect(readdirSync(join(folder, 'chrome'))).toEqual([]);
  });

  test('is not even asked for where none is pinned', async () => {
    const folder = emptyFolder();
    const before = asked.length;
    await expect(downloadChrome(folder, { platform, digests: {}, baseUrl })).rejects.toThrow(
      'no Chrome is pinned for linux',
    );
    expect(asked).toHaveLength(before);
    expect(existsSync(join(folder, 'chrome'))).toBe(false);
  });
});
