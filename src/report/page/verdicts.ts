import type { Claim, Verdict } from '../../analysis/verdict.ts';
import { type Html, html } from '../html.ts';
import { capital, intervalText, numberText, probabilityText, shareText } from '../names.ts';
import { meaningOf, notShown, outcomeOf, outcomeWords, shownLast } from '../words.ts';
import { tableHtml } from './table.ts';

/** The outcome in a sentence, and what is not shown: the first thing that a reader meets. */
export function outcomeHtml(claims: readonly Claim[]): Html {
  const open = notShown(claims);
  const bad = claims.length === 0 || open.length > 0;
  return html`<div class="outcome"><p class="${bad ? 'bad' : 'good'}"><strong>${outcomeOf(claims)}</strong></p>${
    open.length > 0 &&
    html`<ul>${open.map(claim => html`<li>${capital(outcomeWords(claim))}: ${claim.statement} <small>${claim.id}</small></li>`)}</ul>`
  }</div>`;
}

/** How a verdict looks. */
const LOOKS: Record<Verdict, { mark: string; tone: string }> = {
  shown: { mark: '✓', tone: 'good' },
  refuted: { mark: '✕', tone: 'bad' },
  undecided: { mark: '?', tone: 'open' },
};

/** Every claim with the number that decides it; the refuted and the undecided come first. */
export function verdictsHtml(claims: readonly Claim[]): Html {
  if (claims.length === 0) return html`<p>There is nothing to decide on yet.</p>`;
  return html`${tableHtml({
    caption:
      'The claims of the paper, each decided by a statistic over seeds: shown, refuted, or neither. Beside p stand the level at which it counts and the least p that so many seeds could give; cells are those that a verdict rests on.',
    head: ['verdict', 'claim', 'value', 'interval', 'threshold', 'p', 'level', 'least p', 'cells'],
    numeric: [2, 3, 4, 5, 6, 7, 8],
    names: 1,
    rows: shownLast(claims).map(claim => [
      html`<span class="verdict ${LOOKS[claim.verdict].tone}">${LOOKS[claim.verdict].mark} ${outcomeWords(claim)}</span>`,
      html`<span class="statement">${claim.statement}</span> <span class="meaning">${meaningOf(claim)}</span> <small><code>${claim.id}</code>: ${claim.statistic}</small>${claim.remarks.map(
        remark => html` <small>${remark}</small>`,
      )}`,
      numberText(claim.value),
      claim.interval
        ? html`${intervalText(claim.interval)} <small>${shareText(claim.confidence)}</small>`
        : '–',
      numberText(claim.threshold),
      probabilityText(claim.pValue),
      numberText(claim.level),
      probabilityText(claim.pFloor),
      html`${claim.seeds}${claim.diverged > 0 && html` <small>${claim.diverged} without</small>`}`,
    ]),
  })}`;
}
