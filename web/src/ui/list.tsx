/** A list of any length: rows exist only where they can be seen. */

import { Checkbox } from '@mantine/core';
import { useVirtualizer } from '@tanstack/react-virtual';
import { memo, type ReactNode, type RefObject, useEffect, useRef } from 'react';
import type { Chosen } from '../lib/use-chosen';
import { b } from '../texts/bulk';

/** A column. */
export interface Column<T> {
  key: string;
  title: string;
  /** Width as a grid track. */
  width: string;
  /** The same where there is little room. */
  narrow?: string;
  /** Whether it is left out where there is little room. */
  wide?: boolean;
  /** Whether it cannot be switched off. */
  always?: boolean;
  /** Whether it is left out until somebody wants it. */
  seldom?: boolean;
  cell: (row: T) => ReactNode;
}

interface Props<T> {
  label: string;
  columns: Column<T>[];
  count: number;
  /** The row at a position; undefined while it is on its way. */
  row: (index: number) => T | undefined;
  rowKey: (row: T) => string;
  /** Told which rows can be seen. */
  onRange?: (first: number, last: number) => void;
  /** Instead of rows when there are none. */
  empty: ReactNode;
  /** Told whether the list stands at its top, whenever it is scrolled. */
  onTop?: (top: boolean) => void;
  /** For lists whose rows can be chosen. */
  chosen?: Chosen<T>;
  /** What a row is called where it is chosen. */
  rowName?: (row: T) => string;
  /** Where the scrolling part is to be found, for those who scroll it. */
  scroller?: RefObject<HTMLDivElement | null>;
}

const ROW = 36;

/** Width of the column of boxes. */
const BOX = '1.25rem';

/** The cells of a row; drawn again only when the row or the columns are others. */
const Cells = memo(function Cells<T>({ value, columns }: { value: T | undefined; columns: Column<T>[] }) {
  return columns.map((column) => (
    <span key={column.key} role="cell" className={column.wide ? 'wide' : undefined}>
      {value ? column.cell(value) : <span className="skeleton" />}
    </span>
  ));
}) as <T>(props: { value: T | undefined; columns: Column<T>[] }) => ReactNode;

/** The box of a row. */
function ChooseOne<T>(props: {
  chosen: Chosen<T>;
  value: T | undefined;
  rowKey: (row: T) => string;
  name?: (row: T) => string;
}) {
  const { chosen, value, rowKey, name } = props;
  return (
    <span role="cell" className="above">
      {value && (
        <Checkbox
          size="xs"
          aria-label={b.choose(name?.(value) ?? rowKey(value))}
          checked={chosen.has(rowKey(value))}
          onChange={() => chosen.toggle(value)}
        />
      )}
    </span>
  );
}

/** The box of the head, for all rows that are loaded. */
function ChooseAll<T>(props: {
  chosen: Chosen<T>;
  count: number;
  row: (index: number) => T | undefined;
  rowKey: (row: T) => string;
}) {
  const { chosen, count, row, rowKey } = props;
  const loaded = () => Array.from({ length: count }, (_, index) => row(index)).filter((one) => one !== undefined);
  const some = chosen.items.length > 0;
  const all = some && loaded().every((one) => chosen.has(rowKey(one)));
  return (
    <span role="columnheader">
      <Checkbox
        size="xs"
        aria-label={b.chooseAll}
        checked={all}
        indeterminate={some && !all}
        disabled={count === 0}
        onChange={() => chosen.toggleAll(loaded())}
      />
    </span>
  );
}

/** The list; it takes what room is left and scrolls inside. A table by its roles: a table element cannot place rows freely. */
export function List<T>(props: Props<T>) {
  const { label, columns, count, row, rowKey, onRange, empty, scroller: given, onTop, chosen } = props;
  const own = useRef<HTMLDivElement>(null);
  const scroller = given ?? own;
  const rows = useVirtualizer({
    count,
    getScrollElement: () => scroller.current,
    estimateSize: () => ROW,
    overscan: 12,
  });
  const items = rows.getVirtualItems();
  const first = items[0]?.index ?? 0;
  const last = items.at(-1)?.index ?? 0;
  useEffect(() => onRange?.(first, last), [onRange, first, last]);

  const tracks = (list: string[]) => (chosen ? [BOX, ...list] : list).join(' ');
  const layout = {
    // A short list ends with its last row instead of with the page.
    ...(count > 0 && { '--rows-height': `${rows.getTotalSize()}px` }),
    '--columns': tracks(columns.map((column) => column.width)),
    '--columns-phone': tracks(columns.filter((column) => !column.wide).map((column) => column.narrow ?? column.width)),
  } as React.CSSProperties;
  return (
    <div
      className="list"
      ref={scroller}
      onScroll={onTop && ((event) => onTop(event.currentTarget.scrollTop < ROW / 4))}
      style={layout}
      role="table"
      aria-label={label}
      aria-rowcount={count + 1}
      tabIndex={0}
    >
      <div role="rowgroup">
        <div className="list-head" role="row" aria-rowindex={1}>
          {chosen && <ChooseAll chosen={chosen} count={count} row={row} rowKey={rowKey} />}
          {columns.map((column) => (
            <span key={column.key} role="columnheader" className={column.wide ? 'wide' : undefined}>
              {column.title}
            </span>
          ))}
        </div>
      </div>
      {count === 0 ? (
        <div role="rowgroup">
          <div role="row">
            <div role="cell">{empty}</div>
          </div>
        </div>
      ) : (
        <div className="list-body" role="rowgroup" style={{ height: rows.getTotalSize() }}>
          {items.map((item) => {
            const value = row(item.index);
            return (
              <div
                key={value ? rowKey(value) : `empty-${item.index}`}
                className="list-row"
                role="row"
                aria-rowindex={item.index + 2}
                style={{ transform: `translateY(${item.start}px)` }}
              >
                {chosen && <ChooseOne chosen={chosen} value={value} rowKey={rowKey} name={props.rowName} />}
                <Cells value={value} columns={columns} />
              </div>
            );
          })}
        </div>
      )}
    </div>
  );
}
