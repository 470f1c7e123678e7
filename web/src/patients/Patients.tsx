import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { Link, useNavigate, useSearch } from '@tanstack/react-router';
import { useCallback, useEffect, useId, useMemo, useRef, useState } from 'react';
import { json } from '../api/client';
import type { Found, Identifier, Patients as Answer, Reason } from '../api/types';
import { useLanguage, useT, type Translate } from '../i18n';
import { useFollow } from '../live/follow';
import { useSession } from '../live/session';
import { AgeText } from '../parts/AgeText';
import { Failure, StaleBar } from '../parts/Failure';
import { identifierLabel, mainIdentifier } from '../parts/identifier';
import { Empty, PageTitle } from '../parts/Page';
import { PersonName } from '../parts/PersonName';
import { sexText } from '../parts/sex';
import { Waiting } from '../parts/Waiting';
import { AsOf, When } from '../parts/When';
import { moveFocus, useKeys, type Binding } from '../shell/keys';
import { inOrderOf, keepList } from './list';
import { similarNames } from './similar';
import './patients.css';

const DEBOUNCE_MS = 150;
/** Patients asked for at first, and when more are wanted: the server gives no longer list. */
const FIRST = 50;
const MOST = 200;
const ROWS = '[data-row-link]';

export function Patients() {
  const t = useT();
  const session = useSession();
  const administers = session?.administers ?? false;
  // Administrators manage the program and see no clinical data.
  if (session?.features.includes('patients')) return <Search />;
  return (
    <>
      <PageTitle quiet>{t('patients.title')}</PageTitle>
      <Empty title={t('patients.notYours.title')}>
        <p>{t('patients.notYours.text')}</p>
        {administers && (
          <p className="failure-ways">
            <Link to="/admin/{-$part}" params={{ part: 'people' }} className="button" data-primary>
              {t('patients.notYours.toAdmin')}
            </Link>
          </p>
        )}
      </Empty>
    </>
  );
}

function Search() {
  const t = useT();
  const navigate = useNavigate();
  const { q, more = false } = useSearch({ from: '/inside/patients' });
  const [text, setText] = useState(q);
  // What this page put into the address, oldest first: each comes back once, however late.
  const sent = useRef([q]);
  // Enter was pressed before the list was that of what is typed: it goes there when it is.
  const entered = useRef(false);
  const hint = useId();

  // Back, forward and links change the question from outside.
  useEffect(() => {
    const at = sent.current.lastIndexOf(q);
    if (at < 0) setText(q);
    sent.current = at < 0 ? [q] : sent.current.slice(at);
  }, [q]);

  const send = useCallback(
    (next: string) => {
      if (sent.current.at(-1) === next) return;
      sent.current.push(next);
      void navigate({ to: '/patients', search: { q: next }, replace: true });
    },
    [navigate],
  );
  useEffect(() => {
    const timer = setTimeout(() => send(text), DEBOUNCE_MS);
    return () => clearTimeout(timer);
  }, [text, send]);

  const found = useQuery({
    queryKey: ['patients', q, more],
    queryFn: ({ signal }) => json<Answer>(`/api/patients?${new URLSearchParams({ q, limit: String(more ? MOST : FIRST) })}`, { signal }),
    placeholderData: keepPreviousData,
  });

  const keys = useMemo<Binding[]>(
    () => [
      { does: 'keys.next', run: () => moveFocus(ROWS, 1) },
      { does: 'keys.previous', run: () => moveFocus(ROWS, -1) },
      { fixed: 'ArrowDown', does: 'keys.next', run: () => moveFocus(ROWS, 1) },
      { fixed: 'ArrowUp', does: 'keys.previous', run: () => moveFocus(ROWS, -1) },
    ],
    [],
  );
  useKeys(keys);
  useFollow(['patients'], { types: 'Encounter,Patient' });
  const old = found.isPlaceholderData;
  const answered = found.data !== undefined && !old && text === q;
  // Somebody is on the list: what they point at stays where it is, whoever is changed meanwhile.
  const [held, setHeld] = useState<{ asked: string; patients: Found[] }>();
  const asked = `${more} ${q}`;
  const patients = useMemo(
    () => (held?.asked === asked && found.data && !old ? inOrderOf(held.patients, found.data.patients) : found.data?.patients) ?? [],
    [held, asked, found.data, old],
  );
  const hold = () => !old && setHeld((before) => (before?.asked === asked ? before : { asked, patients }));
  // What is in view is what `[` and `]` of a chart lead through.
  useEffect(() => {
    if (found.data && !old) keepList({ q, ids: patients.map((patient) => patient.id) });
  }, [found.data, patients, old, q]);
  useEffect(() => {
    if (!answered || !entered.current) return;
    entered.current = false;
    moveFocus(ROWS, 1);
  }, [answered]);

  return (
    <div className="patients">
      <PageTitle quiet>{t('patients.title')}</PageTitle>
      <StaleBar error={found.data && found.error} onRetry={() => void found.refetch()} />
      <form
        role="search"
        className="patients-search"
        onSubmit={(event) => {
          event.preventDefault();
          // The sole match is never opened by itself: Enter goes to the list, and never to one of somebody else.
          if (answered) moveFocus(ROWS, 1);
          else {
            entered.current = true;
            send(text);
          }
        }}
      >
        <label htmlFor="patients-box" className="hidden-text">
          {t('patients.box')}
        </label>
        <input
          id="patients-box"
          data-search
          type="search"
          className="input"
          autoComplete="off"
          autoCapitalize="none"
          spellCheck={false}
          placeholder={t('patients.box')}
          aria-describedby={hint}
          value={text}
          onChange={(event) => {
            entered.current = false;
            setText(event.target.value);
          }}
          onKeyDown={(event) => {
            if (event.nativeEvent.isComposing) return;
            if (event.key === 'ArrowDown') {
              event.preventDefault();
              event.currentTarget.form?.requestSubmit();
            }
            if (event.key === 'Escape') {
              if (text) setText('');
              else event.currentTarget.blur();
            }
          }}
        />
        <p id={hint} className="muted patients-hint">
          {t('patients.hint')}
        </p>
      </form>
      <Results q={q} answer={found.data} patients={patients} onHold={(on) => (on ? hold() : setHeld(undefined))} error={found.error} pending={found.isPending} old={old} updated_ms={found.dataUpdatedAt} live={!found.error && !found.isFetching} more={more} retry={() => void found.refetch()} />
    </div>
  );
}

interface ResultsProps {
  q: string;
  answer: Answer | undefined;
  /** The answer's patients in the order in which they are shown. */
  patients: Found[];
  /** Whether somebody is on the list. */
  onHold: (on: boolean) => void;
  error: unknown;
  pending: boolean;
  old: boolean;
  updated_ms: number;
  live: boolean;
  more: boolean;
  retry: () => void;
}

function Results({ q, answer, patients, onHold, error, pending, old, updated_ms, live, more, retry }: ResultsProps) {
  const t = useT();
  if (!answer && error) return <Failure error={error} onRetry={retry} />;
  if (!answer || pending) return <Waiting lines={10} />;
  if (answer.known === 0) {
    return (
      <Empty title={t('patients.none.title')} command="medweave import FOLDER">
        <p>{t('patients.none.text')}</p>
      </Empty>
    );
  }
  const all = answer.patients.length >= answer.total;
  const count = all ? t('patients.countAll', { total: answer.total }) : t('patients.count', { shown: answer.patients.length, total: answer.total });
  return (
    <section aria-label={t('patients.results')} aria-busy={old}>
      <p className="patients-count muted">
        <span role="status">{count}</span>
        <AsOf at_ms={updated_ms} live={live} />
      </p>
      {answer.patients.length === 0 ? (
        <Empty title={t('patients.noMatch.title', { q })}>
          <p>{t('patients.noMatch.text')}</p>
        </Empty>
      ) : (
        <div
          onPointerMove={() => onHold(true)}
          onPointerLeave={() => onHold(false)}
          onFocus={() => onHold(true)}
          onBlur={(event) => !event.currentTarget.contains(event.relatedTarget) && onHold(false)}
        >
          <Table patients={patients} asked={q !== ''} />
        </div>
      )}
      {!all &&
        (more ? (
          <p className="patients-more muted">{t('patients.narrow')}</p>
        ) : (
          <p className="patients-more">
            <Link to="/patients" search={{ q, more: true }} replace className="button">
              {t('patients.more', { count: Math.min(MOST, answer.total) })}
            </Link>
          </p>
        ))}
    </section>
  );
}

function Table({ patients, asked }: { patients: Found[]; asked: boolean }) {
  const t = useT();
  const language = useLanguage();
  const similar = useMemo(() => similarNames(patients.map((p) => p.name)), [patients]);
  return (
    <table className="patients-table">
      <thead>
        <tr>
          <th scope="col">{t('patients.name')}</th>
          <th scope="col">{t('banner.born')}</th>
          <th scope="col">{t('banner.sex')}</th>
          <th scope="col">{t('banner.identifier')}</th>
          <th scope="col" className="wide">
            {t('patients.lastContact')}
          </th>
          {asked && <th scope="col">{t('patients.why')}</th>}
        </tr>
      </thead>
      <tbody lang={language}>
        {patients.map((patient, n) => (
          <tr key={patient.id} data-died={patient.died ? '' : undefined}>
            <th scope="row">
              <Link to="/p/$id/{-$tab}" params={{ id: patient.id }} data-row-link className="patients-link">
                <PersonName name={patient.name} />
              </Link>
              {similar.has(n) && <span className="similar">{t('patients.similar')}</span>}
              {patient.died && <span className="muted died">{t('patients.died')}</span>}
            </th>
            <td>
              {patient.born ? (
                <>
                  <When at={patient.born} extent="day" />{' '}
                  <span className="muted">
                    <AgeText born={patient.born} died={patient.died} />
                  </span>
                </>
              ) : (
                <span className="muted">{t('value.notKnown')}</span>
              )}
            </td>
            <td>{sexText(t, patient.sex)}</td>
            <td className="mono">
              <IdentifierText identifier={shownIdentifier(patient)} />
            </td>
            <td className="wide">{patient.last_contact ? <When at={patient.last_contact} extent="day" /> : <span className="muted">{t('value.noneRecorded')}</span>}</td>
            {asked && <td className="muted">{patient.why.map((reason) => reasonText(t, reason)).join(' · ')}</td>}
          </tr>
        ))}
      </tbody>
    </table>
  );
}

/** The identifier that matched, else the main one. */
function shownIdentifier(patient: Found): Identifier | undefined {
  const matched = patient.why.find((reason) => reason.kind === 'identifier')?.text;
  return patient.identifiers.find((i) => i.value === matched) ?? mainIdentifier(patient.identifiers);
}

function IdentifierText({ identifier }: { identifier: Identifier | undefined }) {
  const t = useT();
  if (!identifier) return <span className="muted">{t('value.none')}</span>;
  return (
    <>
      {identifier.label && <span className="muted">{identifierLabel(t, identifier.label)} </span>}
      {identifier.value}
    </>
  );
}

const REASONS = ['name', 'pinyin', 'initials', 'near', 'identifier', 'born', 'phone', 'id'] as const;

function reasonText(t: Translate, reason: Reason): string {
  const kind = REASONS.find((known) => known === reason.kind);
  return kind ? t(`why.${kind}`, { text: reason.text }) : reason.text;
}
