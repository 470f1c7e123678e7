import { useVirtualizer } from '@tanstack/react-virtual';
import { useRef, useState, type KeyboardEvent, type ReactNode } from 'react';
import './grid.css';

export interface Column {
  name: string;
  /** Said under the name: the type. */
  note?: string;
  align: 'start' | 'end';
  width: number;
}

interface Props {
  label: string;
  columns: Column[];
  rows: number;
  cell: (row: number, column: number) => ReactNode;
  /** The cell's whole text, for copying. */
  text: (row: number, column: number) => string;
  /** What Enter does on a cell. */
  onEnter?: (row: number, column: number) => void;
}

const ROW_PX = 26;

/** A table of any length: only what is in view is in the document. Role grid, arrows move, Ctrl+C copies the cell. */
export function DataGrid({ label, columns, rows, cell, text, onEnter }: Props) {
  const scroller = useRef<HTMLDivElement>(null);
  // Row −1 is the head.
  const [at, setAt] = useState({ row: -1, column: 0 });
  const virtual = useVirtualizer({ count: rows, getScrollElement: () => scroller.current, estimateSize: () => ROW_PX, overscan: 12 });
  const template = columns.map((column) => `${column.width}px`).join(' ');

  const go = (row: number, column: number): void => {
    const next = { row: Math.max(-1, Math.min(rows - 1, row)), column: Math.max(0, Math.min(columns.length - 1, column)) };
    setAt(next);
    if (next.row >= 0) virtual.scrollToIndex(next.row);
    requestAnimationFrame(() => {
      const target = scroller.current?.querySelector<HTMLElement>(`[data-cell="${next.row}:${next.column}"]`);
      target?.focus({ preventScroll: next.row >= 0 });
      target?.scrollIntoView({ block: 'nearest', inline: 'nearest' });
    });
  };
  const page = Math.max(1, Math.floor((scroller.current?.clientHeight ?? 400) / ROW_PX) - 2);

  const onKeyDown = (event: KeyboardEvent): void => {
    const { row, column } = at;
    if ((event.ctrlKey || event.metaKey) && event.key === 'c' && !globalThis.getSelection()?.toString()) {
      void navigator.clipboard?.writeText(row < 0 ? (columns[column]?.name ?? '') : text(row, column));
      return;
    }
    if (event.key === 'Enter' && onEnter && row >= 0) {
      event.preventDefault();
      onEnter(row, column);
      return;
    }
    const moves: Record<string, [number, number]> = {
      ArrowDown: [row + 1, column],
      ArrowUp: [row - 1, column],
      ArrowLeft: [row, column - 1],
      ArrowRight: [row, column + 1],
      PageDown: [row + page, column],
      PageUp: [row - page, column],
      Home: event.ctrlKey ? [0, 0] : [row, 0],
      End: event.ctrlKey ? [rows - 1, columns.length - 1] : [row, columns.length - 1],
    };
    const move = moves[event.key];
    if (!move) return;
    event.preventDefault();
    go(...move);
  };

  const cellProps = (row: number, column: number) => ({
    'data-cell': `${row}:${column}`,
    'aria-colindex': column + 1,
    tabIndex: at.row === row && at.column === column ? 0 : -1,
    onFocus: () => setAt({ row, column }),
  });
  const items = virtual.getVirtualItems();
  // When the focused row is scrolled out of view the head takes the tab stop, so that the grid can always be entered.
  const away = at.row >= 0 && !items.some((item) => item.index === at.row);

  return (
    <div ref={scroller} className="grid" role="grid" aria-label={label} aria-rowcount={rows + 1} aria-colcount={columns.length} onKeyDown={onKeyDown}>
      <div className="grid-row grid-head" role="row" aria-rowindex={1} style={{ gridTemplateColumns: template }}>
        {columns.map((column, n) => (
          <div key={n} role="columnheader" className="grid-cell" data-align={column.align} {...cellProps(-1, n)} {...(away && n === 0 && { tabIndex: 0 })}>
            {column.name}
            {column.note && <span className="muted"> {column.note}</span>}
          </div>
        ))}
      </div>
      <div role="rowgroup" className="grid-body" style={{ height: virtual.getTotalSize() }}>
        {items.map((item) => (
          <div
            key={item.index}
            role="row"
            aria-rowindex={item.index + 2}
            className="grid-row"
            style={{ gridTemplateColumns: template, transform: `translateY(${item.start}px)` }}
          >
            {columns.map((column, n) => (
              <div
                key={n}
                role="gridcell"
                className="grid-cell"
                data-align={column.align}
                {...cellProps(item.index, n)}
                onPointerEnter={({ currentTarget: one }) => {
                  // What is cut off is told on pointing.
                  one.title = one.scrollWidth > one.clientWidth ? text(item.index, n) : '';
                }}
              >
                {cell(item.index, n)}
              </div>
            ))}
          </div>
        ))}
      </div>
    </div>
  );
}
