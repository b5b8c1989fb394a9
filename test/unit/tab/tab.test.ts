import { describe, expect, test } from 'vitest';
import type { EngineEvent } from '../../../src/shared/protocol.ts';
import { browserName } from '../../../src/tab/browser-name.ts';
import { Pace } from '../../../src/tab/pace.ts';
import { afterEvent, afterRequest, afterRole, atFirst } from '../../../src/tab/status.ts';
import { durationText, wordsOf } from '../../../src/tab/words.ts';
import { NO_ADAPTER } from '../../support/made-up.ts';
import { pack, replica } from '../../support/packs.ts';

describe('the name of a browser', () => {
  const windows = 'Mozilla/5.0 (Windows NT 10.0; Win64; x64)';
  test.each([
    [`${windows} AppleWebKit/537.36 Chrome/148.0.0.0 Safari/537.36`, 'Chrome/148.0.0.0 on Windows'],
    [
      `${windows} AppleWebKit/537.36 Chrome/148.0.0.0 Safari/537.36 Edg/148.0.0.0`,
      'Edge/148.0.0.0 on Windows',
    ],
    ['Mozilla/5.0 (X11; Linux x86_64; rv:153.0) Gecko/20100101 Firefox/153.0', 'Firefox/153.0 on Linux'],
    [
      'Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 Version/26.1 Safari/605.1.15',
      'Safari/26.1 on macOS',
    ],
    ['Mozilla/5.0 (Linux; Android 16; K) Chrome/148.0.0.0 Safari/537.36', 'Chrome/148.0.0.0 on Android'],
    ['\u001b[2J', 'a browser on an unknown system'],
  ])('%s', async (userAgent, name) => {
    expect(await browserName({ userAgent })).toBe(name);
  });

  test('Chromium tells its whole version, and the product beside the engine', async () => {
    const fullVersionList = [
      { brand: 'Not(A:Brand', version: '8.0.0.0' },
      { brand: 'Chromium', version: '148.0.7778.56' },
      { brand: 'Google Chrome', version: '148.0.7778.56' },
    ];
    const userAgentData = { getHighEntropyValues: async () => ({ fullVersionList }) };
    expect(await browserName({ userAgent: windows, userAgentData })).toBe(
      'Google Chrome/148.0.7778.56 on Windows',
    );
  });
});

describe('what the page says', () => {
  const computing = afterRole(atFirst('Firefox/153.0 on Linux'), { role: 'engine', run: 'smoke' });
  const own = pack({ steps: 2000, replicas: [4, 64].map(trainLength => replica({ trainLength })) });

  test('of a pack on its way', () => {
    const asked = afterRequest(afterEvent(computing, { event: 'probed', adapter: NO_ADAPTER }, 0), {
      op: 'train',
      adapter: 'auto',
      pack: own,
    });
    const progress = (done: number, loss: number): EngineEvent => ({
      ...({ event: 'progress', phase: 'train', done, total: 2000, sequencesPerSecond: 12_345.6 } as const),
      curve: [{ step: done, losses: [loss, null] }],
    });
    const first = afterEvent(asked, progress(500, 1), 1000);
    const second = afterEvent(first, progress(1000, 0.25), 11_000);
    expect(wordsOf(second)).toMatchObject({ heading: 'This tab computes smoke' });
    expect(Object.fromEntries(wordsOf(second).facts)).toMatchObject({
      pack: '2 cells of simple, N = 4\u00a0…\u00a064',
      'training step': '1,000 of 2,000',
      rate: '12,346 sequences/s',
      'training loss': '2.50e-1, median',
      left: 'about 20 s',
      browser: 'Firefox/153.0 on Linux',
    });
    const done = afterEvent(
      second,
      {
        ...({
          event: 'trained',
          adapter: NO_ADAPTER,
          trainSeconds: 1,
          testSeconds: 1,
          stateSeconds: 0,
        } as const),
        ...{ trainSequences: 1, trainLabels: 1 },
        cells: own.replicas.map(({ cell }) => ({
          ...{ cell, divergedAtStep: null, trainLoss: 0, trainLossStderr: 0, test: [], weights: '' },
        })),
      },
      12_000,
    );
    expect(wordsOf(done).facts.at(-1)).toEqual(['trained here', '2 cells']);
    expect(wordsOf(done).facts.map(([name]) => name)).not.toContain('training step');
  });

  test('of a refusal: why, and where WebGPU is to be had', () => {
    const refused = afterRole(computing, {
      role: 'refused',
      run: 'smoke',
      why: 'this browser has no WebGPU',
    });
    expect(wordsOf(refused).text).toMatch(/^This browser has no WebGPU\. WebGPU is in Chrome .*localhost/);
  });

  test.each([
    [0.2, '1 s'],
    [99, '99 s'],
    [720, '12 min'],
    [12_600, '3.5 h'],
  ])('%d s is %s', (seconds, text) => {
    expect(durationText(seconds)).toBe(text);
  });
});

test('slowed in the background: only where it is, and known by more than a few rates', () => {
  const pace = new Pace();
  const take = (count: number, rate: number, hidden: boolean) => {
    for (let i = 0; i < count; i++) pace.take(rate, hidden);
  };
  take(10, 1000, false);
  take(7, 100, true);
  expect(pace.slowedTo).toBeUndefined();
  take(1, 100, true);
  expect(pace.slowedTo).toBeCloseTo(0.1);
  take(40, 900, true);
  expect(pace.slowedTo).toBeUndefined();
  pace.reset();
  take(10, 1, true);
  expect(pace.slowedTo).toBeUndefined();
});
