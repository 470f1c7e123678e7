import { useQuery } from '@tanstack/react-query';
import { useMemo, useState } from 'react';
import { send } from '../api/client';
import type { SourceRow } from '../api/types';
import { useT } from '../i18n';
import { pieces, readingOf, type Reading } from './bytes';
import { CharsetChoice } from './CharsetChoice';
import { Failure } from './Failure';
import { Bytes, Marked } from './RawBytes';
import { Waiting } from './Waiting';

/** Bytes shown around a row. */
const AROUND_BYTES = 300;

interface Props {
  arrival: NonNullable<SourceRow['arrival']>;
  /** What stands in the cell that is asked about: it is marked where the row has it once. */
  cell: string | undefined;
}

/** The bytes of a row as they came, with what stands around them. */
export function RowBytes({ arrival: { no, offset, length, encoding }, cell }: Props) {
  const t = useT();
  const [chosen, setChosen] = useState<string>();
  const from = Math.max(0, offset - AROUND_BYTES);
  const range = useQuery({
    queryKey: ['row-bytes', no, offset, length],
    queryFn: async ({ signal }) => {
      const response = await send(`/api/arrivals/${no}/bytes?from=${from}&length=${offset - from + length + AROUND_BYTES}`, { signal, accept: '*/*' });
      return new Uint8Array(await response.arrayBuffer());
    },
    staleTime: Number.POSITIVE_INFINITY,
  });
  const reading = useMemo<Reading>(
    () => (chosen !== undefined ? { charset: chosen, guessed: false } : range.data ? readingOf(range.data, { encoding }) : { charset: 'utf-8', guessed: false }),
    [chosen, range.data, encoding],
  );
  const shown = useMemo(() => {
    if (!range.data) return [];
    const locate = (text: string) => {
      const at = cell ? text.indexOf(cell) : -1;
      return { field: cell && at >= 0 && text.lastIndexOf(cell) === at ? { from: at, to: at + cell.length } : undefined };
    };
    return pieces(range.data, { from: offset - from, to: Math.min(range.data.length, offset - from + length) }, locate, reading.charset);
  }, [range.data, from, offset, length, reading, cell]);
  if (!range.data) return range.error ? <Failure error={range.error} onRetry={() => void range.refetch()} /> : <Waiting lines={3} />;
  return (
    <div className="row-bytes">
      <p className="where-bar">
        <CharsetChoice reading={reading} onChoose={setChosen} />
        <span className="muted">{t('row.place', { no: String(no), offset, length })}</span>
      </p>
      <Bytes key={shown.find((piece) => piece.mark)?.text} label={t('where.raw')}>
        <Marked pieces={shown} />
      </Bytes>
    </div>
  );
}
