import { createHash } from 'node:crypto';
import { hasClasses } from '../../analysis/accuracy.ts';
import type { Run } from '../../results/runs.ts';
import { TASKS } from '../../tasks/registry.ts';
import type { StudyFigures } from '../figures/all.ts';
import figureStyle from '../figures/figure.css?raw';
import type { Figure } from '../figures/figure.ts';
import { type Html, html, markup } from '../html.ts';
import type { ReportInput, Study } from '../input.ts';
import { DARK, LIGHT, themeCss } from '../theme.ts';
import { taskWords } from '../words.ts';
import { cellsHtml, plateauTable } from './cells.ts';
import { figureHtml } from './figure.ts';
import { lengthTables } from './lengths.ts';
import { provenanceHtml } from './provenance.ts';
import script from './sort.js?raw';
import style from './style.css?raw';
import { outcomeHtml, verdictsHtml } from './verdicts.ts';

/** What the page shows besides the input. */
export interface PageParts {
  /** Figures of each study, in the studies' order. */
  figures: StudyFigures[];
  /** Files of a figure, relative to the page. */
  filesOf: (figure: Figure) => string[];
  /** Files of data beside the page. */
  data: readonly string[];
  /** What could not be written, in words. */
  notes: readonly string[];
}

const TITLE = 'How long must training sequences be?';

/** The whole report as one HTML document that needs nothing else. */
export function pageHtml(input: ReportInput, parts: PageParts): string {
  const css = markup(
    `:root{${themeCss(LIGHT)}}@media screen and (prefers-color-scheme:dark){:root{${themeCss(DARK)}}}${figureStyle}${style}`,
  );
  const { claims } = input;
  const studies = inPaperOrder(input, parts);
  const names = [...new Set(studies.map(({ study }) => study.run.name))].join(', ');
  const policy = `default-src 'none'; style-src '${digest(css.text)}'; script-src '${digest(script)}'; img-src data:; base-uri 'none'; form-action 'none'`;
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${markup(policy)}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${names}: ${TITLE}</title>
<style>${css}</style>
</head>
<body>
<a class="skip" href="#main">Skip to the report</a>
<header>
<h1>${TITLE}</h1>
<p class="names">${names}</p>
${outcomeHtml(claims)}
<nav aria-label="Contents"><ul>
<li><a href="#asked">Question</a></li><li><a href="#verdicts">Verdicts</a></li><li><a href="#figures">Figures</a></li><li><a href="#lengths">Lengths needed</a></li><li><a href="#cells">Every run</a></li><li><a href="#made">How it was made</a></li><li><a href="#missing">What is missing</a></li>
</ul></nav>
</header>
<main id="main">
${asked(studies.some(({ study }) => hasClasses(study.run.cells)))}
<section id="verdicts" aria-labelledby="verdicts-head"><h2 id="verdicts-head">Verdicts</h2>
${verdictsHtml(claims)}</section>
<div id="figures">${groupsHtml(studies, parts)}</div>
<section id="lengths" aria-labelledby="lengths-head"><h2 id="lengths-head">Training length needed, measured and predicted</h2>
${LENGTHS}
${studies.map(
  ({ study, figures }) => html`<h3>${study.run.name}</h3>
${figuresHtml(figures.lengths, parts)}${lengthTables(study)}`,
)}</section>
<section id="cells" aria-labelledby="cells-head"><h2 id="cells-head">Every run</h2>
<p>A cell is one trained model. Cells that diverged are kept and marked; they count in no mean, and verdicts say how many there are.</p>
${studies.map(({ study }) => cellsHtml(study.run))}
<p>The same as data, one row a cell and test length: ${parts.data.map(file => html`<a href="${file}">${file}</a> `)}</p></section>
<section id="made" aria-labelledby="made-head"><h2 id="made-head">How it was made</h2>
${studies.map(({ study }) => provenanceHtml(study.run))}</section>
<section id="missing" aria-labelledby="missing-head"><h2 id="missing-head">What is missing</h2>
${missingHtml([...input.missing, ...parts.notes])}</section>
</main>
<footer><p>Written by <code>lengthwise report</code>. The theory: Izzo, Nichani and Lee, <cite>Quantitative Bounds for Length Generalization in Transformers</cite>, arXiv 2510.27015.</p></footer>
<script>${markup(script)}</script>
</body>
</html>
`.text;
}

const asked = (
  errors: boolean,
) => html`<section id="asked" aria-labelledby="asked-head"><h2 id="asked-head">What was asked</h2>
<p>A transformer learns a task from short sequences and is then used on long ones. Does it still work there, and how long did the short ones have to be? Small transformers were trained on sequences of up to N tokens, where N is the <dfn>training length</dfn>, and tested on sequences of T tokens, far longer. The loss is the mean squared error of the answer: 0 is perfect.${errors && ' Where the answer is one of several classes, the error rate stands in its place: the share of sequences that are not answered right throughout.'}</p>
<p>The theory says that the loss settles as T grows. The level on which it settles is the <dfn>plateau</dfn>; here it is the geometric mean of the loss over the last three octaves of test lengths. A larger N should lower it, a harder task should raise it. Each of these claims is put to a test over <dfn>seeds</dfn>, repetitions of the same training with other random numbers, and is shown, refuted, or undecided where neither could be shown.</p></section>`;

const LENGTHS = html`<p><dfn>N*(ε)</dfn> is the smallest training length whose plateau is at most ε, interpolated between the lengths that were trained. The theory bounds it through properties of the trained weights: the <dfn>complexity C(f)</dfn>, how sharply the model can react to a change of its input, and the <dfn>margin γ</dfn>, the gap between the largest attention score and the next. The published bounds hold up to constants that are not spelled out, taken as 1 here; many are vacuous, so large that they say nothing. The <dfn>certificate</dfn> follows for these very weights without a hidden constant, but bounds one of three terms only: how far the model's answer to a long string is from its answer to a short one.</p>`;

/** A study with what was drawn of it. */
interface Drawn {
  study: Study;
  figures: StudyFigures;
}

/** Studies by task, in the order of the registry, which is that of the paper's figures. */
function inPaperOrder({ studies }: ReportInput, { figures }: PageParts): Drawn[] {
  const place = ({ study }: Drawn) => TASKS.findIndex(({ kind }) => kind === kindOf(study.run));
  return studies.map((study, i) => ({ study, figures: figures[i]! })).sort((a, b) => place(a) - place(b));
}

function groupsHtml(studies: readonly Drawn[], parts: PageParts): Html[] {
  const kinds = [...new Set(studies.map(({ study }) => kindOf(study.run)))];
  return kinds.map((kind, k) => {
    const { heading, about } = taskWords(kind);
    return html`<section aria-labelledby="task-${k}"><h2 id="task-${k}">${heading}</h2>
<p>${about}</p>
${studies.map(drawn => kindOf(drawn.study.run) === kind && studyHtml(drawn, parts))}</section>
`;
  });
}

function kindOf({ manifest }: Run): string {
  return manifest.experiment.task.kind;
}

function studyHtml({ study: { run }, figures }: Drawn, parts: PageParts): Html {
  const { manifest, name, cells } = run;
  return html`<h3>${name} <small>${cells.length} of ${manifest.cells} cells</small></h3>
${figuresHtml(figures.results, parts)}${
  cells.length === 0 ? html`<p>No cell is finished: nothing to draw yet.</p>` : plateauTable(run)
}`;
}

function figuresHtml(figures: readonly Figure[], { filesOf }: PageParts): Html[] {
  return figures.map(figure => figureHtml(figure, filesOf(figure)));
}

function missingHtml(lines: readonly string[]): Html {
  if (lines.length === 0)
    return html`<p>Nothing: every cell finished, none diverged, every file was read.</p>`;
  return html`<ul>${lines.map(line => html`<li>${line}</li>`)}</ul>`;
}

/** What a Content-Security-Policy names an inline style or script by. */
function digest(text: string): string {
  return `sha256-${createHash('sha256').update(text).digest('base64')}`;
}
