import { type Content, type Html, html } from '../html.ts';

/** A cell: what is shown, and what it is sorted by where that differs. */
export interface TableCell {
  show: Content;
  sort?: number | string | null;
}

/** A table of a page. */
export interface TableSpec {
  caption: Content;
  head: string[];
  rows: (TableCell | Content)[][];
  /** Columns whose values are numbers: set flush right. */
  numeric?: readonly number[];
  /** The column that names the row. */
  names?: number;
  /** A reader may sort it by any column. */
  sortable?: boolean;
  /** Where it is long, it is shown page by page. */
  paged?: boolean;
}

/** A table in a box of its own that scrolls, where the page is narrow. */
export function tableHtml({
  caption,
  head,
  rows,
  numeric = [],
  names = 0,
  sortable = false,
  paged = false,
}: TableSpec): Html {
  const side = (column: number) => numeric.includes(column) && html` class="number"`;
  return html`<div class="scroll${sortable && ' tall'}" tabindex="0" role="group" aria-label="Table, scrolls sideways">
<table${sortable && html` data-sortable`}${paged && html` data-paged`}><caption><span>${caption}</span></caption>
<thead><tr>${head.map((name, c) => html`<th scope="col"${side(c)}>${name}</th>`)}</tr></thead>
<tbody>${rows.map(
    row => html`<tr>${row.map((cell, c) => {
      const { show, sort } = isCell(cell) ? cell : { show: cell };
      const key = sort !== undefined && sort !== null && html` data-sort="${sort}"`;
      return c === names
        ? html`<th scope="row"${side(c)}${key}>${show}</th>`
        : html`<td${side(c)}${key}>${show}</td>`;
    })}</tr>
`,
  )}</tbody></table></div>
`;
}

function isCell(value: TableCell | Content): value is TableCell {
  return typeof value === 'object' && value !== null && 'show' in value;
}
