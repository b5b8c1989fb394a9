import { channels, draw, lengthAxis, lengthScale, logDomain, lossAxis } from '../report/figures/draw.ts';
import { type Canvas, type Figure, type Key, type Panel, symbolAt } from '../report/figures/figure.ts';
import { categorical, token } from '../report/theme.ts';
import { isOurs } from './names.ts';
import { costOf } from './ratios.ts';
import type { Row } from './rows.ts';

/** Ours are solid and of one colour, peers dashed. */
const PEER_DASHES = ['6 3', '2 3', '8 3 2 3', '1 2'];

const BAR_PIXELS = 15;
/** The longest name, with what is remarked on it. */
const NAME_PIXELS = 186;

/** Everything that was measured: time against T, and share of the peak, losers and wrong ones included. */
export function benchFigure(canvas: Canvas, rows: readonly Row[], machine: string): Figure {
  const keys = keysOf(rows);
  return {
    id: 'bench',
    title: 'Time against length',
    caption: `Median of warm runs on ${machine}, read-back included. Attention backward is gradients from scratch. Wrong results are drawn like right ones and named wrong. Share of peak: causal operations (forward 2T²D a head, gradients 7T²D) a second over the measured peak of multiply-adds.`,
    legend: {
      kind: 'keys',
      title: 'Implementation',
      keys: [...keys].map(([name, key]) => ({ ...key, label: name + remark(rows, name) })),
    },
    panels: groupsOf(rows).flatMap(({ title, rows: own }) => [
      ...(own[0]!.suite === 'training' ? [] : [timePanel(canvas, title, own, keys)]),
      ...barPanels(canvas, title, own, keys),
    ]),
  };
}

function keysOf(rows: readonly Row[]): Map<string, Key> {
  const names = [...new Set(rows.map(({ implementation }) => implementation))];
  const peers = names.filter(name => !isOurs(name));
  const ours = names.filter(isOurs);
  return new Map(
    names.map(name => {
      const place = isOurs(name) ? ours.indexOf(name) : peers.indexOf(name);
      const key: Key = isOurs(name)
        ? { label: name, colour: categorical(0), symbol: symbolAt(place) }
        : {
            label: name,
            colour: categorical(1 + (place % 7)),
            symbol: symbolAt(place),
            dash: PEER_DASHES[place % PEER_DASHES.length]!,
          };
      return [name, key];
    }),
  );
}

/** What a legend adds to a name. */
function remark(rows: readonly Row[], name: string): string {
  const own = rows.filter(({ implementation }) => implementation === name);
  if (own.every(({ medianMs }) => medianMs === null)) return ` (no time: ${own[0]!.problem ?? 'none'})`;
  return own.some(({ correct, problem }) => !correct && problem === undefined) ? ' (wrong)' : '';
}

/** Rows that differ in T alone. */
function groupsOf(rows: readonly Row[]): { title: string; rows: Row[] }[] {
  const groups = new Map<string, Row[]>();
  for (const row of rows) {
    const title =
      row.suite === 'attention'
        ? `attention ${row.direction}, D = ${row.D}, ${row.heads} head${row.heads === 1 ? '' : 's'}`
        : row.suite === 'forward'
          ? `f(x) of two layers, d = ${row.D}`
          : `training, ${row.model ?? ''}, N = ${row.T}`;
    groups.set(title, [...(groups.get(title) ?? []), row]);
  }
  return [...groups].map(([title, own]) => ({ title, rows: own }));
}

function timePanel(canvas: Canvas, title: string, rows: readonly Row[], keys: Map<string, Key>): Panel {
  const { Plot } = canvas;
  const timed = rows.filter(({ medianMs }) => medianMs !== null).sort((a, b) => a.T - b.T);
  const lengths = [...new Set(rows.map(({ T }) => T))].sort((a, b) => a - b);
  const domain = logDomain(
    timed.map(({ medianMs }) => medianMs!),
    timed.flatMap(({ minMs, maxMs }) => [minMs!, maxMs!]),
    0.3,
  );
  const lines = [...keys].map(([name, key]) => ({
    key,
    own: timed.filter(({ implementation }) => implementation === name),
  }));
  const at = { x: (row: Row) => row.T };
  return {
    title,
    height: 236,
    alt: `${title}: ${timed.map(row => `${row.implementation} ${row.medianMs!.toPrecision(3)} ms at T = ${row.T}`).join('; ')}.`,
    svg: draw(canvas, {
      x: lengthScale(lengths),
      y: { type: 'log', domain, clamp: true },
      marks: [
        ...lossAxis(canvas, domain, 'ms'),
        ...lengthAxis(canvas, lengths, 'length T'),
        ...lines.flatMap(({ key: { colour, dash, symbol }, own }) => [
          Plot.ruleX(
            own,
            channels<Row>({
              ...at,
              y1: (row: Row) => row.minMs,
              y2: (row: Row) => row.maxMs,
              stroke: colour,
            }),
          ),
          Plot.line(
            own,
            channels<Row>({
              ...at,
              y: (row: Row) => row.medianMs,
              stroke: colour,
              strokeWidth: 1.6,
              ...(dash ? { strokeDasharray: dash } : {}),
            }),
          ),
          Plot.dot(
            own,
            channels<Row>({
              ...at,
              y: (row: Row) => row.medianMs,
              r: 3.4,
              fill: colour,
              stroke: token('paper'),
              strokeWidth: 0.8,
              symbol,
            }),
          ),
        ]),
      ],
    }),
  };
}

/** Bars at the greatest length: share of the peak in attention, sequences a second in training, none elsewhere. */
function barPanels(canvas: Canvas, title: string, rows: readonly Row[], keys: Map<string, Key>): Panel[] {
  const { suite } = rows[0]!;
  if (suite === 'forward') return [];
  const longest = Math.max(...rows.map(({ T }) => T));
  const value = (row: Row) =>
    suite === 'attention' ? 100 * (row.shareOfPeak ?? 0) : 1000 / (costOf(row) ?? Number.POSITIVE_INFINITY);
  const own = rows.filter(({ T }) => T === longest).sort((a, b) => value(b) - value(a));
  const name = (row: Row) =>
    row.implementation + remark([row], row.implementation).replace(/ \(no time.*/, ' (no time)');
  const { Plot } = canvas;
  const what = suite === 'attention' ? `share of peak at T = ${longest}, %` : 'sequences a second';
  const height = 64 + BAR_PIXELS * own.length;
  return [
    {
      title: suite === 'attention' ? what : title,
      height,
      alt: `${title}, ${what}: ${own.map(row => `${name(row)} ${value(row).toPrecision(3)}`).join('; ')}.`,
      svg: draw(canvas, {
        height,
        marginLeft: NAME_PIXELS,
        x: { label: suite === 'attention' ? '% of peak' : what, labelArrow: 'none', ticks: 4, nice: true },
        y: { type: 'band', domain: own.map(name), label: null },
        marks: [
          Plot.axisY({ tickSize: 0, fontSize: 9, label: null }),
          Plot.barX(
            own,
            channels<Row>({
              x: value,
              y: name,
              fill: (row: Row) => keys.get(row.implementation)!.colour,
              fillOpacity: (row: Row) => (row.correct ? 1 : 0.35),
            }),
          ),
          Plot.text(
            own,
            channels<Row>({
              x: value,
              y: name,
              text: (row: Row) => value(row).toPrecision(2),
              dx: 4,
              textAnchor: 'start',
              fontSize: 9,
            }),
          ),
        ],
        color: { type: 'identity' },
      }),
    },
  ];
}
