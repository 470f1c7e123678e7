import { describe, expect, it } from 'vitest';
import { PHONE, visitor, WIDE, type Watched } from './browser';
import { fine, type House, type State } from './house';

const THEMES = ['light', 'dark', 'night'] as const;
/** A visitor looks at sixty pages, each with every rule of axe: a minute alone, many beside other work. */
const VISIT_MS = 900_000;

/** What reaches beyond the right edge. */
export const sideways = (page: Watched['page']) =>
  page.evaluate(() =>
    document.documentElement.scrollWidth <= document.documentElement.clientWidth
      ? []
      : [...document.querySelectorAll('*')]
          .filter((element) => element.getBoundingClientRect().right > document.documentElement.clientWidth + 1 && !element.closest('.labs-scroll *, .grid *'))
          .map((element) => `${element.tagName}.${element.className}`),
  );

/** Targets too small for a finger or a shaking hand; words within a sentence are not meant (WCAG 2.5.8). */
const small = (page: Watched['page']) =>
  page.evaluate(() =>
    [...document.querySelectorAll<HTMLElement>('button, a[href], input, select, summary, [role="button"]')]
      .filter((element) => element.offsetParent !== null && !element.closest('[inert]') && getComputedStyle(element).display !== 'inline' && !element.matches('.skip'))
      // What stands in a label is hit by hitting the label.
      .map((element) => ({ element, box: (element.closest('label') ?? element).getBoundingClientRect() }))
      .filter(({ box }) => box.width > 0 && (box.width < 24 || box.height < 24))
      .map(({ element, box }) => `${element.tagName}.${element.className} ${Math.round(box.width)}×${Math.round(box.height)}`),
  );

/** Words that are cut off by what they stand in, though nothing lets one see the rest. */
const cut = (page: Watched['page']) =>
  page.evaluate(() =>
    [...document.querySelectorAll<HTMLElement>('button, a, h1, h2, dd, dt, td, th, label, p, summary, li, span')]
      .filter((element) => element.checkVisibility({ checkOpacity: true, checkVisibilityCSS: true }) && !element.closest('.hidden-text, .grid, .cm-editor, .sql-past, .skip'))
      .filter((element) => /hidden|clip/.test(getComputedStyle(element).overflowX) && element.scrollWidth > element.clientWidth + 1)
      .map((element) => `${element.tagName}.${element.className} ${element.textContent.slice(0, 60)}`),
  );

/** Requests of a page beyond its files, the one stream, and what the rail counts once the page is there. */
const MOST_REQUESTS = 6;

/** A patient of the demo who has laboratory values, and one of those values, found as a person would: by what is stored. */
interface Someone {
  id: string;
  name: string;
  test: string;
  ref: string;
  field: string;
  /** Somebody whose record a mapping made of tables, and a laboratory value of theirs. */
  mapped: { id: string; ref: string; field: string };
}

async function someone(page: Watched['page']): Promise<Someone> {
  return page.evaluate(async () => {
    const get = async (path: string) => (await fetch(path)).json() as Promise<never>;
    const people = (await get(`/fhir/Patient?${new URLSearchParams({ identifier: 'urn:medweave:source:clinic:patient|1' })}`)) as { entry: { resource: { id: string } }[] };
    const own = people.entry[0]?.resource.id ?? '';
    const made = (await get(`/api/chart/${own}`)) as { results: { ref: string; field: string; numeric: boolean }[] };
    const value = made.results.find((result) => result.numeric);
    const mapped = { id: own, ref: value?.ref ?? '', field: value?.field ?? '' };
    const { patients } = (await get('/api/patients?q=&limit=50')) as { patients: { id: string; name: { family: string } }[] };
    for (const { id, name } of patients) {
      const chart = (await get(`/api/chart/${id}`)) as { tests: { key: string; category: string }[]; results: { test: number; ref: string; field: string; numeric: boolean; flag?: string }[]; medications: unknown[] };
      const counts = chart.tests.map((_, n) => chart.results.filter((r) => r.test === n && r.numeric).length);
      const result = chart.results.find((r) => chart.tests[r.test]?.category === 'laboratory' && (counts[r.test] ?? 0) > 1 && r.flag !== undefined && r.flag !== 'N');
      const test = result && chart.tests[result.test];
      if (result && test && chart.medications.length > 2) return { id, name: name.family, test: test.key, ref: result.ref, field: result.field, mapped };
    }
    throw new Error('the demo has nobody with a flagged laboratory value');
  });
}

/** What the screens are of: who is looked at, and what the browser of somebody who came by the link holds. */
interface Entered {
  who: Someone;
  state: State;
}
let entered: Entered | undefined;
const visit = (): Entered => entered ?? expect.fail('the demo was not entered');

export function entrance(house: House): void {
  it('the demo is entered by the one link that it prints', async () => {
    const watched = await house.stranger();
    watched.expected.add(401);
    const { page } = watched;
    await page.goto(house.demo.link);
    await page.locator('[data-row-link]').first().waitFor();
    expect(page.url()).not.toContain('code');
    expect(await page.locator('[data-row-link]').count()).toBeGreaterThanOrEqual(12);
    entered = { who: await someone(page), state: await page.context().storageState() };
    await fine(watched);
    await watched.close();
  });
}

function pagesOf({ id, name, test, ref, field, mapped }: Someone): [what: string, path: string, wait: string][] {
  const chart = `/p/${id}`;
  const statement = new URLSearchParams({ q: 'SELECT code_display, count(*) AS n, avg(value) AS mean\nFROM observation\nGROUP BY code_display\nORDER BY n DESC' });
  return [
    ['patients', '/patients', '[data-row-link]'],
    ['patients-found', `/patients?${new URLSearchParams({ q: name })}`, '[data-row-link]'],
    ['chart', chart, '.summary .item'],
    ['labs', `${chart}/labs?${new URLSearchParams({ test })}`, '.trend-chart'],
    ['vitals', `${chart}/vitals`, '.strip-plot'],
    ['vitals-table', `${chart}/vitals?view=table`, '.labs-grid'],
    ['notes', `${chart}/notes`, '.notes, .empty'],
    ['medications', `${chart}/medications`, '.medicine-bar'],
    ['print', `${chart}/print`, '.paper .item'],
    ['where', `${chart}/labs?${new URLSearchParams({ where: ref, field })}`, '.where mark'],
    ['encounters', `${chart}/encounters`, '.encounters .item'],
    ['sql', `/sql?${statement}`, '.sql-list li'],
    ['cells', `/p/${mapped.id}/labs?${new URLSearchParams({ where: mapped.ref, field: mapped.field })}`, '.where mark'],
    ['sources', '/sources', '[data-row-link]'],
    ['source', '/sources/clinic', '.fold-row table'],
    ['source-tables', '/sources/clinic/tables?table=people', '.columns li'],
    ['source-row', '/sources/clinic/tables?row=people/22', '.where mark'],
    ['mapping', '/sources/clinic/mapping?file=observation.sql', '.preview-json'],
    ['runs', '/sources/clinic/runs?target=Observation', '.run-bar'],
    ['source-profile', '/sources/clinic/tables?table=results&profile=true', 'details[open] .profile'],
    ['quality', '/quality', '.page h1'],
    ['codes', '/sources/clinic/codes', '.fold-row'],
    ['letters', '/sources/clinic/letters', '.fold-row'],
    ['runs-before', '/sources/clinic/runs?run=1', '.run-past .target'],
    ['me', '/me', '.me-sessions li'],
  ];
}

/** Takes the picture in each theme. A theme changes colours alone, so that of the others only contrast is asked. */
export async function look(watched: Watched, what: string, language: string, size: string): Promise<void> {
  for (const theme of THEMES) {
    await watched.page.evaluate((name) => (document.documentElement.dataset['theme'] = name), theme);
    await watched.shot(`${what}-${language}-${theme}-${size}`);
    expect(await watched.violations(theme === 'light' ? 'everything' : 'contrast'), `${what}, ${theme}`).toEqual([]);
  }
  expect(watched.problems, what).toEqual([]);
  expect(await sideways(watched.page), `${what} scrolls in one direction only`).toEqual([]);
  expect(await small(watched.page), `${what} has targets that can be hit`).toEqual([]);
  expect(await cut(watched.page), `${what} cuts no words off`).toEqual([]);
}

/** What the frame asks on every page, after it: the stream of changes, and the counts of the rail. */
const FRAME = new Set(['/api/live', '/api/status', '/api/identity']);

/** Every page of the demo, as `medweave demo` shows it, in each language, theme and size. */
export function screens(house: House): void {
  const { demo } = house;
  const LANGUAGES = ['en', 'zh-Hans'] as const;

  describe.each(LANGUAGES)('every page of the demo in %s', (language) => {
    it.each([
      ['wide', WIDE],
      ['phone', PHONE],
    ])('%s, in every theme', { timeout: VISIT_MS }, async (name, size) => {
      const { who, state } = visit();
      const watched = await visitor(house.browser, { language, theme: 'light', size }, state);
      const { page } = watched;
      for (const [what, path, wait] of pagesOf(who)) {
        let requests = 0;
        const count = (request: { url: () => string }) => {
          const { pathname } = new URL(request.url());
          if (/^\/(api|fhir)(\/|$)/.test(pathname) && !FRAME.has(pathname)) requests += 1;
        };
        page.on('request', count);
        await page.goto(demo.url(path));
        await page.locator(wait).first().waitFor();
        if (what === 'sql') {
          await page.locator('.sql-bar [data-primary]').click();
          await page.locator('.sql-facts').waitFor();
        }
        if (what === 'runs') {
          // Visitors in other languages and sizes look at the same source, whose runs go one after the other.
          page.off('request', count);
          watched.expected.add(409);
          const reasons = page.locator('.target[open] .reasons').first();
          const refused = page.locator('.act-said');
          for (let turn = 0; turn < 30 && !(await reasons.isVisible()); turn += 1) {
            await page.locator('.run-bar button').first().click();
            await reasons.or(refused).first().waitFor();
            if (await refused.isVisible()) await page.waitForTimeout(500);
          }
          await reasons.waitFor();
          watched.expected.delete(409);
        }
        page.off('request', count);
        expect(requests, `${what} asks at most ${MOST_REQUESTS} times`).toBeLessThanOrEqual(MOST_REQUESTS);
        await look(watched, what, language, name);
      }
      watched.expected.add(401);
      await page.context().clearCookies();
      await page.goto(demo.url('/'));
      await page.locator('input[type=password]').waitFor();
      await look(watched, 'signin', language, name);
      await watched.close();
    });

    it('at 400 %, without scrolling two ways', async () => {
      const { who, state } = visit();
      // 1280 × 1024 at 400 %.
      const watched = await visitor(house.browser, { language, theme: 'light', size: { width: 320, height: 256 } }, state);
      const { page } = watched;
      for (const [what, path, wait] of [
        ['patients', '/patients', '[data-row-link]'],
        ['chart', `/p/${who.id}`, '.summary .item'],
        ['vitals', `/p/${who.id}/vitals`, '.strip-plot'],
        ['medications', `/p/${who.id}/medications`, '.medicine-bar'],
        ['where', `/p/${who.id}?${new URLSearchParams({ where: who.ref, field: who.field })}`, '.where mark'],
        ['sql', '/sql', '.sql-list li'],
        ['source', '/sources/clinic', '.fold-row table'],
        ['cells', `/p/${who.mapped.id}?${new URLSearchParams({ where: who.mapped.ref, field: who.mapped.field })}`, '.where mark'],
        ['me', '/me', '.me-sessions li'],
      ] as const) {
        await page.goto(demo.url(path));
        await page.locator(wait).first().waitFor({ state: 'attached' });
        expect(await sideways(page), what).toEqual([]);
        await watched.shot(`${what}-${language}-light-zoom`);
      }
      expect(watched.problems).toEqual([]);
      await watched.close();
    });
  });
}
