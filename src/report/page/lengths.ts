import { hasClasses } from '../../analysis/accuracy.ts';
import { lengthRows } from '../../analysis/predicted.ts';
import { labelOf, symbolOf } from '../../results/axes.ts';
import { CERTIFIED, VACUOUS_LOG10 } from '../../theory/bounds.ts';
import { type Content, type Html, html } from '../html.ts';
import type { Study } from '../input.ts';
import { boundName, intervalText, numberText } from '../names.ts';
import { requiredInterval, requiredText } from '../words.ts';
import { tableHtml } from './table.ts';

/** N*(ε) of every setting beside every bound, and how both grow with the knobs. */
export function lengthTables({ run, lengths, exponents, errors, worst }: Study): Html {
  if (lengths.length === 0) return html`<p>No cell of ${run.name} has a plateau to measure from.</p>`;
  const rows = lengthRows(run.cells, run.manifest.experiment.epsilon);
  const names = [...new Set(rows.flatMap(({ predicted }) => predicted.map(({ name }) => name)))];
  const bound = (row: (typeof lengths)[number], name: string): Content => {
    const own = rows.find(
      ({ axes, epsilon }) => epsilon === row.epsilon && JSON.stringify(axes) === JSON.stringify(row.axes),
    );
    const found = own?.predicted.find(other => other.name === name);
    if (!found) return '–';
    const range = found.log10NRange;
    return html`${logText(found.log10N)}${range !== undefined && html` <small>range C: ${logText(range)}</small>`}`;
  };
  const fitted = errors.filter(({ measured }) => measured !== null);
  return html`${tableHtml({
    caption: html`${run.name}: training length needed for a plateau${hasClasses(run.cells) && ', an error rate,'} of at most ε, measured${names.length > 0 && html` and by each bound that applies to these models (medians over seeds; bounds at error √ε, the root mean square that a loss of ε stands for${names.includes('certificate') && `; the certificate for ${CERTIFIED}`})`}.`,
    head: ['setting', 'ε', 'N* measured', '95 % interval', ...names.map(boundName)],
    numeric: [1, 2, 3, ...names.map((_, i) => i + 4)],
    rows: lengths.map(row => [
      labelOf(row.axes) || 'all cells',
      numberText(row.epsilon),
      requiredText(row),
      requiredInterval(row),
      ...names.map(name => bound(row, name)),
    ]),
  })}${
    exponents.length > 0 &&
    tableHtml({
      caption: html`${run.name}: exponents. N* grows like the knob to this power, measured and by each bound.`,
      head: ['knob', 'other axes', 'ε', 'measured', '95 % interval', ...names.map(boundName)],
      numeric: [2, 3, 4, ...names.map((_, i) => i + 5)],
      rows: exponents.map(({ knob, axes, epsilon, measured, interval, values, predicted }) => [
        symbolOf(knob),
        labelOf(axes) || '–',
        numberText(epsilon),
        html`${measured === null ? 'too few N*' : numberText(measured)} <small>${values.used} of ${values.all} values</small>`,
        interval ? intervalText(interval) : '–',
        ...names.map(name => exponentCell(predicted, name)),
      ]),
    })
  }${
    fitted.length > 0 &&
    tableHtml({
      caption: html`${run.name}: exponents of the error. N* grows like 1/√ε, one over the root mean square error, to this power, measured and by each bound.`,
      head: ['setting', 'ε', 'measured', '95 % interval', ...names.map(boundName)],
      numeric: [2, 3, ...names.map((_, i) => i + 4)],
      rows: fitted.map(({ axes, epsilons, measured, interval, predicted }) => [
        labelOf(axes) || 'all cells',
        epsilons.map(epsilon => numberText(epsilon)).join(', '),
        numberText(measured),
        interval ? intervalText(interval) : '–',
        ...names.map(name => exponentCell(predicted, name)),
      ]),
    })
  }${
    worst !== undefined &&
    tableHtml({
      caption: html`${run.name}: the worst error ‖f(x) − f*(x)‖ that an adversary found at T = ${worst.testLength}, which Theorem 4.1 is about, beside the root mean square over the law, which a loss is about; models of the longest N, geometric means over seeds.`,
      head: ['setting', 'worst', 'root mean square', 'ratio', '95 % interval', 'seeds'],
      numeric: [1, 2, 3, 4, 5],
      rows: worst.settings.map(({ axes, worst: largest, rms, ratio, interval, seeds }) => [
        labelOf(axes) || 'all cells',
        numberText(largest),
        numberText(rms),
        numberText(ratio),
        interval ? intervalText(interval) : '–',
        String(seeds),
      ]),
    })
  }`;
}

function exponentCell(
  predicted: readonly { name: string; exponent: number | null }[],
  name: string,
): Content {
  const exponent = predicted.find(other => other.name === name)?.exponent ?? null;
  return exponent === null ? '–' : numberText(exponent);
}

function logText(log10: number | null): Content {
  if (log10 === null) return 'not finite';
  if (log10 > VACUOUS_LOG10) return html`10<sup>${Math.round(log10)}</sup>, vacuous`;
  return numberText(Math.ceil(10 ** Math.max(0, log10) - 1e-9));
}
