import { type Html, html, markup } from '../html.ts';
import { LIGHT, token, viridis, withTheme } from '../theme.ts';
import { type Figure, type Key, type Legend, PANEL, type SymbolName } from './figure.ts';

/** Fonts of figures that stand alone: those of LaTeX where they are installed. */
const FONTS =
  "'Latin Modern Roman', 'CMU Serif', 'Computer Modern', 'STIX Two Text', 'Times New Roman', serif";

const GAP = 18;
const PAD = 14;
const TITLE = 17;
/** Steps of a drawn ramp. */
const STEPS = 40;
/** Panels side by side at most; where they wrap, one less. */
const MOST_COLUMNS = 4;
/** Letters of a panel's title. */
const MOST_TITLE = 38;
/** Width of a letter at 12 pixels, generously; nothing here can measure text. */
const LETTER = 7.3;

/** An image in explicit colours on white, with its size in pixels. */
export interface Image {
  svg: string;
  width: number;
  height: number;
}

/** The figure as one SVG file: legend above, panels side by side. */
export function standalone({ title, legend, panels }: Figure): Image {
  const columns = panels.length > MOST_COLUMNS ? MOST_COLUMNS - 1 : panels.length;
  const each = Math.max(...panels.map(panel => panel.width ?? PANEL.width));
  const width = 2 * PAD + columns * each + (columns - 1) * GAP;
  const parts: Html[] = [];
  let y = PAD;
  if (legend) {
    const { drawn, height } = legendParts(legend, width - 2 * PAD);
    parts.push(html`<g transform="translate(${PAD},${y})">${drawn}</g>`);
    y += height + 8;
  }
  for (let start = 0; start < panels.length; start += columns) {
    const row = panels.slice(start, start + columns);
    row.forEach((panel, i) => {
      const x = PAD + i * (each + GAP);
      parts.push(
        html`<text x="${x}" y="${y + 12}" font-size="13" font-weight="bold">${cut(panel.title)}</text>`,
        markup(
          panel.svg.replace(
            '<svg ',
            `<svg x="${x}" y="${y + TITLE}" width="${each}" height="${panel.height}" `,
          ),
        ),
      );
    });
    y += TITLE + Math.max(...row.map(({ height }) => height)) + GAP;
  }
  const height = Math.round(y - GAP + PAD);
  const svg = html`<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" role="img" font-family="${FONTS}" font-size="12" fill="${token('ink')}">
<title>${title}. ${panels.map(({ alt }) => `${alt} `)}</title>
<rect width="${width}" height="${height}" fill="${token('paper')}"/>
${parts}
</svg>
`;
  return { svg: withTheme(svg.text, LIGHT), width, height };
}

/** A title that does not run into the next panel's. */
function cut(title: string): string {
  return title.length > MOST_TITLE ? `${title.slice(0, MOST_TITLE - 1)}…` : title;
}

function legendParts(legend: Legend, width: number): { drawn: Html[]; height: number } {
  const drawn = [html`<text y="12" fill="${token('muted')}">${legend.title}</text>`];
  let x = legend.title.length * LETTER + 14;
  if (legend.kind === 'ramp') {
    const start = x + legend.low.length * LETTER + 6;
    drawn.push(
      html`<text x="${x}" y="12">${legend.low}</text><g transform="translate(${start},2)">${rampSwatch(3, 12)}</g><text x="${start + 3 * STEPS + 8}" y="12">${legend.high}</text>`,
    );
    return { drawn, height: 18 };
  }
  let y = 12;
  for (const key of legend.keys) {
    const room = 44 + key.label.length * LETTER;
    if (x + room > width) {
      x = 0;
      y += 18;
    }
    drawn.push(
      html`<g transform="translate(${x},${y - 4})">${swatch(key)}</g><text x="${x + 34}" y="${y}">${key.label}</text>`,
    );
    x += room;
  }
  return { drawn, height: y + 6 };
}

/** A piece of line with the series' mark on it, 28 wide, its middle at height 0. */
export function swatch({ colour, symbol, dash }: Key): Html {
  return html`<path d="M0,0H28" stroke="${colour}" stroke-width="1.6" fill="none"${dash && html` stroke-dasharray="${dash}"`}></path>${
    symbol &&
    html`<path d="${SHAPES[symbol]}" transform="translate(14,0)" fill="${colour}" stroke="${token('paper')}" stroke-width="0.8"></path>`
  }`;
}

/** Viridis from 0 to 1 in steps of some width. */
export function rampSwatch(step: number, height: number): Html[] {
  return Array.from(
    { length: STEPS },
    (_, i) =>
      html`<rect x="${i * step}" width="${step * 1.15}" height="${height}" fill="${viridis(i / (STEPS - 1))}"></rect>`,
  );
}

/** Plot's shapes (d3-shape) at a radius of 3.8, for swatches. */
const SHAPES: Record<SymbolName, string> = {
  circle: 'M3.8,0A3.8,3.8,0,1,1,-3.8,0A3.8,3.8,0,1,1,3.8,0Z',
  square: 'M-3.4,-3.4h6.8v6.8h-6.8Z',
  triangle: 'M0,-4.7L4.1,2.4H-4.1Z',
  diamond: 'M0,-5.1L2.9,0L0,5.1L-2.9,0Z',
  star: 'M0,-5.3L1.2,-1.6L5,-1.6L1.9,0.6L3.1,4.3L0,2L-3.1,4.3L-1.9,0.6L-5,-1.6L-1.2,-1.6Z',
  cross: 'M-4.5,-1.5H-1.5V-4.5H1.5V-1.5H4.5V1.5H1.5V4.5H-1.5V1.5H-4.5Z',
  wye: 'M1.5,0.9V4.2H-1.5V0.9L-4.4,-0.8L-2.9,-3.4L0,-1.7L2.9,-3.4L4.4,-0.8Z',
};
