import { LIGHT, token, viridis, withTheme } from '../theme.ts';
import { type Canvas, type Figure, type Key, type Legend, PANEL } from './figure.ts';

/** Fonts of figures that stand alone: those of LaTeX where they are installed. */
const FONTS =
  '"Latin Modern Roman", "CMU Serif", "Computer Modern", "STIX Two Text", "Times New Roman", serif';

const GAP = 18;
const PAD = 14;
const TITLE = 17;
const SVG = 'http://www.w3.org/2000/svg';

/** An image in explicit colours on white, with its size in pixels. */
export interface Image {
  svg: string;
  width: number;
  height: number;
}

/** The figure as one SVG file: legend above, panels side by side. */
export function standalone(canvas: Canvas, figure: Figure): Image {
  const { document } = canvas;
  const columns = Math.min(figure.panels.length, figure.panels.length <= 4 ? 4 : 3);
  const width = 2 * PAD + columns * PANEL.width + (columns - 1) * GAP;
  const make = (name: string, attributes: Record<string, string | number>, text?: string) => {
    const node = document.createElementNS(SVG, name);
    for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, String(value));
    if (text !== undefined) node.textContent = text;
    return node;
  };
  const root = make('svg', {
    xmlns: SVG,
    width,
    role: 'img',
    'font-family': FONTS,
    'font-size': 12,
    fill: token('ink'),
  });
  root.append(make('title', {}, `${figure.title}. ${figure.panels.map(({ alt }) => alt).join(' ')}`));
  const paper = make('rect', { width, fill: token('paper') });
  root.append(paper);
  let y = PAD;
  if (figure.legend) {
    const { group, height } = legendGroup(make, figure.legend, width - 2 * PAD);
    group.setAttribute('transform', `translate(${PAD},${y})`);
    root.append(group);
    y += height + 8;
  }
  for (let start = 0; start < figure.panels.length; start += columns) {
    const row = figure.panels.slice(start, start + columns);
    row.forEach(({ title, svg }, i) => {
      const x = PAD + i * (PANEL.width + GAP);
      root.append(make('text', { x, y: y + 12, 'font-size': 13, 'font-weight': 'bold' }, title));
      const panel = svg.cloneNode(true) as SVGSVGElement;
      panel.setAttribute('x', String(x));
      panel.setAttribute('y', String(y + TITLE));
      panel.removeAttribute('font-family');
      panel.removeAttribute('class');
      root.append(panel);
    });
    y += TITLE + Math.max(...row.map(({ height }) => height)) + GAP;
  }
  const height = Math.round(y - GAP + PAD);
  for (const node of [root, paper]) node.setAttribute('height', String(height));
  root.setAttribute('viewBox', `0 0 ${width} ${height}`);
  return { svg: `${withTheme(serialise(root), LIGHT)}\n`, width, height };
}

type Make = (name: string, attributes: Record<string, string | number>, text?: string) => Element;

/** Width of a letter at 12 pixels, generously; nothing here can measure text. */
const LETTER = 6.6;

function legendGroup(make: Make, legend: Legend, width: number): { group: Element; height: number } {
  const group = make('g', {});
  group.append(make('text', { y: 12, fill: token('muted') }, legend.title));
  let x = legend.title.length * LETTER + 14;
  if (legend.kind === 'ramp') {
    group.append(make('text', { x, y: 12 }, legend.low));
    x += legend.low.length * LETTER + 6;
    for (let i = 0; i < 40; i++)
      group.append(make('rect', { x: x + 3 * i, y: 2, width: 3.5, height: 12, fill: viridis(i / 39) }));
    group.append(make('text', { x: x + 128, y: 12 }, legend.high));
    return { group, height: 18 };
  }
  let y = 12;
  for (const key of legend.keys) {
    const room = 34 + key.label.length * LETTER + 10;
    if (x + room > width) {
      x = 0;
      y += 18;
    }
    const swatch = swatchNodes(make, key);
    for (const node of swatch) {
      const wrapped = make('g', { transform: `translate(${x},${y - 4})` });
      wrapped.append(node);
      group.append(wrapped);
    }
    group.append(make('text', { x: x + 34, y }, key.label));
    x += room;
  }
  return { group, height: y + 6 };
}

/** A piece of line with the series' mark on it, 28 wide, its middle at height 0. */
export function swatchNodes(make: Make, { colour, symbol, dash }: Key): Element[] {
  return [
    make('path', {
      d: 'M0,0H28',
      stroke: colour,
      'stroke-width': 1.6,
      fill: 'none',
      ...(dash ? { 'stroke-dasharray': dash } : {}),
    }),
    make('path', {
      d: SHAPES[symbol],
      transform: 'translate(14,0)',
      fill: colour,
      stroke: token('paper'),
      'stroke-width': 0.8,
    }),
  ];
}

/** Plot's shapes (d3-shape) at a radius of 3.8, for swatches. */
const SHAPES: Record<Key['symbol'], string> = {
  circle: 'M3.8,0A3.8,3.8,0,1,1,-3.8,0A3.8,3.8,0,1,1,3.8,0Z',
  square: 'M-3.4,-3.4h6.8v6.8h-6.8Z',
  triangle: 'M0,-4.7L4.1,2.4H-4.1Z',
  diamond: 'M0,-5.1L2.9,0L0,5.1L-2.9,0Z',
  star: 'M0,-5.3L1.2,-1.6L5,-1.6L1.9,0.6L3.1,4.3L0,2L-3.1,4.3L-1.9,0.6L-5,-1.6L-1.2,-1.6Z',
  cross: 'M-4.5,-1.5H-1.5V-4.5H1.5V-1.5H4.5V1.5H1.5V4.5H-1.5V1.5H-4.5Z',
  wye: 'M1.5,0.9V4.2H-1.5V0.9L-4.4,-0.8L-2.9,-3.4L0,-1.7L2.9,-3.4L4.4,-0.8Z',
};

/** Markup of an SVG element that XML parsers read, too. */
export function serialise(node: Element): string {
  const { XMLSerializer } = node.ownerDocument.defaultView as Window & typeof globalThis;
  return new XMLSerializer().serializeToString(node);
}
