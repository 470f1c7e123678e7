import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { useState } from 'react';
import { json } from '../api/client';
import type { Lineage, LineageCell, LineageElement } from '../api/types';
import { useT } from '../i18n';
import { useSession } from '../live/session';
import { Failure } from './Failure';
import { RowBytes } from './RowBytes';
import { rowKey } from './rowKey';
import { Toggle } from './Toggle';
import { Waiting } from './Waiting';
import { At } from './When';
import { whoText } from './who';

interface Props {
  reference: string;
  version: number;
  /** The element that the value asked about stands in. */
  field: string | undefined;
}

/** Of which cells of a hospital's tables a record was made, element by element, and the bytes of their rows. */
export function Cells({ reference, version, field }: Props) {
  const t = useT();
  const [all, setAll] = useState(field === undefined);
  const [chosen, setChosen] = useState<string>();
  const asked = all ? undefined : field;
  const lineage = useQuery({
    queryKey: ['lineage', reference, version, asked ?? ''],
    queryFn: ({ signal }) => json<Lineage>(`/api/lineage/${reference}?${new URLSearchParams({ version: String(version), ...(asked && { element: asked }) })}`, { signal }),
    staleTime: Number.POSITIVE_INFINITY,
  });
  const { data } = lineage;
  if (!data) return lineage.error ? <Failure error={lineage.error} onRetry={() => void lineage.refetch()} /> : <Waiting lines={8} />;
  const named = data.elements.flatMap((element) => element.cells.map((cell) => ({ id: idOf(element, cell), cell })));
  const shown = named.find(({ id }) => id === chosen) ?? named[0];
  return (
    <>
      <dl className="where-facts">
        <div>
          <dt>{t('where.source')}</dt>
          <dd>
            <SourceLink source={data.source} cell={shown?.cell} />
          </dd>
        </div>
        <div>
          <dt>{t('sources.mapping')}</dt>
          <dd>
            <code>
              {data.mapping} {data.mapping_version}
            </code>{' '}
            <span className="muted">
              {data.target} · <code title={data.hash}>{data.hash.slice(0, 12)}</code>
            </span>
          </dd>
        </div>
      </dl>
      {field !== undefined && (
        <Toggle on={all} onChange={setAll}>
          {t('cells.all')}
        </Toggle>
      )}
      {data.elements.length === 0 && <p className="muted">{t('cells.none')}</p>}
      <ul className="lineage">
        {data.elements.map((element) => (
          <li key={element.element}>
            <Element element={element} shown={shown?.id} onChoose={setChosen} />
          </li>
        ))}
      </ul>
      {Object.keys(data.more_rows).length > 0 && <p className="muted">{t('cells.more', { count: Object.values(data.more_rows).reduce((sum, n) => sum + n, 0) })}</p>}
      {shown && (
        <section className="lineage-row" aria-label={t('cells.row')}>
          <h3>{t('cells.row')}</h3>
          <dl className="where-facts">
            <div>
              <dt>{t('source.file')}</dt>
              <dd>
                <code>{shown.cell.file}</code>
              </dd>
            </div>
            <div>
              <dt>{t('row.number')}</dt>
              <dd>
                {t('value.number', { n: shown.cell.number })} <span className="muted">{t('source.delivery', { no: shown.cell.delivery })}</span>
              </dd>
            </div>
          </dl>
          {shown.cell.arrival && <RowBytes key={shown.id} arrival={shown.cell.arrival} cell={shown.cell.cell ?? undefined} />}
        </section>
      )}
    </>
  );
}

const idOf = (element: LineageElement, cell: LineageCell): string => `${element.element} ${rowKey(cell)} ${cell.column}`;

function SourceLink({ source, cell }: { source: string; cell: LineageCell | undefined }) {
  const opens = useSession()?.features.includes('sources') ?? false;
  if (!opens) return <>{source}</>;
  return (
    <Link to="/sources/$name/{-$tab}" params={{ name: source, tab: cell ? 'tables' : undefined }} search={cell ? { row: rowKey(cell) } : {}}>
      {source}
    </Link>
  );
}

interface ElementProps {
  element: LineageElement;
  shown: string | undefined;
  onChoose: (id: string) => void;
}

function Element({ element, shown, onChoose }: ElementProps) {
  const t = useT();
  return (
    <>
      <p className="lineage-element">
        <b>
          <code>{element.element}</code>
        </b>{' '}
        <code className="muted lineage-sql">{element.sql}</code>{' '}
        <span className="muted lineage-place">
          {element.file}:{element.line}
        </span>
      </p>
      {element.cells.length === 0 ? (
        <p className="muted lineage-constant">{t('cells.constant')}</p>
      ) : (
        <ul className="lineage-cells">
          {element.cells.map((cell) => {
            const id = idOf(element, cell);
            return (
              <li key={id}>
                <button type="button" className="lineage-cell" aria-pressed={id === shown} onClick={() => onChoose(id)}>
                  <span className="muted">
                    {t('row.short', { table: cell.table, no: cell.row })} · {cell.column}
                  </span>
                  <span className="lineage-text">{cell.cell === null || cell.cell === '' ? <span className="muted">∅</span> : cell.cell}</span>
                </button>
              </li>
            );
          })}
        </ul>
      )}
      {element.maps?.map((used) => <MapLine key={`${used.file} ${used.line} ${used.value}`} used={used} />)}
    </>
  );
}

/** A line of a map that gave a code or a unit, and who approved it. */
function MapLine({ used }: { used: NonNullable<LineageElement['maps']>[number] }) {
  const t = useT();
  const { approved } = used;
  return (
    <p className="muted lineage-map">
      {used.value === null ? t('cells.map', { map: used.map }) : t(used.code ? 'cells.mapped' : 'cells.mappedToNone', { map: used.map, value: used.value, code: used.code ?? '' })}
      {' · '}
      <span className="lineage-place">
        {used.file}
        {used.line !== null && `:${used.line}`}
      </span>
      {approved && (
        <>
          {' · '}
          {t('cells.approved', { who: whoText(t, approved.by) })} {Number.isNaN(Date.parse(approved.at)) ? approved.at : <At at={approved.at} />}
        </>
      )}
    </p>
  );
}
