import { useLayoutEffect, useRef, useState } from 'preact/hooks';
import type { Scalar } from '../data.ts';
import { linkTo, readAddress } from './address.ts';

/** A column of a grid. */
export interface Column<E> {
  id: string;
  name: string;
  isNumber?: boolean;
  value(entry: E): Scalar;
  text(value: Scalar): string;
  /** Of what leads to a page of its own. */
  link?(entry: E): Record<string, string>;
}

interface GridProps<E> {
  columns: readonly Column<E>[];
  count: number;
  at(index: number): E;
  keyOf(entry: E): string;
  /** A column's id, with `-` before it where the largest come first. */
  sort: string;
  onSort(sort: string): void;
  pinned: ReadonlySet<string>;
  toggle(key: string): void;
}

/** Pixels of a row: all are alike, so that only those in sight need to be there. */
const ROW_PIXELS = 30;
/** Pixels that are filled at least: the box is as high as its rows, up to its most. */
const MOST_SEEN = 600;
/** Rows that are there beyond those in sight, on either side. */
const BEYOND = 12;
/** Browsers draw nothing that is higher; beyond it, scrolling moves by more than it shows. */
const MOST_PIXELS = 8_000_000;

/** A table of any number of rows, of which those in sight are drawn. */
export function Grid<E>({ columns, count, at, keyOf, sort, onSort, pinned, toggle }: GridProps<E>) {
  const box = useRef<HTMLDivElement>(null);
  const [top, setTop] = useState(0);
  const [height, setHeight] = useState(600);
  useLayoutEffect(() => {
    const own = box.current!;
    const fit = new ResizeObserver(() => setHeight(Math.max(MOST_SEEN, own.clientHeight)));
    fit.observe(own);
    return () => fit.disconnect();
  }, []);
  const whole = Math.min(MOST_PIXELS, count * ROW_PIXELS);
  const scale = (count * ROW_PIXELS) / Math.max(1, whole);
  const first = Math.max(0, Math.floor((top * scale) / ROW_PIXELS) - BEYOND);
  const last = Math.min(count, first + Math.ceil(height / ROW_PIXELS) + 2 * BEYOND);
  const above = Math.min(whole, (first * ROW_PIXELS) / scale);
  const shown = Array.from({ length: Math.max(0, last - first) }, (_, i) => at(first + i));
  const below = Math.max(0, whole - above - shown.length * ROW_PIXELS);
  const address = readAddress(location.hash);
  return (
    <div
      class="grid"
      ref={box}
      tabIndex={0}
      role="group"
      aria-label="Cells, scrolls"
      onScroll={event => setTop(event.currentTarget.scrollTop)}
    >
      <table aria-rowcount={count + 1}>
        <thead>
          <tr>
            <th scope="col">
              <span class="hidden">chosen</span>
            </th>
            {columns.map(column => (
              <Head key={column.id} {...{ column, sort, onSort }} />
            ))}
          </tr>
        </thead>
        <tbody>
          {above > 0 && <tr aria-hidden="true" style={{ height: `${above}px` }} />}
          {shown.map((entry, i) => {
            const key = keyOf(entry);
            return (
              <tr key={key} aria-rowindex={first + i + 2} class={pinned.has(key) ? 'pinned' : ''}>
                <td>
                  <input
                    type="checkbox"
                    aria-label={`choose ${key}`}
                    checked={pinned.has(key)}
                    onChange={() => toggle(key)}
                  />
                </td>
                {columns.map(column => {
                  const text = column.text(column.value(entry));
                  return (
                    <td key={column.id} class={column.isNumber ? 'number' : ''}>
                      {column.link ? <a href={linkTo(address, column.link(entry), 'cell')}>{text}</a> : text}
                    </td>
                  );
                })}
              </tr>
            );
          })}
          {below > 0 && <tr aria-hidden="true" style={{ height: `${below}px` }} />}
        </tbody>
      </table>
    </div>
  );
}

function Head<E>({
  column: { id, name, isNumber },
  sort,
  onSort,
}: {
  column: Column<E>;
  sort: string;
  onSort(sort: string): void;
}) {
  const isUp = sort === id;
  const isDown = sort === `-${id}`;
  return (
    <th
      scope="col"
      class={isNumber ? 'number' : ''}
      aria-sort={isUp ? 'ascending' : isDown ? 'descending' : 'none'}
    >
      <button type="button" onClick={() => onSort(isUp ? `-${id}` : id)}>
        {name}
      </button>
    </th>
  );
}
