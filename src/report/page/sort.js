// Puts a button into every column head of a sortable table. Without scripts the table stands as it was written.
for (const table of /** @type {NodeListOf<HTMLTableElement>} */ (
  document.querySelectorAll('table[data-sortable]')
)) {
  const body = table.tBodies[0];
  const heads = [.../** @type {HTMLTableSectionElement} */ (table.tHead).rows[0].cells];
  /** @type {(row: HTMLTableRowElement, column: number) => string} */
  const key = (row, column) => row.cells[column].dataset.sort ?? row.cells[column].textContent.trim();
  heads.forEach((head, column) => {
    const button = document.createElement('button');
    button.type = 'button';
    button.textContent = head.textContent;
    head.replaceChildren(button);
    button.addEventListener('click', () => {
      const descending = head.getAttribute('aria-sort') === 'ascending';
      for (const other of heads) other.removeAttribute('aria-sort');
      head.setAttribute('aria-sort', descending ? 'descending' : 'ascending');
      const rows = [...body.rows].sort((a, b) => {
        const [x, y] = [key(a, column), key(b, column)];
        const [m, n] = [Number(x), Number(y)];
        // What is no number stands last either way.
        if (Number.isNaN(m) !== Number.isNaN(n)) return Number.isNaN(m) ? 1 : -1;
        const order = Number.isNaN(m) ? x.localeCompare(y) : m - n;
        return descending ? -order : order;
      });
      for (const row of rows) body.append(row);
      table.dispatchEvent(new Event('sorted'));
    });
  });
}

// Shows long tables page by page. Without scripts they stand whole.
const ROWS_OF_A_PAGE = 200;
for (const table of /** @type {NodeListOf<HTMLTableElement>} */ (
  document.querySelectorAll('table[data-paged]')
)) {
  const body = table.tBodies[0];
  const pages = Math.ceil(body.rows.length / ROWS_OF_A_PAGE);
  if (pages < 2) continue;
  let shown = 0;
  const bar = document.createElement('p');
  const [before, after] = [document.createElement('button'), document.createElement('button')];
  const where = document.createElement('span');
  before.textContent = 'Previous rows';
  after.textContent = 'Next rows';
  bar.append(before, ' ', where, ' ', after);
  table.parentElement?.after(bar);
  /** @type {(page: number) => void} */
  const show = page => {
    shown = Math.max(0, Math.min(pages - 1, page));
    [...body.rows].forEach((row, i) => {
      row.hidden = Math.floor(i / ROWS_OF_A_PAGE) !== shown;
    });
    where.textContent = `page ${shown + 1} of ${pages}`;
    before.disabled = shown === 0;
    after.disabled = shown === pages - 1;
  };
  before.addEventListener('click', () => show(shown - 1));
  after.addEventListener('click', () => show(shown + 1));
  table.addEventListener('sorted', () => show(0));
  show(0);
}
