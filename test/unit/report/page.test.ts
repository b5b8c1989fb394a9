import { createHash } from 'node:crypto';
import { JSDOM } from 'jsdom';
import { beforeAll, describe, expect, test } from 'vitest';
import { claimsOf } from '../../../src/analysis/claims.ts';
import { errorExponents } from '../../../src/analysis/error-exponents.ts';
import { lengthExponents, requiredLengths } from '../../../src/analysis/required.ts';
import { figuresOf } from '../../../src/report/figures/all.ts';
import type { Canvas } from '../../../src/report/figures/figure.ts';
import { html } from '../../../src/report/html.ts';
import type { ReportInput } from '../../../src/report/input.ts';
import { summaryMarkdown } from '../../../src/report/markdown.ts';
import { pageHtml } from '../../../src/report/page/page.ts';
import { serverCanvas } from '../../../src/report/report.ts';
import { type Synthetic, syntheticRun } from '../../support/synthetic.ts';

const EVIL = `</script><img src=x onerror="alert('1')">`;

let canvas: Canvas;
beforeAll(async () => {
  canvas = await serverCanvas();
});

function inputOf(...synthetics: Synthetic[]): ReportInput {
  const studies = synthetics.map(synthetic => {
    const run = syntheticRun(synthetic);
    const { epsilon } = run.manifest.experiment;
    const lengths = requiredLengths(run.cells, epsilon);
    return {
      run,
      lengths,
      exponents: lengthExponents(run.cells, ['task.omega'], epsilon),
      errors: errorExponents(run.cells, lengths),
    };
  });
  return { studies, claims: claimsOf(studies.map(({ run }) => run)), missing: [] };
}

function textOf(input: ReportInput): string {
  return pageHtml(input, {
    figures: input.studies.map((study, i) => figuresOf(canvas, study, `x${i}`)),
    filesOf: ({ id }) => [`figures/${id}.svg`],
    data: ['cells.csv'],
    notes: ['a note'],
  });
}

const pageOf = (input: ReportInput) => new JSDOM(textOf(input)).window.document;

const OMEGA: Synthetic = {
  name: 'omega',
  task: { kind: 'simple', omega: [1, 4] },
  axes: { 'task.omega': [1, 4] },
};
/** The loss goes on rising with T, and does not fall with N. */
const FAILING: Synthetic = {
  ...OMEGA,
  name: 'failing',
  vary: (cell, i) => ({
    ...cell,
    test: cell.test.map(({ length }) => ({ length, loss: (length * (1 + (i % 3))) / 1e4, stderr: 0 })),
  }),
};

describe('the page', () => {
  test('says in its first lines what is not shown, and lists the refuted first, then the undecided', () => {
    const page = pageOf(inputOf(OMEGA, FAILING));
    const outcome = page.querySelector('header .outcome')!;
    expect(outcome.textContent).toMatch(/^6 claims: 3 shown, 1 refuted, 2 undecided\./);
    expect([...outcome.querySelectorAll('small')].map(node => node.textContent)).toEqual([
      'failing/plateau',
      'failing/monotone-N',
      'failing/monotone-omega',
    ]);
    const rows = [...page.querySelectorAll('#verdicts tbody tr')];
    expect(rows.map(row => row.querySelector('.verdict')!.textContent)).toEqual([
      '✕\u00a0refuted',
      '?\u00a0undecided',
      '?\u00a0undecided: needs at least 7 seeds: p cannot be below 0.13',
      ...Array(3).fill('✓\u00a0shown'),
    ]);
    expect(rows[0]!.textContent).toContain('failing/plateau');
  });

  test('losses stand beside their share of predicting the mean, training losses beside that of the training strings', () => {
    const page = pageOf(inputOf({ ...OMEGA, spread: 0 }));
    const row = [...page.querySelectorAll('#figures details tbody tr')].find(node =>
      node.textContent!.includes('ω = 4'),
    )!;
    const cells = [...row.querySelectorAll('td, th')].map(node => node.textContent!);
    // 0.05 at N = 4, of 0.44: the variance of sin(4 u), u uniform on [−1, 1], is 1/2 − sin(8)/16.
    expect(Number.parseFloat(cells[3]!)).toBeCloseTo((100 * 0.0496) / (0.5 - Math.sin(8) / 16), 0);
    // Of one to four tokens f* has a variance of its own.
    expect(cells[7]).toMatch(/^0\.\d+ %$/);
  });

  test('studies stand in the order of the paper’s figures, whatever their names', () => {
    const page = pageOf(
      inputOf(
        { name: 'a', task: { kind: 'k-gram', vocabulary: 2, k: 1 } },
        { name: 'b', task: { kind: 'mod-p', p: 3, k: 1 } },
        { ...OMEGA, name: 'c' },
      ),
    );
    expect([...page.querySelectorAll('#figures h2')].map(node => node.textContent!.split('.')[0])).toEqual([
      'Figure 1',
      'Figures 2 and 3',
      'Figure 4',
    ]);
    expect([...page.querySelectorAll('#lengths h3')].map(node => node.textContent)).toEqual(['c', 'b', 'a']);
    const figures = [...page.querySelectorAll('figure')].map(({ id }) => id.split('-')[0]);
    expect([...new Set(figures)]).toEqual(['x2', 'x1', 'x0']);
  });

  test('is a document: one h1, no level skipped, landmarks, captions, scopes, named images', () => {
    const page = pageOf(inputOf(OMEGA));
    expect(page.querySelectorAll('h1')).toHaveLength(1);
    const levels = [...page.querySelectorAll('h1, h2, h3')].map(({ tagName }) => Number(tagName[1]));
    for (const [i, level] of levels.entries()) expect(level).toBeLessThanOrEqual((levels[i - 1] ?? 0) + 1);
    for (const landmark of ['header', 'nav', 'main', 'footer'])
      expect(page.querySelectorAll(landmark)).toHaveLength(1);
    expect(page.querySelectorAll('figure:not(:has(figcaption))')).toHaveLength(0);
    expect(page.querySelectorAll('table:not(:has(caption))')).toHaveLength(0);
    expect(page.querySelectorAll('th:not([scope])')).toHaveLength(0);
    expect(page.querySelectorAll('svg:not([role=img][aria-label]):not([aria-hidden])')).toHaveLength(0);
    const ids = [...page.querySelectorAll('[id]')].map(({ id }) => id);
    expect(new Set(ids).size).toBe(ids.length);
    for (const link of page.querySelectorAll('a[href^="#"]'))
      expect(ids).toContain(link.getAttribute('href')!.slice(1));
    expect([...page.querySelectorAll('dfn')].map(node => node.textContent)).toEqual([
      'training length',
      'plateau',
      'seeds',
      'N*(ε)',
      'complexity C(f)',
      'margin γ',
      'certificate',
    ]);
  });

  test('needs nothing from elsewhere, and its policy names exactly its own style and script', () => {
    const page = pageOf(inputOf(OMEGA));
    const policy = page.querySelector('meta[http-equiv]')!.getAttribute('content')!;
    expect(policy).toMatch(/^default-src 'none';/);
    expect(policy).not.toContain('unsafe');
    for (const node of page.querySelectorAll('style, script')) {
      const digest = createHash('sha256').update(node.textContent!).digest('base64');
      expect(policy).toContain(`'sha256-${digest}'`);
    }
    expect(page.querySelectorAll('script')).toHaveLength(1);
    expect(page.querySelectorAll('[src], link, iframe, [style]')).toHaveLength(0);
    expect(page.querySelectorAll('[href^=http]')).toHaveLength(0);
  });

  test('escapes every name that a file can carry', () => {
    const input = inputOf({
      ...OMEGA,
      name: EVIL,
      axes: { 'task.omega': [1, 2], [`model.${EVIL}`]: [EVIL] },
      vary: (cell, i) => ({ ...cell, cell: `${EVIL}${i}`, adapter: EVIL }),
      manifest: {
        run: EVIL,
        command: EVIL,
        adapter: null,
        start: EVIL,
        end: EVIL,
        versions: { lengthwise: EVIL, node: EVIL, browser: EVIL },
        host: { name: EVIL, platform: EVIL, cpu: EVIL, cores: 1 },
        experiment: { name: EVIL, task: { kind: 'simple', omega: EVIL }, epsilon: [0.01], streams: 'cell' },
      },
    });
    input.missing.push(EVIL);
    const page = pageOf(input);
    expect(page.querySelectorAll('img, [onerror]')).toHaveLength(0);
    expect(page.querySelectorAll('script')).toHaveLength(1);
    expect(page.querySelector('.names')!.textContent).toBe(EVIL);
    expect(page.querySelector('#missing li')!.textContent).toBe(EVIL);
    expect(page.querySelector('#made pre')!.textContent).toContain(JSON.stringify(EVIL));
    expect(page.querySelectorAll('figure').length).toBeGreaterThan(3);
  });

  test('marks cells that diverged, and says what is missing and what could not be written', () => {
    const input = inputOf({
      ...OMEGA,
      vary: (cell, i) =>
        i === 0
          ? {
              ...cell,
              divergedAtStep: 9,
              trainLoss: null,
              theory: null,
              test: cell.test.map(point => ({ ...point, loss: null })),
            }
          : cell,
    });
    input.missing.push('omega: 1 of 24 cells diverged');
    const page = pageOf(input);
    expect(page.querySelector('#cells .bad')!.textContent).toBe('diverged at step 9');
    expect(page.querySelectorAll('#cells tbody tr')).toHaveLength(24);
    expect([...page.querySelectorAll('#missing li')].map(node => node.textContent)).toEqual([
      'omega: 1 of 24 cells diverged',
      'a note',
    ]);
  });

  test('stands without any finished cell', () => {
    const page = pageOf(inputOf({ ...OMEGA, lengths: [] }));
    expect(page.querySelector('.outcome')!.textContent).toBe(
      'No claim could be decided: no cell is finished.',
    );
    expect(page.querySelector('#cells')!.textContent).toContain('omega: no cell is finished.');
  });
});

describe('templates', () => {
  test('escape values and leave out what is not there', () => {
    expect(html`<p title="${'"&\''}">${['<', html`<b>`, null, undefined, false, 0]}</p>`.text).toBe(
      '<p title="&quot;&amp;&#39;">&lt;<b>0</p>',
    );
  });
});

describe('the summary in Markdown', () => {
  test('outcome first, then the table of verdicts, those that are not shown on top', () => {
    const lines = summaryMarkdown(inputOf(OMEGA, FAILING)).split('\n');
    expect(lines[0]).toBe('**6 claims: 3 shown, 1 refuted, 2 undecided.**');
    expect(lines[2]).toBe('| verdict | claim | value | interval | threshold | p | level | least p | cells |');
    expect(lines[4]).toMatch(/^\| \*\*refuted\*\* \| the loss stops changing/);
    expect(lines.slice(4, 10).map(line => line.includes('✓ shown'))).toEqual([
      false,
      false,
      false,
      true,
      true,
      true,
    ]);
    const columns = lines.slice(2, 10).map(line => line.replaceAll('\\|', '').split('|').length);
    expect(new Set(columns)).toEqual(new Set([11]));
  });

  test('names break out of neither table nor code', () => {
    const text = summaryMarkdown({ ...inputOf({ ...OMEGA, name: '`|<b>\n# x' }), missing: ['a\n- b | <i>'] });
    expect(text).not.toMatch(/<b>|<i>|\n# x|\n- b/);
    expect(text).toContain('a - b \\| &lt;i&gt;');
  });
});
