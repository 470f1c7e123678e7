import { useQuery } from '@tanstack/react-query';
import { useEffect, useMemo, useRef } from 'react';
import type { Chart, LabResult } from '../../api/types';
import { choice, useLanguage, useT } from '../../i18n';
import { Failure } from '../../parts/Failure';
import { ApiError } from '../../api/client';
import { Waiting } from '../../parts/Waiting';
import { At, When } from '../../parts/When';
import { keysOf } from '../../shell/keymap';
import { batch, type Resource } from '../batch';
import type { OpenWhere } from '../ChartPage';
import { conceptText, each, member, target, text } from '../element';
import { rangeText } from '../labs';
import { ResultValue } from '../ResultValue';
import { testName } from '../testName';
import { attachmentOf, type Attachment } from './attachment';
import { AttachmentView } from './AttachmentView';
import { entryOf, sectionsOf, type Entry } from './entries';
import { Narrative } from './Narrative';

interface Props {
  reference: string;
  /** The version that is asked for; else the newest. */
  version: number | undefined;
  /** The same in the list, where it is there. */
  listed: Entry | undefined;
  chart: Chart;
  onVersion: (version: number | undefined) => void;
  onOpen: (reference: string) => void;
  onClose: () => void;
  openWhere: OpenWhere;
}

interface Note {
  resource: Resource;
  sections: Resource | undefined;
  newest: number;
}

/** A version of a note, the number of its newest one, and the narrative that it was taken apart into; that is in the same request where it is known. */
async function readNote(reference: string, version: number | undefined, known: string | undefined, signal: AbortSignal): Promise<Note> {
  const urls = [reference, ...(version === undefined ? [] : [`${reference}/_history/${version}`]), ...(known === undefined ? [] : [known])];
  const brought = await batch(urls, signal);
  const [current] = brought;
  const own = version === undefined ? current : brought[1];
  if (!own?.resource) throw new ApiError(own?.status ?? 500, '');
  const named = known ?? sectionsOf(own.resource);
  const sections = known !== undefined ? brought.at(-1) : named === undefined ? undefined : (await batch([named], signal))[0];
  return { resource: own.resource, sections: sections?.resource, newest: Number(current?.resource?.meta?.versionId ?? version ?? 1) };
}

/** A note as it was received: who wrote it and when, how far it can be relied on, its words and what is attached. */
export function Reader({ reference, version, listed, chart, onVersion, onOpen, onClose, openWhere }: Props) {
  const t = useT();
  const heading = useRef<HTMLHeadingElement>(null);
  const note = useQuery({
    queryKey: ['note', reference, version, listed?.sections],
    queryFn: ({ signal }) => readNote(reference, version, listed?.sections, signal),
  });
  useEffect(() => {
    // Beside the list one goes on in it; where the note takes its place, the focus comes along.
    const list = document.querySelector<HTMLElement>('.notes-list');
    if (!list?.offsetParent) heading.current?.focus({ preventScroll: true });
  }, []);
  const { data } = note;
  const entry = useMemo(() => (data ? entryOf(data.resource) : listed), [data, listed]);
  const newest = Math.max(listed?.version ?? 0, data?.newest ?? 0);
  return (
    <article className="reader" aria-labelledby="reader-title">
      <header className="reader-head">
        <h2 id="reader-title" ref={heading} tabIndex={-1}>
          {entry?.title || t(`notes.kind.${entry?.kind ?? 'document'}`)}
        </h2>
        <button type="button" className="button reader-where" data-ref={reference} onClick={() => openWhere(reference)} title={`${t('keys.where')} (${keysOf('keys.where')})`}>
          {t('notes.where')}
        </button>
        <button type="button" className="button" onClick={onClose} aria-label={t('notes.close')}>
          <span aria-hidden>✕</span>
        </button>
      </header>
      {entry && <Facts entry={entry} resource={data?.resource} />}
      {entry && <Standing entry={{ ...entry, ...(listed?.replacedBy !== undefined && { replacedBy: listed.replacedBy }) }} onOpen={onOpen} />}
      {newest > 1 && entry && <Versions shown={version ?? newest} newest={newest} onVersion={onVersion} at={data?.resource.meta?.lastUpdated} />}
      {!data && (note.error ? <Failure error={note.error} onRetry={() => void note.refetch()} /> : <Waiting lines={12} />)}
      {data && <Body key={`${reference} ${version ?? ''}`} resource={data.resource} sections={data.sections} chart={chart} openWhere={openWhere} reference={reference} />}
    </article>
  );
}

function Facts({ entry, resource }: { entry: Entry; resource: Resource | undefined }) {
  const t = useT();
  const custodian = text(member(resource, 'custodian'), 'display');
  const signed = text(member(resource, 'authenticator'), 'display') ?? each(resource, 'attester').map((attester) => text(member(attester, 'party'), 'display')).find((name) => name !== undefined);
  return (
    <p className="reader-facts">
      <span>
        <When at={entry.at} />
      </span>
      {entry.note && <span>{entry.note}</span>}
      {entry.author && <span>{entry.author}</span>}
      {signed && signed !== entry.author && <span>{t('notes.signedBy', { name: signed })}</span>}
      {custodian && <span>{custodian}</span>}
      <span className="muted">{t(`notes.kind.${entry.kind}`)}</span>
      <b>{t('notes.status', choice('status', entry.status))}</b>
    </p>
  );
}

/** Said above a note that is not the last word. */
function Standing({ entry, onOpen }: { entry: Entry; onOpen: (reference: string) => void }) {
  const t = useT();
  const { replacedBy, replaces } = entry;
  const standing = replacedBy !== undefined && entry.standing !== 'wrong' ? 'replaced' : entry.standing;
  return (
    <>
      {standing !== 'stands' && standing !== 'changed' && (
        <p className="notice" data-kind={standing === 'wrong' ? 'danger' : 'warn'}>
          <b>{t(`notes.standing.${standing}`)}</b>{' '}
          {replacedBy !== undefined && (
            <button type="button" className="button" onClick={() => onOpen(replacedBy)}>
              {t('notes.toNewer')}
            </button>
          )}
        </p>
      )}
      {replaces.length > 0 && (
        <p className="reader-links">
          <span className="muted">{t('notes.replaces')}</span>{' '}
          {replaces.map((ref) => (
            <button key={ref} type="button" className="button" onClick={() => onOpen(ref)}>
              {t('notes.toOlder')}
            </button>
          ))}
        </p>
      )}
    </>
  );
}

function Versions({ shown, newest, at, onVersion }: { shown: number; newest: number; at: string | undefined; onVersion: (version: number | undefined) => void }) {
  const t = useT();
  const go = (to: number) => onVersion(to >= newest ? undefined : to);
  return (
    <p className={shown < newest ? 'notice' : 'reader-links'} data-kind={shown < newest ? 'warn' : undefined}>
      <span className="reader-version">
        {t(shown < newest ? 'notes.oldVersion' : 'notes.version', { version: shown, of: newest })} {at && <At at={at} />}
      </span>{' '}
      <button type="button" className="button" disabled={shown <= 1} onClick={() => go(shown - 1)}>
        {t('notes.versionBefore')}
      </button>{' '}
      <button type="button" className="button" disabled={shown >= newest} onClick={() => go(shown + 1)}>
        {t('notes.versionAfter')}
      </button>
    </p>
  );
}

interface BodyProps {
  resource: Resource;
  sections: Resource | undefined;
  chart: Chart;
  openWhere: OpenWhere;
  reference: string;
}

function Body({ resource, sections, chart, openWhere, reference }: BodyProps) {
  const t = useT();
  const conclusion = text(resource, 'conclusion');
  const codes = each(resource, 'conclusionCode').flatMap((code) => conceptText(code) ?? []);
  const attached: Attachment[] = [...each(resource, 'presentedForm'), ...each(resource, 'content').flatMap((content) => member(content, 'attachment') ?? [])].map(attachmentOf);
  const told = resource.resourceType === 'Composition' ? resource : sections;
  const own = text(member(resource, 'text'), 'div');
  const hasWords = conclusion !== undefined || told !== undefined || attached.length > 0;
  return (
    <>
      {conclusion !== undefined && (
        <section className="note-section">
          <h3>{t('notes.conclusion')}</h3>
          <p className="note-words">{conclusion}</p>
        </section>
      )}
      {codes.length > 0 && <p className="note-words">{codes.join(' · ')}</p>}
      {each(resource, 'result').length > 0 && <Results resource={resource} chart={chart} openWhere={openWhere} />}
      {told && <Sections sections={each(told, 'section')} />}
      {attached.map((attachment, n) => (
        // oxlint-disable-next-line react/no-array-index-key -- an attachment has no name but its place
        <AttachmentView key={n} attachment={attachment} reference={reference} n={n} quiet={told !== undefined} />
      ))}
      {own !== undefined && !hasWords && <Narrative html={own} />}
      {!hasWords && own === undefined && each(resource, 'result').length === 0 && <p className="muted">{t('notes.noContent')}</p>}
    </>
  );
}

/** Sections of a document with their narrative, however deep they lie. */
function Sections({ sections }: { sections: Record<string, unknown>[] }) {
  const t = useT();
  return sections.map((section, n) => {
    const words = text(member(section, 'text'), 'div');
    const inner = each(section, 'section');
    const empty = conceptText(member(section, 'emptyReason'));
    const entries = each(section, 'entry').length;
    return (
      // oxlint-disable-next-line react/no-array-index-key -- a section has no name but its place
      <section key={n} className="note-section">
        <h3>{text(section, 'title') ?? conceptText(section['code']) ?? t('notes.untitled')}</h3>
        {words !== undefined && <Narrative html={words} />}
        {words === undefined && inner.length === 0 && <p className="muted">{empty ?? (entries > 0 ? t('notes.entriesOnly', { count: entries }) : t('notes.noContent'))}</p>}
        {inner.length > 0 && <Sections sections={inner} />}
      </section>
    );
  });
}

/** The results that a report gathers, as the chart has them. */
function Results({ resource, chart, openWhere }: { resource: Resource; chart: Chart; openWhere: OpenWhere }) {
  const t = useT();
  const language = useLanguage();
  const byRef = useMemo(() => {
    const all = new Map<string, LabResult[]>();
    for (const result of chart.results) all.set(result.ref, [...(all.get(result.ref) ?? []), result]);
    return all;
  }, [chart.results]);
  const lines = each(resource, 'result').map((one) => ({ ref: target(one), words: text(one, 'display') }));
  return (
    <section className="note-section">
      <h3>
        {t('notes.results')} <span className="muted">{lines.length}</span>
      </h3>
      <ul className="note-results">
        {lines.flatMap(({ ref, words }, n) => {
          const results = ref === undefined ? [] : (byRef.get(ref) ?? []);
          if (results.length === 0 || ref === undefined) {
            return (
              <li key={`${n} ${ref ?? ''}`}>
                {ref === undefined ? (
                  <span>{words}</span>
                ) : (
                  <button type="button" className="item" data-item data-ref={ref} onClick={() => openWhere(ref)}>
                    {words ?? ref}
                  </button>
                )}
              </li>
            );
          }
          return results.map((result) => {
            const test = chart.tests[result.test];
            return (
              <li key={`${n} ${result.field}`}>
                <button type="button" className="item" data-item data-ref={result.ref} data-field={result.field} onClick={() => openWhere(result.ref, result.field)}>
                  <span className="item-main">
                    <span className="item-text">{test ? testName(t, language, test) : words}</span>
                    <span className="item-range muted">{rangeText(result.range)}</span>
                  </span>
                  <ResultValue result={result} withUnit />
                </button>
              </li>
            );
          });
        })}
      </ul>
    </section>
  );
}
