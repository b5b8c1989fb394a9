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
      body.append(...rows);
    });
  });
}
