/** A row as people number it: of the file that brought it. */
export interface RowOfFile {
  table: string;
  row: number | null;
  delivery?: number | null;
}

/** A row in an address: `visits/3/2` is row 3 of visits as delivery 2 had it. */
export const rowKey = ({ table, row, delivery }: RowOfFile): string => `${table}/${row ?? ''}${typeof delivery === 'number' ? `/${delivery}` : ''}`;

/** The table of an address may hold anything; rows without a delivery are those of the newest. */
export function readRowKey(key: string): { table: string; row: string; delivery: string | undefined } {
  const found = /^(.*?)\/(\d+)(?:\/(\d+))?$/s.exec(key);
  return { table: found?.[1] ?? key, row: found?.[2] ?? '', delivery: found?.[3] };
}
