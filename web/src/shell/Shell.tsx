import { Link, Outlet, useNavigate, useRouterState } from '@tanstack/react-router';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useEffect, useMemo, useRef, useState, type ReactNode } from 'react';
import { useT } from '../i18n';
import { useLasting } from '../live/clock';
import { useConnection } from '../live/connection';
import { useKeptChoices } from '../live/choices';
import { stream, useStream } from '../live/follow';
import { useIdleLock, useLocked } from '../live/lock';
import { useSession } from '../live/session';
import { statusQuery, waitingQuery } from '../live/waiting';
import { nextTheme } from '../live/theme';
import { Ago } from '../parts/When';
import { useAhead } from './ahead';
import { useKeys, type Binding } from './keys';
import { KeysHelp } from './KeysHelp';
import { LockScreen } from './LockScreen';
import { AccountMenu, LanguageMenu, ThemeMenu } from './Menus';
import './shell.css';

const BRAND = 'medweave';

interface Place {
  to: '/patients' | '/sql' | '/intake/{-$part}' | '/sources' | '/quality' | '/admin/{-$part}';
  /** What an account must be able to open; nothing where it must administer. */
  feature?: string;
  word: 'place.patients' | 'place.sql' | 'place.intake' | 'place.sources' | 'place.quality' | 'place.admin';
  icon: ReactNode;
}

const PLACES: Place[] = [
  { to: '/patients', feature: 'patients', word: 'place.patients', icon: <path d="M8 8a3 3 0 1 0 0-6 3 3 0 0 0 0 6Zm-6 6c0-3 2.5-4.5 6-4.5s6 1.5 6 4.5" /> },
  { to: '/sql', feature: 'sql', word: 'place.sql', icon: <path d="M2 3h12v10H2zM2 6.5h12M6.5 6.5V13M2 10h12" /> },
  { to: '/intake/{-$part}', feature: 'sql', word: 'place.intake', icon: <path d="M8 1.5v7M5 6l3 3 3-3M2 9.5v4h12v-4M2 9.5h3l1 2h4l1-2h3" /> },
  { to: '/sources', feature: 'sources', word: 'place.sources', icon: <path d="M8 2C5 2 3 2.9 3 4v8c0 1.1 2 2 5 2s5-.9 5-2V4c0-1.1-2-2-5-2ZM3 4c0 1.1 2 2 5 2s5-.9 5-2M3 8c0 1.1 2 2 5 2s5-.9 5-2" /> },
  { to: '/quality', feature: 'quality', word: 'place.quality', icon: <path d="M3 2.5h10v11H3zM5.5 5.5l1 1 1.5-2M9.5 5.5h2M5.5 10l1 1 1.5-2M9.5 10.5h2" /> },
  { to: '/admin/{-$part}', word: 'place.admin', icon: <path d="M2 4.5h7M12 4.5h2M10.5 3v3M2 8h2M7 8h7M5.5 6.5v3M2 11.5h7M12 11.5h2M10.5 10v3" /> },
];

/** The frame of every page of somebody signed in: rail, top bar, and what holds for all pages. */
export function Shell() {
  const t = useT();
  const session = useSession();
  const navigate = useNavigate();
  const [help, setHelp] = useState(false);
  const features = session?.features;
  const administers = session?.administers ?? false;
  const places = useMemo(() => PLACES.filter(({ feature }) => (feature === undefined ? administers : features?.includes(feature))), [features, administers]);
  const path = useRouterState({ select: (state) => state.location.pathname });

  const keys = useMemo<Binding[]>(
    () => [
      ...places.map((place): Binding => ({ does: place.word, run: () => void navigate({ to: place.to }) })),
      { does: 'place.me', run: () => void navigate({ to: '/me' }) },
      { does: 'keys.search', run: focusSearch },
      { does: 'keys.help', run: () => setHelp(true) },
      { does: 'keys.theme', run: nextTheme },
    ],
    [places, navigate],
  );
  useKeys(keys);
  const locked = useLocked();
  const isPerson = Boolean(session?.person);
  useIdleLock(isPerson);
  useStream(session !== undefined && !session.locked);
  useKeptChoices(isPerson && !locked);
  useAhead();

  // Ctrl+K is no single letter: it works from text fields too.
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      if ((event.ctrlKey || event.metaKey) && event.key === 'k') {
        event.preventDefault();
        focusSearch();
      }
    };
    globalThis.addEventListener('keydown', onKey);
    return () => globalThis.removeEventListener('keydown', onKey);
  }, []);

  return (
    <>
      <div className="shell" data-locked={locked ? '' : undefined} inert={locked}>
        <a className="skip" href="#main">
          {t('shell.skip')}
        </a>
        <header className="top">
          <Link to="/" className="brand" aria-label={BRAND}>
            <img src="/icon.svg" alt="" width={24} height={24} />
          </Link>
          {features?.includes('patients') ? <TopSearch /> : <div className="top-name">{BRAND}</div>}
          <div className="top-tools">
            <ConnectionDot />
            <LanguageMenu />
            <ThemeMenu />
            <AccountMenu onKeys={() => setHelp(true)} />
          </div>
        </header>
        <nav className="rail" aria-label={t('shell.rail')}>
          {places.map((place) => (
            <Link key={place.to} to={place.to} className="rail-link" data-within={(place.to === '/patients' && path.startsWith('/p/')) || path.startsWith(`${place.to.split('/{')[0]}/`) ? '' : undefined} activeProps={{ 'aria-current': 'page' }}>
              <svg viewBox="0 0 16 16" aria-hidden>
                {place.icon}
              </svg>
              {t(place.word)}
              {place.word === 'place.intake' && <WaitingCount identity={features?.includes('identity') ?? false} />}
            </Link>
          ))}
        </nav>
        <main id="main" tabIndex={-1}>
          <Offline />
          <NewVersion />
          <Outlet />
        </main>
        <RouteAnnouncer path={path} />
        {help && !locked && <KeysHelp onClose={() => setHelp(false)} />}
      </div>
      {locked && <LockScreen />}
    </>
  );
}

/** Not at once: what the page itself needs comes first. */
const COUNT_AFTER_MS = 5_000;
const COUNT_MS = 30_000;

/** How much waits for somebody: letters that are open, and records that may be of one person. */
function WaitingCount({ identity }: { identity: boolean }) {
  const t = useT();
  const due = useLasting(COUNT_AFTER_MS);
  const letters = useQuery({ ...statusQuery, enabled: due, refetchInterval: COUNT_MS, staleTime: COUNT_MS }).data?.dead_letters ?? 0;
  const links = useQuery({ ...waitingQuery, enabled: due && identity, refetchInterval: COUNT_MS, staleTime: COUNT_MS }).data ?? 0;
  if (letters + links === 0) return null;
  return (
    <span className="rail-count">
      {t('value.number', { n: letters + links })}
      <span className="hidden-text"> {t('shell.waiting', { letters, links })}</span>
    </span>
  );
}

function focusSearch(): void {
  const box = document.querySelector<HTMLInputElement>('[data-search]');
  box?.focus();
  box?.select();
}

/** The box that `/` goes to. On the Patients page it is that page's own box; elsewhere it leads there. */
function TopSearch() {
  const t = useT();
  const navigate = useNavigate();
  const here = useRouterState({ select: (state) => state.location.pathname === '/patients' });
  const [text, setText] = useState('');
  if (here) return <div className="top-name">{BRAND}</div>;
  return (
    <form
      className="top-search"
      role="search"
      onSubmit={(event) => {
        event.preventDefault();
        void navigate({ to: '/patients', search: { q: text } });
        setText('');
      }}
    >
      <input
        data-search
        type="search"
        className="input"
        autoComplete="off"
        spellCheck={false}
        aria-label={t('shell.search')}
        placeholder={t('shell.search')}
        value={text}
        onChange={(event) => setText(event.target.value)}
        onKeyDown={(event) => {
          if (event.key === 'Escape') event.currentTarget.blur();
        }}
      />
      <kbd aria-hidden>/</kbd>
    </form>
  );
}

/** Reads out where one has come to. */
function RouteAnnouncer({ path }: { path: string }) {
  const [text, setText] = useState('');
  const before = useRef(path);
  useEffect(() => {
    if (before.current === path) return undefined;
    before.current = path;
    // The new page has its title once it is drawn.
    const said = () => ['main h1', 'main .tabs [aria-current]'].flatMap((one) => document.querySelector(one)?.textContent ?? []).join(' · ');
    const timer = setTimeout(() => setText(said()), 100);
    return () => clearTimeout(timer);
  }, [path]);
  return (
    <div className="hidden-text" aria-live="polite">
      {text}
    </div>
  );
}

function ConnectionDot() {
  const t = useT();
  const { reached } = useConnection();
  return (
    <span className="dot" data-reached={reached ? '' : undefined} title={t(reached ? 'connection.live' : 'connection.lost')}>
      <span aria-hidden>{reached ? '●' : '○'}</span>
      <span className="dot-word">{t(reached ? 'connection.live' : 'connection.lost')}</span>
    </span>
  );
}

function Offline() {
  const t = useT();
  const { reached, at_ms } = useConnection();
  const queries = useQueryClient();
  if (reached) return null;
  return (
    <div className="stale-bar" role="alert">
      <span>
        <b>{t('failure.offline.title')}</b> {t('connection.shownFrom')} <Ago at_ms={at_ms} />.
      </span>
      <button
        type="button"
        className="button"
        onClick={() => {
          stream.hurry();
          void queries.invalidateQueries();
        }}
      >
        {t('failure.retry')}
      </button>
    </div>
  );
}

/** A server of another build than the one this page came from: the person decides when to reload. */
function NewVersion() {
  const t = useT();
  const { build } = useConnection();
  const now = useSession()?.build;
  const [first] = useState(now);
  if (build === undefined || first === undefined || build === first) return null;
  return (
    <div className="stale-bar" role="status">
      <span>{t('shell.newVersion')}</span>
      <button type="button" className="button" onClick={() => globalThis.location.reload()}>
        {t('shell.reload')}
      </button>
    </div>
  );
}
