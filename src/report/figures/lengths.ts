import { hasClasses } from '../../analysis/accuracy.ts';
import { lengthRows } from '../../analysis/predicted.ts';
import type { RequiredLength } from '../../analysis/required.ts';
import { labelOf, symbolOf, without } from '../../results/axes.ts';
import type { CellResult } from '../../results/schema.ts';
import { mostOf } from '../../shared/extremes.ts';
import { primaryKnob } from '../frames.ts';
import { boundName, numberText, powerOfTen } from '../names.ts';
import { categorical, token } from '../theme.ts';
import { channels, draw } from './draw.ts';
import { type Canvas, type Figure, type Key, MOST_PANELS, PANEL, panelsLeft, symbolAt } from './figure.ts';

/** Powers of ten up to which bounds are drawn; the table holds the rest. */
const MOST_LOG10 = 15;

/** A length on the chart: where, and what stands for it. */
interface Point {
  x: string;
  log: number;
  low: number;
  high: number;
  /** The number lies beyond what was trained: longer (1), shorter (−1). */
  beyond: -1 | 0 | 1;
}

/**
 * N*(ε), the training length that was needed, for each setting of the knobs, beside every bound that applies: a panel for each ε. Undefined
 * where nothing was measured.
 */
export function lengthsNeeded(
  canvas: Canvas,
  id: string,
  cells: readonly CellResult[],
  required: readonly RequiredLength[],
  epsilons: readonly number[],
  knobs: readonly string[],
): Figure | undefined {
  if (required.length === 0) return undefined;
  const rows = lengthRows(cells, epsilons);
  const knob = primaryKnob(cells, knobs);
  const names = [...new Set(rows.flatMap(({ predicted }) => predicted.map(({ name }) => name)))];
  const measuredKey: Key = { label: 'measured', colour: token('ink'), symbol: 'circle' };
  const drawable = names.filter(name =>
    rows.some(({ predicted }) =>
      predicted.some(bound => bound.name === name && bound.log10N !== null && bound.log10N <= MOST_LOG10),
    ),
  );
  const left = names.filter(name => !drawable.includes(name));
  const keys = [
    measuredKey,
    ...drawable.map(
      (name, i): Key => ({ label: boundName(name), colour: categorical(i), symbol: symbolAt(i + 1) }),
    ),
  ];
  const values = [...new Set(required.map(({ axes }) => knobValue(axes, knob)))];
  const rests = [...new Set(required.map(({ axes }) => restOf(axes, knob)))];
  const all = rests.flatMap(rest => epsilons.map(epsilon => ({ rest, epsilon })));
  const panels = all.slice(0, MOST_PANELS).map(({ rest, epsilon }) => {
    const within = (row: { axes: CellResult['axes']; epsilon: number }) =>
      row.epsilon === epsilon && restOf(row.axes, knob) === rest;
    return {
      title: [`Plateau at most ${numberText(epsilon)}`, rest].filter(Boolean).join(', '),
      measured: required.filter(within).map(row => measuredPoint(row, knobValue(row.axes, knob))),
      bounds: drawable.map((name, i) => ({
        key: keys[i + 1]!,
        points: rows.filter(within).flatMap(({ axes, predicted }) => {
          const log = predicted.find(bound => bound.name === name)?.log10N ?? null;
          return log === null || log > MOST_LOG10 ? [] : [{ x: knobValue(axes, knob), log }];
        }),
      })),
    };
  });
  const logs = panels.flatMap(({ measured, bounds }) => [
    ...measured.flatMap(({ low, high }) => [low, high]),
    ...bounds.flatMap(({ points }) => points.map(({ log }) => log)),
  ]);
  const top = Math.max(1, Math.ceil(mostOf(logs) + 0.05));
  const step = Math.ceil(top / 6);
  const ticks = Array.from({ length: Math.floor(top / step) + 1 }, (_, i) => i * step);
  return {
    id,
    title: `Training length needed, measured${names.length > 0 ? ' and predicted' : ''}`,
    caption: `The least training length N*(ε) whose plateau${hasClasses(cells) ? ', an error rate,' : ''} is at most ε: measured (bar: 95 % interval, over seeds and between the lengths trained)${names.length > 0 ? ', and by every bound that applies to these models, with unknown constants taken as 1' : ''}. A triangle marks a length beyond those trained: up, none was long enough; down, the shortest was.${left.length > 0 ? ` Not drawn, because beyond ${powerOfTen(MOST_LOG10)} or not finite: ${left.map(boundName).join(', ')}.` : ''}${panelsLeft(panels.length, all.length)}`,
    legend: { kind: 'keys', title: 'training length', keys },
    panels: panels.map(({ title, measured, bounds }) => ({
      title,
      height: PANEL.height,
      alt: `${title}: measured ${measured
        .map(
          ({ x, log, beyond }) =>
            `${x}: ${beyond > 0 ? 'above ' : beyond < 0 ? 'at most ' : ''}${numberText(10 ** log)}`,
        )
        .join('; ')}.`,
      svg: draw(canvas, {
        x: { type: 'point', domain: values, padding: 0.6 },
        y: { domain: [0, top] },
        marks: [
          canvas.Plot.ruleY(ticks, { stroke: token('rule') }),
          canvas.Plot.axisY(ticks, {
            label: 'N',
            labelAnchor: 'top',
            labelArrow: 'none',
            labelOffset: 42,
            tickFormat: (exponent: number) => powerOfTen(exponent),
            color: token('muted'),
            tickSize: 0,
            tickPadding: 6,
          }),
          canvas.Plot.axisX({
            label: knob ? symbolOf(knob) : null,
            labelAnchor: 'center',
            labelArrow: 'none',
            labelOffset: 32,
            color: token('muted'),
            tickSize: 4,
            ...(values.length > 7
              ? { tickFormat: (_: string, i: number) => (i % 2 === 0 ? values[i]! : '') }
              : {}),
          }),
          ...bounds.flatMap(({ key, points }) => [
            canvas.Plot.line(points, {
              x: 'x',
              y: 'log',
              stroke: key.colour,
              strokeWidth: 1,
              strokeDasharray: '3 3',
            }),
            canvas.Plot.dot(points, { x: 'x', y: 'log', fill: key.colour, symbol: key.symbol, r: 3.6 }),
          ]),
          canvas.Plot.ruleX(
            measured,
            channels<Point>({ x: 'x', y1: 'low', y2: 'high', stroke: measuredKey.colour, strokeWidth: 1.4 }),
          ),
          ...[0, 1, -1].map(beyond =>
            canvas.Plot.dot(
              measured.filter(point => point.beyond === beyond),
              channels<Point>({
                x: 'x',
                y: 'log',
                r: 4.2,
                fill: beyond === 0 ? measuredKey.colour : token('paper'),
                stroke: measuredKey.colour,
                strokeWidth: 1.4,
                symbol: beyond === 0 ? 'circle' : 'triangle',
                ...(beyond < 0 ? { rotate: 180 } : {}),
              }),
            ),
          ),
        ],
      }),
    })),
  };
}

/** Where a setting stands on the horizontal axis. */
function knobValue(axes: CellResult['axes'], knob: string | undefined): string {
  return knob ? String(axes[knob]) : 'all cells';
}

/** Which panels a setting is in. */
function restOf(axes: CellResult['axes'], knob: string | undefined): string {
  return labelOf(knob ? without(axes, knob) : axes);
}

function measuredPoint({ length, censored, interval, shortest, longest }: RequiredLength, x: string): Point {
  const log = Math.log10(length ?? (censored === 'below' ? shortest : longest));
  // Ends beyond what was trained stand at its edge.
  const within = (end: number | undefined) =>
    end === undefined ? log : Math.log10(Math.min(longest, Math.max(shortest, end)));
  return {
    x,
    log,
    low: within(interval?.[0]),
    high: within(interval?.[1]),
    beyond: censored === null ? 0 : censored === 'above' ? 1 : -1,
  };
}
