import { rampSwatch, swatch } from '../figures/compose.ts';
import type { Figure, Legend, Panel } from '../figures/figure.ts';
import { escapeMarkup, type Html, html, markup } from '../html.ts';

/** A figure as a page shows it: legend, panels that wrap with the width, caption, and links to its files. */
export function figureHtml({ id, title, caption, legend, panels }: Figure, files: readonly string[]): Html {
  return html`<figure id="${id}">
${legend && legendHtml(legend)}
<div class="panels" data-count="${Math.min(panels.length, 4)}">${panels.map(panelHtml)}</div>
<figcaption><strong>${title}.</strong> ${caption} <span class="files">${files.map(
    file =>
      html`<a href="${file}" aria-label="${title}, ${file}">${file.split('.').at(-1)!.toUpperCase()}</a> `,
  )}</span></figcaption>
</figure>
`;
}

function panelHtml({ title, svg, alt }: Panel): Html {
  const named = svg.replace('<svg ', () => `<svg role="img" aria-label="${escapeMarkup(alt)}" `);
  return html`<div class="panel"><p class="panel-title">${title}</p>${markup(named)}</div>
`;
}

function legendHtml(legend: Legend): Html {
  if (legend.kind === 'ramp') {
    return html`<p class="legend"><span>${legend.title}</span> <span class="ramp">${legend.low} <svg viewBox="0 0 40 4" preserveAspectRatio="none" aria-hidden="true">${rampSwatch(1, 4)}</svg> ${legend.high}</span></p>`;
  }
  return html`<div class="legend"><span>${legend.title}</span> <ul>${legend.keys.map(
    key => html`<li><svg viewBox="0 -6 28 12" aria-hidden="true">${swatch(key)}</svg> ${key.label}</li>`,
  )}</ul></div>`;
}
