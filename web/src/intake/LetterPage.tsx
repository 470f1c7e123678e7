import { useMutation, useQueryClient } from '@tanstack/react-query';
import { Link, useNavigate } from '@tanstack/react-router';
import { useCallback, useEffect, useMemo, useRef, useState } from 'react';
import { json, send } from '../api/client';
import type { CorrectedLetter, DeadLetter } from '../api/types';
import { useT } from '../i18n';
import { useSession } from '../live/session';
import { acting, takesFocus } from '../parts/acting';
import { CharsetChoice } from '../parts/CharsetChoice';
import { Failure } from '../parts/Failure';
import { Waiting } from '../parts/Waiting';
import type { IntakeSearch } from '../router';
import { useKeys, type Binding } from '../shell/keys';
import { Alike } from './Alike';
import { bytesOf, copyOf, MOST_EDITED_BYTES } from './copy';
import { Discard } from './Discard';
import { draftOf, dropDraft, keepDraft, type Draft } from './drafts';
import type { PartProps } from './IntakePage';
import { LetterEditor } from './LetterEditor';
import { LetterIssue } from './LetterIssue';
import { isOfRow } from './letters';
import { placeIn } from './place';
import { askAgain, INTAKE, useLetter, useLetters } from './queries';
import { RawText } from './RawText';
import { LetterState, wantedOf } from './Refused';
import { replay } from './replaying';
import { ReplayingBar } from './ReplayingBar';
import { mayChange } from './rights';
import { TakeBack } from './TakeBack';
import { Tried, type Trial } from './Tried';
import { useBytes, useReading } from './useBytes';

/** Bytes of a letter that are shown. */
const SHOWN_BYTES = 256 << 10;

/** One letter: what came on the left, what is wrong with it on the right, and what can be done. */
export function LetterPage({ no, search, set }: PartProps & { no: number }) {
  const t = useT();
  const navigate = useNavigate();
  const list = useLetters(wantedOf(search));
  const found = useLetter(no);
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => heading.current?.focus(), []);
  const { before, after, at, count } = useMemo(() => {
    const numbers = (list.data?.pages ?? []).flatMap(({ letters }) => letters.filter((letter) => !isOfRow(letter)).map((letter) => letter.no));
    // Newest first. A letter that was dealt with is not in the list any more, its neighbours are.
    return { before: numbers.findLast((other) => other > no), after: numbers.find((other) => other < no), at: numbers.indexOf(no), count: numbers.length };
  }, [list.data, no]);
  const toList = useCallback(
    () =>
      void navigate({ to: '/intake/{-$part}', params: { part: 'refused' }, search: ({ letter: _letter, ...rest }: IntakeSearch) => rest }).then(() =>
        // The list is drawn when its letters are there, which it mostly has already.
        requestAnimationFrame(() => (document.querySelector<HTMLElement>(`[data-row-link="${no}"]`) ?? document.querySelector<HTMLElement>('[data-row-link]') ?? document.querySelector<HTMLElement>('.intake-part'))?.focus()),
      ),
    [navigate, no],
  );
  const keys = useMemo<Binding[]>(
    () => [
      { does: 'keys.next', run: () => after !== undefined && set({ letter: after }) },
      { does: 'keys.previous', run: () => before !== undefined && set({ letter: before }) },
      { fixed: 'Escape', does: 'keys.close', run: toList },
    ],
    [after, before, set, toList],
  );
  useKeys(keys);
  const { data } = found;
  return (
    <div className="page">
      <header className="letter-head">
        <Link to="/intake/{-$part}" params={{ part: 'refused' }} search={({ letter: _letter, ...rest }: IntakeSearch) => rest} className="button" data-quiet>
          <span aria-hidden>←</span> {t('letter.list')}
        </Link>
        <h2 ref={heading} tabIndex={-1}>
          {t('letter.title', { no: String(no) })}
        </h2>
        {data && <LetterState state={data.state} />}
        <span className="spacer" />
        {at >= 0 && <span className="muted fixed">{t('letter.position', { at: at + 1, count })}</span>}
        <button type="button" className="button" disabled={before === undefined} onClick={() => before !== undefined && set({ letter: before })} aria-label={t('keys.previous')}>
          <span aria-hidden>↑</span>
        </button>
        <button type="button" className="button" disabled={after === undefined} onClick={() => after !== undefined && set({ letter: after })} aria-label={t('keys.next')}>
          <span aria-hidden>↓</span>
        </button>
      </header>
      <ReplayingBar />
      {!data && (found.error ? <Failure error={found.error} onRetry={() => void found.refetch()} /> : <Waiting lines={10} />)}
      {data &&
        (isOfRow(data) ? (
          <p className="notice">
            {t('letter.ofRow')}{' '}
            <Link to="/sources/$name/{-$tab}" params={{ name: data.arrival.source, tab: 'letters' }} search={{ letter: no, ...(data.state !== 'open' && { dealt: true }) }}>
              {t('letter.toRow')}
            </Link>
          </p>
        ) : (
          <Opened letter={data} />
        ))}
    </div>
  );
}

function Opened({ letter }: { letter: DeadLetter }) {
  const t = useT();
  const queries = useQueryClient();
  const { no, length, arrival, what, place, correction } = letter;
  const { media } = arrival;
  const path = `/api/deadletters/${no}`;
  const may = mayChange(useSession()) && letter.state === 'open';
  const bytes = useBytes(path, Math.min(length, MOST_EDITED_BYTES));
  const [reading, choose] = useReading(bytes.data);
  const [draft, setDraft] = useState<Draft | undefined>(() => draftOf(no));
  const [open, setOpen] = useState<'alike' | 'discard'>();
  const [trial, setTrial] = useState<Trial>();
  // Where the caret was sent last: typing takes the trial away, and must not move the caret.
  const [issue, setIssue] = useState({ place, what, media });
  const raw = useRef<HTMLAnchorElement>(null);
  const again = useRef<HTMLButtonElement>(null);
  const edit = useRef<HTMLButtonElement>(null);

  const begin = useMutation({
    mutationFn: async (): Promise<Draft | undefined> => {
      // What was corrected before is gone on with.
      const from = correction ? `/api/arrivals/${correction.no}` : path;
      const whole = new Uint8Array(await (await send(`${from}/bytes`, { accept: '*/*' })).arrayBuffer());
      const copy = copyOf(whole, reading.charset, media);
      return copy && { copy, text: copy.text };
    },
    onSuccess: (made) => {
      if (made) keepDraft(no, made);
      setDraft(made);
    },
  });
  const made = draft && bytesOf(draft.copy, draft.text);
  const edited = made && 'bytes' in made ? made.bytes : undefined;
  const attempt = useMutation({
    mutationFn: async (of: Uint8Array<ArrayBuffer>): Promise<Trial> => {
      // What would become of it is asked before it is kept: what is here already becomes nothing.
      const query = new URLSearchParams({ name: arrival.name || `letter-${no}`, source: arrival.source, dry_run: 'true' });
      const report = await json<{ types: Record<string, number>; issues: Trial['remarks'] }>(`/api/import?${query}`, { method: 'POST', bytes: of }).catch(() => undefined);
      const { refused } = await json<CorrectedLetter>(`${path}/correct`, { method: 'POST', bytes: of });
      return { refused, types: report?.types ?? {}, remarks: refused ? [] : (report?.issues ?? []) };
    },
    onSuccess: async (told) => {
      setTrial(told);
      if (told.refused) setIssue({ place: told.refused.place, what: told.refused.what, media });
      await queries.invalidateQueries({ queryKey: [INTAKE, 'letter', no] });
      if (!told.refused) again.current?.focus();
    },
  });
  const take = useMutation({
    mutationFn: () => replay(no, edited),
    onSuccess: async () => {
      dropDraft(no);
      setDraft(undefined);
      setTrial(undefined);
      await askAgain(queries);
    },
  });

  const tryIt = () => edited && !attempt.isPending && attempt.mutate(edited);
  // Keys are bound once and do what holds when they are pressed.
  const latest = useRef({ tryIt, begin, take, draft });
  useEffect(() => {
    latest.current = { tryIt, begin, take, draft };
  });
  const keys = useMemo<Binding[]>(
    () => [
      { does: 'letter.raw', run: () => raw.current?.click() },
      ...(may
        ? ([
            { does: 'letter.edit', run: () => (latest.current.draft ? document.querySelector<HTMLElement>('.letter-text')?.focus() : latest.current.begin.mutate()) },
            { does: 'letter.try', run: () => latest.current.tryIt() },
            { does: 'letter.replay', run: () => !latest.current.take.isPending && latest.current.take.mutate() },
            { does: 'letter.discard', run: () => setOpen((now) => (now === 'discard' ? undefined : 'discard')) },
            { does: 'letter.alike', run: () => setOpen((now) => (now === 'alike' ? undefined : 'alike')) },
          ] satisfies Binding[])
        : []),
    ],
    [may],
  );
  useKeys(keys);

  const locate = useCallback((text: string) => placeIn(text, { place, what, media }), [place, what, media]);
  const stop = () => {
    if (draft && draft.text === draft.copy.text) {
      dropDraft(no);
      setDraft(undefined);
    }
    // The button stands again where the copy was.
    requestAnimationFrame(() => (edit.current ?? document.querySelector<HTMLElement>('[data-edit]'))?.focus());
  };
  const shownBytes = bytes.data?.subarray(0, SHOWN_BYTES);
  const rest = length - (shownBytes?.length ?? 0);
  const isEditable = length <= MOST_EDITED_BYTES;
  return (
    <div className="letter-sides">
      <section className="letter-side" aria-label={t(draft ? 'letter.copy' : 'where.raw')}>
        {!draft && (
          <p className="where-bar">
            <CharsetChoice reading={reading} onChoose={choose} />
          </p>
        )}
        {draft ? (
          <>
            <LetterEditor
              draft={draft}
              issue={issue}
              onText={(text) => {
                const next = { ...draft, text };
                keepDraft(no, next);
                setDraft(next);
                setTrial(undefined);
              }}
              onTry={tryIt}
              onClose={stop}
            />
            <p className="muted letter-help">{t('letter.copyHelp', { charset: draft.copy.charset })}</p>
            {made && 'lacks' in made && (
              <p className="danger" role="alert">
                ▲ {t('letter.lacks', { character: made.lacks, charset: draft.copy.charset })}
              </p>
            )}
          </>
        ) : shownBytes ? (
          <RawText label={t('where.raw')} bytes={shownBytes} charset={reading.charset} media={media} locate={locate}>
            {rest > 0 && <span className="muted">{'\n'}{t('where.bytesAfter', { count: rest })}</span>}
          </RawText>
        ) : bytes.error ? (
          <Failure error={bytes.error} onRetry={() => void bytes.refetch()} />
        ) : (
          <Waiting lines={8} />
        )}
        <p className="intake-ways">
          {draft ? (
            <>
              <button type="button" className="button" {...acting(attempt.isPending || !edited, tryIt)}>
                {t('letter.try')} <kbd aria-hidden>Ctrl+Enter</kbd>
              </button>
              <button
                type="button"
                className="button"
                data-quiet
                onClick={() => {
                  dropDraft(no);
                  setDraft(undefined);
                  setTrial(undefined);
                }}
              >
                {t('letter.drop')}
              </button>
            </>
          ) : (
            may &&
            isEditable && (
              <button ref={edit} type="button" className="button" data-edit {...acting(begin.isPending || !bytes.data, () => begin.mutate())}>
                {t(correction ? 'letter.editAgain' : 'letter.edit')}
              </button>
            )
          )}
          <a ref={raw} className="button" href={`${path}/bytes`} download={`letter-${no}`}>
            {t('letter.raw')}
          </a>
          <Link to="/intake/{-$part}" params={{ part: 'live' }} search={{ arrival: arrival.no }} className="intake-link">
            {t('letter.arrival', { no: String(arrival.no) })}
          </Link>
        </p>
        {begin.isSuccess && !begin.data && <p className="notice">{t('letter.noText', { charset: reading.charset })}</p>}
        {may && !isEditable && (
          <p className="notice">
            {t('letter.tooLong')} <code>medweave deadletter replay {no} --with FILE</code>
          </p>
        )}
        {begin.error && <Failure error={begin.error} />}
      </section>
      <section className="letter-side" aria-label={t('letter.wrong')}>
        <LetterIssue letter={letter} />
        <div role="status">{trial && <Tried trial={trial} />}</div>
        {attempt.error && <Failure error={attempt.error} />}
        {may && (
          <>
            <p className="intake-ways">
              <button ref={again} type="button" className="button" data-primary {...acting(take.isPending || (draft !== undefined && !edited), () => take.mutate())}>
                {t(draft && draft.text !== draft.copy.text ? 'letter.replayCopy' : correction ? 'letter.replayCorrected' : 'letter.replay')}
              </button>
              <button type="button" className="button" aria-expanded={open === 'alike'} onClick={() => setOpen(open === 'alike' ? undefined : 'alike')}>
                {t('letter.alike')}
              </button>
              <button type="button" className="button" aria-expanded={open === 'discard'} onClick={() => setOpen(open === 'discard' ? undefined : 'discard')}>
                {t('letter.discard')}
              </button>
            </p>
            {open === 'alike' && <Alike letter={letter} onBegin={() => setOpen(undefined)} />}
            {open === 'discard' && <Discard no={no} onDone={() => setOpen(undefined)} />}
          </>
        )}
        {take.error && <Failure error={take.error} />}
        {take.data && (
          <p ref={takesFocus} tabIndex={-1} className="notice" role="status">
            ✓ {t('letter.replayed', { stored: take.data.stored, unchanged: take.data.unchanged })}
          </p>
        )}
        {letter.state === 'replayed' && letter.replayed_as !== null && <Undoing no={letter.replayed_as} />}
      </section>
    </div>
  );
}

/** A replay is taken back by taking back the arrival that it made; the letter stays dealt with, and what came is kept. */
function Undoing({ no }: { no: number }) {
  const t = useT();
  const may = mayChange(useSession());
  return (
    <>
      <p>
        <Link to="/intake/{-$part}" params={{ part: 'live' }} search={{ arrival: no }}>
          {t('letter.became', { no: String(no) })}
        </Link>
      </p>
      {may && <TakeBack no={no} label={t('letter.undo')} />}
      {may && <p className="muted">{t('letter.undoText')}</p>}
    </>
  );
}
