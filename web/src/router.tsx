import { MutationCache, QueryCache, QueryClient } from '@tanstack/react-query';
import { createRootRouteWithContext, createRoute, createRouter, Outlet, parseSearchWith, redirect, stringifySearchWith } from '@tanstack/react-router';
import { ApiError } from './api/client';
import type { Session } from './api/types';
import { fromAddress, isSpan, type Span } from './chart/course/address';
import { AdminPage, ChartPage, IntakePage, MePage, QualityPage, SetUp, SourcePage, SourcesPage, SqlPage } from './fetched';
import { setLocked } from './live/lock';
import { forget, sessionQuery } from './live/session';
import { Failure } from './parts/Failure';
import { Shell } from './shell/Shell';
import { Missing } from './shell/Missing';
import { Waiting } from './parts/Waiting';
import { SignIn } from './signin/SignIn';
import { Patients } from './patients/Patients';
import { LETTER_STATES, LINK_STATES, type LetterState, type LinkState } from './intake/states';
import { CATEGORIES, type Category } from './quality/categories';
import { LIMITS } from './sql/limits';

const asText = (value: unknown): string | undefined =>
  typeof value === 'string' ? value : typeof value === 'number' ? String(value) : undefined;

/** `Observation/123` */
const isReference = (text: string): boolean => /^[A-Za-z]+\/[A-Za-z0-9.-]{1,64}$/.test(text);

/** Where the person was is asked for again after signing in. */
function toSignIn(href: string) {
  return redirect({ to: '/signin', search: href === '/' ? {} : { to: href } });
}

/** A session that is locked or has ended, wherever it is noticed: the page is covered, or nothing of the session stays on it. */
function refused(error: unknown): void {
  if (!(error instanceof ApiError) || error.status !== 401) return;
  if (error.code === 'locked') {
    setLocked(true);
    return;
  }
  const { pathname, href } = router.state.location;
  if (pathname === '/signin' || pathname === '/setup') return;
  forget(queries);
  void router.navigate({ to: '/signin', search: { to: href } });
}

export const queries: QueryClient = new QueryClient({
  defaultOptions: {
    queries: {
      networkMode: 'always',
      staleTime: 2_000,
      // A try more for what may pass by itself; what was refused stays refused.
      retry: (count, error) => count < 1 && error instanceof ApiError && (error.status === 502 || error.status === 504),
    },
  },
  queryCache: new QueryCache({
    // Whoever asks for the session itself deals with there being none.
    onError: (error, query) => query.queryKey[0] !== 'session' && refused(error),
  }),
  mutationCache: new MutationCache({ onError: refused }),
});

const root = createRootRouteWithContext<{ queries: QueryClient }>()({
  component: Outlet,
  notFoundComponent: Missing,
});

const signin = createRoute({
  getParentRoute: () => root,
  path: '/signin',
  validateSearch: (search): { to?: string; unsure?: boolean } => {
    const to = asText(search['to']);
    return { ...(to && { to }), ...(search['unsure'] === true && { unsure: true }) };
  },
  component: SignIn,
});

const setup = createRoute({
  getParentRoute: () => root,
  path: '/setup',
  component: SetUp,
});

const inside = createRoute({
  getParentRoute: () => root,
  id: 'inside',
  beforeLoad: async ({ context, location }) => {
    try {
      await context.queries.ensureQueryData(sessionQuery);
    } catch (error) {
      if (!(error instanceof ApiError) || error.status !== 401) throw error;
      throw toSignIn(location.href);
    }
  },
  component: Shell,
});

const home = createRoute({
  getParentRoute: () => inside,
  path: '/',
  beforeLoad: ({ context }) => {
    // Whoever manages medweave and sees no patients begins where they work.
    const session = context.queries.getQueryData<Session>(sessionQuery.queryKey);
    if (session?.administers && !session.features.includes('patients')) throw redirect({ to: '/admin/{-$part}', params: {}, replace: true });
    throw redirect({ to: '/patients', search: { q: '' }, replace: true });
  },
});

const patients = createRoute({
  getParentRoute: () => inside,
  path: '/patients',
  validateSearch: (search): { q: string; more?: boolean } => ({ q: asText(search['q']) ?? '', ...(search['more'] === true && { more: true }) }),
  component: Patients,
});

/** What of a chart is open: the record whose way is shown, the test whose course is, whether errors are, and what its parts have for themselves. */
export interface ChartSearch {
  where?: string;
  field?: string;
  test?: string;
  errors?: boolean;
  columns?: number;
  /** The stretch of time that is looked at: one of a button, or from one minute to another (`2026-11-24T06:05Z`). */
  span?: Span;
  from?: string;
  to?: string;
  view?: 'table';
  /** The note that is read, and an older version of it; whether reports that only gather results are listed. */
  note?: string;
  version?: number;
  panels?: boolean;
  paper?: 'a4' | 'letter';
}

const chart = createRoute({
  getParentRoute: () => inside,
  path: '/p/$id/{-$tab}',
  validateSearch: (search): ChartSearch => {
    const valid: ChartSearch = {};
    const where = asText(search['where']);
    const field = asText(search['field']);
    const test = asText(search['test']);
    if (where && isReference(where)) valid.where = where;
    if (field) valid.field = field;
    if (test) valid.test = test;
    if (search['errors'] === true) valid.errors = true;
    const [from, to, note] = [asText(search['from']), asText(search['to']), asText(search['note'])];
    if (isSpan(search['span'])) valid.span = search['span'];
    if (fromAddress(from) !== undefined && fromAddress(to) !== undefined) Object.assign(valid, { from, to });
    if (search['view'] === 'table') valid.view = 'table';
    if (note && isReference(note)) valid.note = note;
    if (typeof search['version'] === 'number' && search['version'] > 0) valid.version = Math.floor(search['version']);
    if (search['panels'] === true) valid.panels = true;
    if (search['paper'] === 'a4' || search['paper'] === 'letter') valid.paper = search['paper'];
    if (typeof search['columns'] === 'number' && search['columns'] > 0) valid.columns = Math.floor(search['columns']);
    return valid;
  },
  component: ChartPage,
});

const sql = createRoute({
  getParentRoute: () => inside,
  path: '/sql',
  validateSearch: (search): { q?: string; limit?: number; where?: string } => {
    const [q, where] = [asText(search['q']), asText(search['where'])];
    const limit = Number(search['limit']);
    return { ...(q && { q }), ...(where && isReference(where) && { where }), ...(LIMITS.some((rows) => rows === limit) && { limit }) };
  },
  component: SqlPage,
});

const sources = createRoute({
  getParentRoute: () => inside,
  path: '/sources',
  component: SourcesPage,
});

/**
 * What of a source is open: a table, a row (`table/7`), a run and a target of it, a file of the mapping, a value without a code, something
 * that was not taken; and of what was not taken, whether only what could not be read is meant, and whether also what was dealt with.
 */
export interface SourceSearch {
  code?: string;
  dealt?: boolean;
  file?: string;
  letter?: number;
  run?: number;
  unread?: boolean;
  table?: string;
  profile?: boolean;
  row?: string;
  target?: string;
}

const source = createRoute({
  getParentRoute: () => inside,
  path: '/sources/$name/{-$tab}',
  validateSearch: (search): SourceSearch => {
    const [code, file, table, row, target] = [asText(search['code']), asText(search['file']), asText(search['table']), asText(search['row']), asText(search['target'])];
    return { ...(code && { code }), ...(file && { file }), ...(table && { table }), ...(row && /.\/\d+$/.test(row) && { row }), ...(target && { target }), ...(typeof search['run'] === 'number' && { run: search['run'] }), ...(search['profile'] === true && { profile: true }), ...(typeof search['letter'] === 'number' && { letter: search['letter'] }), ...(search['dealt'] === true && { dealt: true }), ...(search['unread'] === true && { unread: true }) };
  },
  component: SourcePage,
});

/** What of the quality page is open: a run, a table and a category of its checks, one check. */
export interface QualitySearch {
  run?: number;
  table?: string;
  category?: Category;
  check?: string;
  all?: boolean;
}

const quality = createRoute({
  getParentRoute: () => inside,
  path: '/quality',
  validateSearch: (search): QualitySearch => {
    const [table, check] = [asText(search['table']), asText(search['check'])];
    const category = CATEGORIES.find((name) => name === search['category']);
    return {
      ...(typeof search['run'] === 'number' && { run: search['run'] }),
      ...(table && { table }),
      ...(category && { category }),
      ...(check && { check }),
      ...(search['all'] === true && { all: true }),
    };
  },
  component: QualityPage,
});

/** What of an administrator's part is open, and what of its list is asked for. */
export interface AdminSearch {
  /** An account as the trail names it (`person/3 ada`): what was done by or to it. */
  about?: string;
  /** Also what is revoked or over. */
  all?: boolean;
  ended?: 'done' | 'not';
  /** Something new is being made. */
  make?: boolean;
  patient?: string;
  person?: number;
  q?: string;
  sender?: number;
  since?: string;
  state?: 'open' | 'disabled';
  token?: number;
  trail?: 'records';
  until?: string;
  what?: string;
}

const isDay = (text: string): boolean => /^\d{4}-\d{2}-\d{2}$/.test(text);

const admin = createRoute({
  getParentRoute: () => inside,
  path: '/admin/{-$part}',
  validateSearch: (search): AdminSearch => {
    const valid: AdminSearch = {};
    for (const name of ['about', 'patient', 'q', 'what'] as const) {
      const text = asText(search[name]);
      if (text) valid[name] = text;
    }
    for (const name of ['person', 'sender', 'token'] as const) if (typeof search[name] === 'number') valid[name] = search[name];
    for (const name of ['since', 'until'] as const) {
      const day = asText(search[name]);
      if (day && isDay(day)) valid[name] = day;
    }
    for (const name of ['all', 'make'] as const) if (search[name] === true) valid[name] = true;
    if (search['ended'] === 'done' || search['ended'] === 'not') valid.ended = search['ended'];
    if (search['state'] === 'open' || search['state'] === 'disabled') valid.state = search['state'];
    if (search['trail'] === 'records') valid.trail = 'records';
    return valid;
  },
  component: AdminPage,
});

/** What of the intake is open, and what of its lists is asked for: an arrival, a letter, two records that may be of one person. */
export interface IntakeSearch {
  arrival?: number;
  door?: string;
  letter?: number;
  letters?: LetterState;
  link?: string;
  links?: LinkState;
  q?: string;
  source?: string;
}

const intake = createRoute({
  getParentRoute: () => inside,
  path: '/intake/{-$part}',
  validateSearch: (search): IntakeSearch => {
    const valid: IntakeSearch = {};
    for (const name of ['door', 'link', 'q', 'source'] as const) {
      const text = asText(search[name]);
      if (text) valid[name] = text;
    }
    for (const name of ['arrival', 'letter'] as const) if (typeof search[name] === 'number') valid[name] = search[name];
    const [letters, links] = [LETTER_STATES.find((one) => one === search['letters']), LINK_STATES.find((one) => one === search['links'])];
    return { ...valid, ...(letters && { letters }), ...(links && { links }) };
  },
  component: IntakePage,
});

/** An address that is no page, in the frame that leads to those there are. */
const missing = createRoute({
  getParentRoute: () => inside,
  path: '$',
  component: Missing,
});

const me = createRoute({
  getParentRoute: () => inside,
  path: '/me',
  component: MePage,
});

/** A number in an address that a double would write otherwise stays text: identifiers have eighteen digits and leading zeros. */
export function searchValue(text: string): unknown {
  const value: unknown = JSON.parse(text);
  return typeof value === 'number' && String(value) !== text ? text : value;
}

export const router = createRouter({
  routeTree: root.addChildren([signin, setup, inside.addChildren([home, patients, chart, sql, sources, source, quality, intake, admin, me, missing])]),
  context: { queries },
  parseSearch: parseSearchWith(searchValue),
  stringifySearch: stringifySearchWith(JSON.stringify, searchValue),
  defaultPendingMs: 200,
  defaultPendingComponent: () => <Waiting lines={8} />,
  defaultErrorComponent: ({ error, reset }) => (
    <Failure
      error={error}
      onRetry={() => {
        reset();
        void router.invalidate();
      }}
    />
  ),
  defaultNotFoundComponent: Missing,
  scrollRestoration: true,
});

declare module '@tanstack/react-router' {
  interface Register {
    router: typeof router;
  }
}
