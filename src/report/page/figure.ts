import { swatchNodes } from '../figures/compose.ts';
import type { Canvas, Figure, Key, Legend, Panel } from '../figures/figure.ts';
import { viridis } from '../theme.ts';
import { Html, html } from './html.ts';

const SVG = 'http://www.w3.org/2000/svg';

/** A figure as a page shows it: legend, panels that wrap with the width, caption, and links to its files. */
export function figureHtml(canvas: Canvas, figure: Figure, files: readonly string[]): Html {
  const { id, title, caption, legend, panels } = figure;
  return html`<figure id="${id}">
${legend && legendHtml(canvas, legend)}
<div class="panels" data-count="${Math.min(panels.length, 4)}">${panels.map(panelHtml)}</div>
<figcaption><strong>${title}.</strong> ${caption} <span class="files">${files.map(
    file => html`<a href="${file}">${file.split('.').at(-1)!.toUpperCase()}</a> `,
  )}</span></figcaption>
</figure>
`;
}

function panelHtml({ title, svg, alt }: Panel): Html {
  const own = svg.cloneNode(true) as SVGSVGElement;
  for (const attribute of ['width', 'height', 'class', 'font-family']) own.removeAttribute(attribute);
  own.setAttribute('role', 'img');
  own.setAttribute('aria-label', alt);
  // What an image is made of is not read out.
  for (const node of own.querySelectorAll('[aria-label], [aria-hidden], [aria-description]'))
    for (const name of ['aria-label', 'aria-hidden', 'aria-description']) node.removeAttribute(name);
  return html`<div class="panel"><p class="panel-title">${title}</p>${new Html(own.outerHTML)}</div>
`;
}

function legendHtml(canvas: Canvas, legend: Legend): Html {
  if (legend.kind === 'ramp') {
    const steps = Array.from({ length: 40 }, (_, i) =>
      node(canvas, 'rect', { x: i, y: 0, width: 1.2, height: 4, fill: viridis(i / 39) }),
    );
    return html`<p class="legend">${legend.title} <span class="ramp">${legend.low} ${drawing(canvas, '0 0 40 4', steps)} ${legend.high}</span></p>`;
  }
  return html`<div class="legend"><span>${legend.title}</span> <ul>${legend.keys.map(key => keyHtml(canvas, key))}</ul></div>`;
}

function keyHtml(canvas: Canvas, key: Key): Html {
  const swatch = swatchNodes((name, attributes) => node(canvas, name, attributes), key);
  return html`<li>${drawing(canvas, '0 -6 28 12', swatch)} ${key.label}</li>`;
}

function drawing(canvas: Canvas, viewBox: string, nodes: Element[]): Html {
  const svg = node(canvas, 'svg', { viewBox, 'aria-hidden': 'true', preserveAspectRatio: 'none' });
  svg.append(...nodes);
  return new Html(svg.outerHTML);
}

function node({ document }: Canvas, name: string, attributes: Record<string, string | number>): Element {
  const element = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, String(value));
  return element;
}
