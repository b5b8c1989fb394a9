import { labelOf } from '../results/axes.ts';
import type { ReportInput } from './input.ts';
import { confidenceText, numberText, probabilityText } from './names.ts';
import { notShown, outcomeOf, outcomeWords, requiredInterval, requiredText, shownLast } from './words.ts';

/** A summary fit for a pull-request comment: the outcome, a table of verdicts, the training lengths that were needed, what is missing. */
export function summaryMarkdown({ claims, studies, missing }: ReportInput): string {
  const lengths = studies.flatMap(({ run, lengths: own }) =>
    own.map(row => [
      `${plain(run.name)}${Object.keys(row.axes).length > 0 ? `, ${plain(labelOf(row.axes))}` : ''}`,
      numberText(row.epsilon),
      requiredText(row),
      requiredInterval(row),
    ]),
  );
  return [
    `**${plain(outcomeOf(claims))}**`,
    '',
    ...table(
      ['verdict', 'claim', 'value', 'interval', 'threshold', 'p', 'level', 'least p', 'cells'],
      shownLast(claims).map(claim => [
        claim.verdict === 'shown' ? '✓ shown' : `**${plain(outcomeWords(claim))}**`,
        `${plain(claim.statement)} (${plain(claim.id)})`,
        numberText(claim.value),
        confidenceText(claim),
        numberText(claim.threshold),
        probabilityText(claim.pValue),
        numberText(claim.level),
        probabilityText(claim.pFloor),
        claim.diverged > 0 ? `${claim.seeds} (${claim.diverged} without)` : String(claim.seeds),
      ]),
    ),
    ...notShown(claims).flatMap(({ id, remarks }) =>
      remarks.map(remark => `- ${plain(id)}: ${plain(remark)}`),
    ),
    ...(lengths.length > 0
      ? [
          '',
          '<details><summary>Training length needed for a plateau of at most ε</summary>',
          '',
          ...table(['setting', 'ε', 'N*', '95 % interval'], lengths),
          '',
          '</details>',
        ]
      : []),
    ...(missing.length > 0 ? ['', 'Missing:', ...missing.map(line => `- ${plain(line)}`)] : []),
  ].join('\n');
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string[] {
  if (rows.length === 0) return [];
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line)];
}

/** Text that Markdown, and the HTML in it, leave as it is. */
function plain(text: string): string {
  return text
    .replace(/\s+/g, ' ')
    .replace(/&/g, '&amp;')
    .replace(/</g, '&lt;')
    .replace(/>/g, '&gt;')
    .replace(/[\\`*_[\]|~#@]/g, '\\$&');
}
