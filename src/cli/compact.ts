import type Table from 'cli-table3';

/** A table without the lines between its rows: only its head is set apart. */
export function compact(table: Table.Table): string {
  const lines = table.toString().split('\n');
  const below = lines.findIndex(line => line.startsWith('├'));
  return lines.filter((line, i) => i <= below || !line.startsWith('├')).join('\n');
}
