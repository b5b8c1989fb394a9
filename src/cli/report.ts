import { summaryMarkdown } from '../report/markdown.ts';
import { writeReport } from '../report/report.ts';
import { outcomeOf } from '../report/words.ts';
import { InputError } from '../shared/errors.ts';
import { log, print, printJson } from './output.ts';
import { missingOf, verdictOn } from './verify.ts';

export interface ReportOptions {
  out?: string;
  baseline?: string;
  json: boolean;
  markdown: boolean;
}

/** `lengthwise report`: the page, its figures and its data. With `markdown` only a summary on stdout. */
export async function report(folder: string, options: ReportOptions): Promise<void> {
  const { json, markdown } = options;
  if (json && markdown)
    throw new InputError('--json and --markdown: both print on stdout', 'Choose one of the two.');
  if (markdown && options.out !== undefined)
    throw new InputError('--markdown writes no files, --out says where to', 'Leave one of the two out.');
  const verdict = await verdictOn(folder, options.baseline);
  const { runs, claims, required } = verdict;
  const missing = missingOf(verdict);
  const measured = runs.filter(({ cells }) => cells.length > 0);
  const studies = runs.map(run => {
    const found = required[measured.indexOf(run)];
    return { run, lengths: found?.lengths ?? [], exponents: found?.exponents ?? [] };
  });
  const input = { studies, claims, missing };
  if (markdown) {
    print(summaryMarkdown(input));
    return;
  }
  for (const line of missing) log(`note: ${line}`);
  const { files, notes } = await writeReport(input, options.out ?? folder);
  for (const line of notes) log(`note: ${line}`);
  if (json) printJson({ files, claims, missing: [...missing, ...notes] });
  else {
    const failed = claims.filter(({ holds }) => !holds).map(({ id, statement }) => `  ${id}: ${statement}`);
    print([outcomeOf(claims), ...failed, `Report: ${files[0]}`].join('\n'));
  }
}
