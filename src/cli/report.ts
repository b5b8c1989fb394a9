import { worstRatios } from '../analysis/worst-ratio.ts';
import { cellsWithCurves } from '../report/figures/training-curves.ts';
import { summaryMarkdown } from '../report/markdown.ts';
import { writeReport } from '../report/report.ts';
import { notShown, outcomeOf, outcomeWords } from '../report/words.ts';
import { CurveFile } from '../results/curve-file.ts';
import { readWorstCase } from '../results/worst-case.ts';
import { InputError } from '../shared/errors.ts';
import { log, print, printJson } from './output.ts';
import { claimJson, findingsOf, missingOf } from './verify.ts';

export interface ReportOptions {
  out?: string;
  baseline?: string;
  /** Figures as PDF, too. */
  pdf: boolean;
  json: boolean;
  markdown: boolean;
}

/** `lengthwise report`: the page, its figures and its data. With `markdown` only a summary on stdout. */
export async function report(folder: string, options: ReportOptions): Promise<void> {
  const { json, markdown, pdf } = options;
  if (json && markdown)
    throw new InputError('--json and --markdown: both print on stdout', 'Choose one of the two.');
  if (markdown && options.out !== undefined)
    throw new InputError('--markdown writes no files, --out says where to', 'Leave one of the two out.');
  if (markdown && pdf)
    throw new InputError('--markdown writes no files, --pdf asks for some', 'Leave one of the two out.');
  const findings = await findingsOf(folder, options.baseline);
  const { runs, claims, required } = findings;
  const missing = missingOf(findings);
  const measured = runs.filter(({ cells }) => cells.length > 0);
  if (measured.length === 0)
    throw new InputError(`${folder}: no cell is finished`, 'Let `lengthwise run` go on, then ask again.');
  const studies = await Promise.all(
    runs.map(async run => {
      const found = required[measured.indexOf(run)];
      const drawn = cellsWithCurves(run.cells);
      const folders = [...(run.others ?? []), run.folder];
      const curves = await Promise.all(folders.map(each => new CurveFile(each).read(drawn)));
      const { lengths = [], exponents = [], errors = [] } = found ?? {};
      const worst = await readWorstCase(run.folder);
      return {
        run,
        lengths,
        exponents,
        errors,
        curves: Object.assign({}, ...curves),
        ...(worst
          ? { worst: { testLength: worst.testLength, settings: worstRatios(run.cells, worst) } }
          : {}),
      };
    }),
  );
  const input = { studies, claims, missing };
  if (markdown) {
    print(summaryMarkdown(input));
    return;
  }
  for (const line of missing) log(`note: ${line}`);
  const { files, notes } = await writeReport(input, options.out ?? folder, pdf ? ['png', 'pdf'] : ['png']);
  for (const line of notes) log(`note: ${line}`);
  if (json) printJson({ files, claims: claims.map(claimJson), missing: [...missing, ...notes] });
  else {
    const open = notShown(claims).map(claim => `  ${claim.id}: ${claim.statement}: ${outcomeWords(claim)}`);
    print([outcomeOf(claims), ...open, `Report: ${files[0]}`].join('\n'));
  }
}
