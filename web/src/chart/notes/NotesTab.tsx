import { useInfiniteQuery } from '@tanstack/react-query';
import { useMemo } from 'react';
import type { Chart } from '../../api/types';
import { choice, useT } from '../../i18n';
import { useFollow } from '../../live/follow';
import { useZone } from '../../live/session';
import { Failure, StaleBar } from '../../parts/Failure';
import { Empty } from '../../parts/Page';
import { Toggle } from '../../parts/Toggle';
import { Waiting } from '../../parts/Waiting';
import { When } from '../../parts/When';
import type { ChartSearch } from '../../router';
import { useFocusBack } from '../../shell/keys';
import { goingOn, step } from '../batch';
import type { Change, OpenWhere } from '../ChartPage';
import { firstSearches, hasMore, listOf, TYPES, type Entry } from './entries';
import { Reader } from './Reader';
import './notes.css';

interface Props {
  chart: Chart;
  errors: boolean;
  search: ChartSearch;
  set: (change: Change) => void;
  openWhere: OpenWhere;
}

/** Notes, reports and documents: the list, newest first, and the one that is read beside it. */
export function NotesTab({ chart, errors, search, set, openWhere }: Props) {
  const t = useT();
  const zone = useZone();
  const { id } = chart.patient;
  const notes = useInfiniteQuery({
    queryKey: ['notes', id],
    queryFn: ({ pageParam, signal }) => step(pageParam, signal),
    initialPageParam: firstSearches(id),
    getNextPageParam: goingOn,
  });
  useFollow(['notes', id], { patient: id, types: TYPES.join(',') });
  const list = useMemo(() => (notes.data ? listOf(notes.data.pages, zone) : undefined), [notes.data, zone]);
  const { note: open, version, panels = false } = search;
  const read = (ref: string | undefined): void => set({ note: ref, version: undefined });
  useFocusBack(open && !search.where ? `[data-note="${CSS.escape(open)}"]` : '');

  if (!list) return notes.error ? <Failure error={notes.error} onRetry={() => void notes.refetch()} /> : <Waiting lines={14} />;
  const wrong = list.entries.filter(({ standing }) => standing === 'wrong').length;
  const panelCount = list.entries.filter(({ isPanel }) => isPanel).length;
  const shown = list.entries.filter((entry) => (errors || entry.standing !== 'wrong') && (panels || !entry.isPanel || entry.ref === open));
  const listed = list.entries.find(({ ref }) => ref === open);
  return (
    <>
      <StaleBar error={notes.error} onRetry={() => void notes.refetch()} />
      {list.withheld.length > 0 && <p className="notice" data-kind="warn">{t('chart.withheld', { types: list.withheld.join(', ') })}</p>}
      {list.failed.length > 0 && <p className="notice" data-kind="danger">{t('notes.failed', { types: list.failed.join(', ') })}</p>}
      <div className="notes" data-reading={open ? '' : undefined}>
        <div className="notes-list">
          <p className="notes-bar">
            {(panelCount > 0 || panels) && (
              <Toggle on={panels} onChange={(on) => set({ panels: on || undefined })}>
                {t('notes.panels', { count: panelCount })}
              </Toggle>
            )}
            {(wrong > 0 || errors) && (
              <Toggle on={errors} onChange={(on) => set({ errors: on || undefined })}>
                {t('chart.showErrors', { count: wrong })}
              </Toggle>
            )}
          </p>
          {shown.length === 0 ? (
            <Empty title={t('notes.none.title')}>
              <p>{t('notes.none.text')}</p>
            </Empty>
          ) : (
            <ul className="section notes-entries" aria-label={t('notes.list')}>
              {shown.map((entry) => (
                <Line key={entry.ref} entry={entry} isOpen={entry.ref === open} onOpen={() => read(entry.ref)} />
              ))}
            </ul>
          )}
          {hasMore(list) && (
            <p>
              <button type="button" className="button" aria-disabled={notes.isFetchingNextPage || undefined} onClick={() => !notes.isFetchingNextPage && void notes.fetchNextPage()}>
                {t('notes.older')}
              </button>
            </p>
          )}
        </div>
        {open ? (
          <Reader key={open} reference={open} version={version} listed={listed} chart={chart} onVersion={(one) => set({ version: one })} onOpen={read} onClose={() => read(undefined)} openWhere={openWhere} />
        ) : (
          shown.length > 0 && <p className="notes-hint muted">{t('notes.hint')}</p>
        )}
      </div>
    </>
  );
}

function Line({ entry, isOpen, onOpen }: { entry: Entry; isOpen: boolean; onOpen: () => void }) {
  const t = useT();
  const { standing, replacedBy } = entry;
  const quiet = standing === 'stands' && replacedBy === undefined;
  return (
    <li>
      <button type="button" className="item note-line" data-item data-ref={entry.ref} data-note={entry.ref} data-wrong={standing === 'wrong' ? '' : undefined} aria-current={isOpen || undefined} onClick={onOpen}>
        <span className="item-main">
          <span className="item-text">{entry.title || t(`notes.kind.${entry.kind}`)}</span>
          {!quiet && <span className={standing === 'wrong' ? 'wrong-mark' : 'note-status'}>{t('notes.status', choice('status', replacedBy !== undefined && standing !== 'wrong' ? 'superseded' : entry.status))}</span>}
        </span>
        <span className="note-under muted">
          <When at={entry.at} extent="day" />
          {entry.author && <> · {entry.author}</>}
        </span>
      </button>
    </li>
  );
}
