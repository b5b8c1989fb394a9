import type Table from 'cli-table3';

/** A table without the lines between its rows: only its head is set apart. */
export function compact(table: Table.Table): string {
  let heads = 0;
  return table
    .toString()
    .split('\n')
    .filter(line => !line.startsWith('├') || heads++ === 0)
    .join('\n');
}
