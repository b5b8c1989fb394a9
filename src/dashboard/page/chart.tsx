import { useEffect, useRef } from 'preact/hooks';
import uPlot from 'uplot';
import { powerOfTen } from '../../report/names.ts';

/** A line of a chart: losses along something; null is a gap. */
export interface Line {
  label: string;
  colour: string;
  dash?: number[];
  x: readonly number[];
  y: readonly (number | null)[];
  /** Standard errors, drawn as bars. */
  stderr?: readonly (number | null)[];
}

export interface ChartProps {
  lines: readonly Line[];
  label: string;
  xLabel: string;
  yLabel: string;
  xLog: boolean;
  yLog: boolean;
  /** Whether ticks along x are at its values, as many as have room, rather than at round numbers. */
  ownTicks?: boolean;
  /** What is zoomed to along x; null: everything. */
  zoom: [number, number] | null;
  onZoom(zoom: [number, number] | null): void;
  /** Where a reading is kept; null: nowhere. */
  pin: number | null;
  onPin(x: number | null): void;
  /** The height of the drawing, a share of its width. */
  ratio?: number;
}

const LEAST_PIXELS = 260;
const MOST_PIXELS = 900;
/** Pixels of a digit of a tick's label along x, and between two labels. */
const DIGIT_PIXELS = 8;
const GAP_PIXELS = 10;
/** Decades up to which 2 and 5 are written between powers of ten. */
const MOST_BETWEEN = 2;

/** Lines that grow while they are looked at: moving reads, a click pins, dragging zooms, a double click shows everything. */
export function Chart(props: ChartProps) {
  const box = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot>(undefined);
  const latest = useRef(props);
  latest.current = props;
  const { lines, xLabel, yLabel, xLog, yLog, zoom, pin } = props;
  const shape = JSON.stringify([
    lines.map(({ label, colour, dash }) => [label, colour, dash]),
    xLabel,
    yLabel,
    xLog,
    yLog,
  ]);

  useEffect(() => {
    const own = box.current!;
    const made = new uPlot(optionsOf(latest, widthOf(own)), dataOf(latest.current), own);
    plot.current = made;
    const fit = new ResizeObserver(() => made.setSize(sizeOf(widthOf(own), latest.current.ratio)));
    fit.observe(own);
    const recolour = () => made.redraw(false, true);
    document.addEventListener('lengthwise-theme', recolour);
    return () => {
      fit.disconnect();
      document.removeEventListener('lengthwise-theme', recolour);
      made.destroy();
    };
  }, [shape]);

  useEffect(() => {
    const made = plot.current!;
    made.setData(dataOf(latest.current), latest.current.zoom === null);
    if (zoom) made.setScale('x', { min: zoom[0], max: zoom[1] });
  }, [lines, shape, zoom?.[0], zoom?.[1]]);

  useEffect(() => plot.current!.redraw(false), [pin]);

  return (
    <div
      class="chart"
      ref={box}
      role="application"
      aria-label={`${props.label}. Arrow keys move the reading, Enter pins it, plus and minus zoom, Escape shows everything.`}
      tabIndex={0}
      onKeyDown={event => onKey(event, plot.current!, latest.current)}
    />
  );
}

function widthOf(box: HTMLElement): number {
  return Math.max(LEAST_PIXELS, box.clientWidth);
}

function sizeOf(width: number, ratio = 0.5): { width: number; height: number } {
  return { width, height: Math.round(Math.min(MOST_PIXELS, Math.max(LEAST_PIXELS, ratio * width))) };
}

function dataOf({ lines, yLog, xLog }: ChartProps): uPlot.AlignedData {
  if (lines.length === 0) return [[], []] as unknown as uPlot.AlignedData;
  const tables = lines.map(({ x, y }): uPlot.AlignedData => {
    const kept = xLog && x.some(at => at <= 0) ? x.flatMap((at, i) => (at > 0 ? [i] : [])) : null;
    // Null is a gap; a logarithm of nothing is one too.
    const value = (at: number | null) => (at === null || (yLog && at <= 0) ? null : at);
    return kept ? [kept.map(i => x[i]!), kept.map(i => value(y[i]!))] : [[...x], y.map(value)];
  });
  // Places that another line has and this has not are no gaps.
  return uPlot.join(tables, tables.map(() => [2, 2]) as uPlot.JoinNullMode[][]);
}

function optionsOf(latest: { current: ChartProps }, width: number): uPlot.Options {
  const { lines, xLabel, yLabel, xLog, yLog, ownTicks, ratio } = latest.current;
  const colour = (name: string) => getComputedStyle(document.documentElement).getPropertyValue(`--${name}`);
  // A canvas knows nothing of the page's text, which grows with the page.
  const rem = Number.parseFloat(getComputedStyle(document.documentElement).fontSize);
  const axis = (label: string, isLog: boolean): uPlot.Axis => ({
    label,
    font: `${0.8 * rem}px system-ui, sans-serif`,
    labelFont: `600 ${0.85 * rem}px system-ui, sans-serif`,
    labelSize: 1.6 * rem,
    size: 3.6 * rem,
    stroke: () => colour('muted'),
    grid: { stroke: () => colour('rule'), width: 1 },
    ticks: { stroke: () => colour('rule'), width: 1 },
    ...(isLog
      ? { values: (_, ticks) => logTexts(ticks), filter: (_, ticks) => ticks }
      : {
          values: (_, ticks) => ticks.map(tick => (Math.abs(tick) >= 1e4 ? `${tick / 1000}k` : String(tick))),
        }),
  });
  const atValues: uPlot.Axis = {
    splits: u => withRoom(u),
    values: (_, ticks) => ticks.map(String),
    filter: (_, ticks) => ticks,
  };
  return {
    ...sizeOf(width, ratio),
    scales: {
      x: { time: false, distr: xLog ? 3 : 1, ...(xLog ? { range: (_, low, high) => [low, high] } : {}) },
      y: {
        distr: yLog ? 3 : 1,
        range: (u, low, high) => {
          const [least, most] = withBars(u, latest.current.lines, low, high);
          return yLog ? uPlot.rangeLog(least, most, 10, false) : uPlot.rangeNum(least, most, 0.1, true);
        },
      },
    },
    axes: [{ ...axis(xLabel, xLog), size: 2.5 * rem, ...(ownTicks ? atValues : {}) }, axis(yLabel, yLog)],
    cursor: { drag: { x: true, y: false, setScale: false }, focus: { prox: 24 } },
    focus: { alpha: 0.35 },
    legend: { show: true, live: true },
    series: [
      { label: xLabel },
      ...lines.map(
        ({ label, colour: name, dash }): uPlot.Series => ({
          label,
          stroke: () => resolved(name),
          width: 1.5,
          ...(dash ? { dash } : {}),
          points: { show: false },
          value: (_, value) => (value === null || value === undefined ? '–' : value.toExponential(3)),
        }),
      ),
    ],
    hooks: {
      // What is shown follows from `zoom` alone: a plot that told its own scale could answer a zoom with the one before, without end.
      setSelect: [
        u => {
          const { left, width: wide } = u.select;
          if (wide === 0) return;
          u.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
          latest.current.onZoom(zoomOf(u, u.posToVal(left, 'x'), u.posToVal(left + wide, 'x')));
        },
      ],
      draw: [u => drawBars(u, latest.current), u => drawPin(u, latest.current.pin, colour('ink'))],
      ready: [
        u => {
          let downAt = 0;
          u.over.addEventListener('mousedown', ({ clientX }) => {
            downAt = clientX;
          });
          u.over.addEventListener('click', ({ clientX, detail }) => {
            if (Math.abs(clientX - downAt) > 3 || detail > 1) return;
            const { idx } = u.cursor;
            const x = idx === null || idx === undefined ? null : u.data[0]![idx]!;
            latest.current.onPin(x === latest.current.pin ? null : x);
          });
          u.over.addEventListener('dblclick', () => latest.current.onZoom(null));
        },
      ],
    },
  };
}

/** Ticks of a logarithmic axis in words: powers of ten, and 2 and 5 between them where there are few. */
function logTexts(ticks: readonly (number | null)[]): string[] {
  const known = ticks.flatMap(tick => tick ?? []);
  const decades = Math.log10((known.at(-1) ?? 1) / (known[0] ?? 1));
  const digits = decades <= MOST_BETWEEN ? [1, 2, 5] : [1];
  return ticks.map(tick => {
    if (tick === null) return '';
    const exponent = Math.floor(Math.log10(tick) + 1e-9);
    const digit = Math.round(tick / 10 ** exponent);
    if (!digits.includes(digit)) return '';
    if (tick >= 0.001 && tick < 1e5) return String(Number(tick.toPrecision(1)));
    return digit === 1 ? powerOfTen(exponent) : `${digit}·${powerOfTen(exponent)}`;
  });
}

/** Values along x in sight, as many as have room, from the longest down. */
function withRoom(u: uPlot): number[] {
  const { min, max } = u.scales.x!;
  const kept: number[] = [];
  for (const x of [...u.data[0]!].reverse()) {
    if (x < min! || x > max!) continue;
    const before = kept.at(-1);
    const room = (`${x}${before}`.length / 2) * DIGIT_PIXELS + GAP_PIXELS;
    if (before === undefined || u.valToPos(before, 'x') - u.valToPos(x, 'x') >= room) kept.push(x);
  }
  return kept.reverse();
}

/** Colours are tokens of the theme, and a canvas wants values. */
function resolved(token: string): string {
  const [, name] = /^var\((--[\w-]+)\)$/.exec(token) ?? [];
  return name ? getComputedStyle(document.documentElement).getPropertyValue(name) : token;
}

/** A range of losses widened to the standard errors in sight; bars that would reach 0 end where they are cut. */
function withBars(
  { scales: { x } }: uPlot,
  lines: readonly Line[],
  low: number | null,
  high: number | null,
): [number, number] {
  let [least, most] = [low ?? 0.1, high ?? 1];
  for (const { x: xs, y, stderr } of lines)
    xs.forEach((at, i) => {
      const [value, error] = [y[i], stderr?.[i]];
      if (!value || !error || at < x!.min! || at > x!.max!) return;
      if (value - error > 0) least = Math.min(least, value - error);
      most = Math.max(most, value + error);
    });
  return [least, most];
}

function drawBars(u: uPlot, { lines, yLog }: ChartProps): void {
  for (const { x, y, stderr, colour } of lines) {
    if (!stderr) continue;
    u.ctx.save();
    u.ctx.strokeStyle = resolved(colour);
    u.ctx.lineWidth = 1.5 * devicePixelRatio;
    u.ctx.beginPath();
    x.forEach((at, i) => {
      const [value, error] = [y[i], stderr[i]];
      if (value === null || value === undefined || error === null || error === undefined) return;
      if (at < u.scales.x!.min! || at > u.scales.x!.max!) return;
      const left = u.valToPos(at, 'x', true);
      const low = Math.max(value - error, yLog ? u.scales.y!.min! : -Infinity);
      u.ctx.moveTo(left, u.valToPos(value + error, 'y', true));
      u.ctx.lineTo(left, u.valToPos(low, 'y', true));
    });
    u.ctx.stroke();
    u.ctx.restore();
  }
}

function drawPin(u: uPlot, pin: number | null, ink: string): void {
  if (pin === null || pin < u.scales.x!.min! || pin > u.scales.x!.max!) return;
  const left = u.valToPos(pin, 'x', true);
  u.ctx.save();
  u.ctx.strokeStyle = ink;
  u.ctx.setLineDash([4, 4]);
  u.ctx.beginPath();
  u.ctx.moveTo(left, u.bbox.top);
  u.ctx.lineTo(left, u.bbox.top + u.bbox.height);
  u.ctx.stroke();
  u.ctx.restore();
}

/** A zoom from `low` to `high`; null where that shows everything, so that what comes later is shown, too. */
function zoomOf({ data: [xs] }: uPlot, low: number, high: number): [number, number] | null {
  return low <= xs[0]! && high >= xs.at(-1)! ? null : [low, high];
}

/** What a mouse does, by keys. */
function onKey(event: KeyboardEvent, u: uPlot, { onPin, onZoom, pin }: ChartProps): void {
  const xs = u.data[0]!;
  if (xs.length === 0) return;
  const at = u.cursor.idx ?? 0;
  const move = (to: number) => {
    const next = Math.min(xs.length - 1, Math.max(0, to));
    u.setCursor({ left: u.valToPos(xs[next]!, 'x'), top: (u.cursor.top ?? -1) < 0 ? 10 : u.cursor.top! });
  };
  const zoomBy = (factor: number) => {
    const { min, max } = u.scales.x!;
    const middle = xs[at] ?? (min! + max!) / 2;
    onZoom(zoomOf(u, middle - (middle - min!) * factor, middle + (max! - middle) * factor));
  };
  const keys: Record<string, () => void> = {
    ArrowRight: () => move(at + (event.shiftKey ? 10 : 1)),
    ArrowLeft: () => move(at - (event.shiftKey ? 10 : 1)),
    Home: () => move(0),
    End: () => move(xs.length - 1),
    Enter: () => onPin(xs[at] === pin ? null : (xs[at] ?? null)),
    '+': () => zoomBy(0.5),
    '-': () => zoomBy(2),
    Escape: () => {
      onZoom(null);
      onPin(null);
    },
  };
  const act = keys[event.key];
  if (!act) return;
  event.preventDefault();
  act();
}
