import type { Claim } from '../../analysis/claims.ts';
import { type Html, html } from '../html.ts';
import { intervalText, numberText, probabilityText } from '../names.ts';
import { failedFirst, meaningOf, outcomeOf } from '../words.ts';
import { tableHtml } from './table.ts';

/** The outcome in a sentence, and what fails: the first thing that a reader meets. */
export function outcomeHtml(claims: readonly Claim[]): Html {
  const failed = claims.filter(({ holds }) => !holds);
  const bad = claims.length === 0 || failed.length > 0;
  return html`<div class="outcome"><p class="${bad ? 'bad' : 'good'}"><strong>${outcomeOf(claims)}</strong></p>${
    failed.length > 0 &&
    html`<ul>${failed.map(({ id, statement }) => html`<li>Not shown: ${statement} <small>${id}</small></li>`)}</ul>`
  }</div>`;
}

/** Every claim with the number that decides it; those that fail come first. */
export function verdictsHtml(claims: readonly Claim[]): Html {
  if (claims.length === 0) return html`<p>There is nothing to decide on yet.</p>`;
  return html`${tableHtml({
    caption:
      'The claims of the paper, each decided by a statistic over seeds. Intervals are of 95 %; cells are those that a verdict rests on.',
    head: ['verdict', 'claim', 'value', '95 % interval', 'threshold', 'p', 'cells'],
    numeric: [2, 3, 4, 5, 6],
    names: 1,
    rows: failedFirst(claims).map(claim => [
      html`<span class="verdict ${claim.holds ? 'good' : 'bad'}">${claim.holds ? '✓ holds' : '✕ FAILS'}</span>`,
      html`<span class="statement">${claim.statement}</span> <span class="meaning">${meaningOf(claim)}</span> <small><code>${claim.id}</code>: ${claim.statistic}</small>${claim.remarks.map(
        remark => html` <small>${remark}</small>`,
      )}`,
      numberText(claim.value),
      intervalText(claim.interval),
      numberText(claim.threshold),
      probabilityText(claim.pValue),
      html`${claim.seeds}${claim.diverged > 0 && html` <small>${claim.diverged} without</small>`}`,
    ]),
  })}`;
}
