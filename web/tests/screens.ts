import { describe, expect, it } from 'vitest';
import { PHONE, visitor, WIDE, type Watched } from './browser';
import { fine, type House } from './house';

/** What reaches beyond the right edge. */
const sideways = (page: Watched['page']) =>
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

/** Requests of a page beyond its files and the one stream. */
const MOST_REQUESTS = 6;

/** A patient of the demo who has laboratory values, and one of those values, found as a person would: by what is stored. */
interface Someone {
  id: string;
  name: string;
  test: string;
  ref: string;
  field: string;
}

async function someone(page: Watched['page']): Promise<Someone> {
  return page.evaluate(async () => {
    const get = async (path: string) => (await fetch(path)).json() as Promise<never>;
    const { patients } = (await get('/api/patients?q=&limit=50')) as { patients: { id: string; name: { family: string } }[] };
    for (const { id, name } of patients) {
      const chart = (await get(`/api/chart/${id}`)) as { tests: { key: string; category: string }[]; results: { test: number; ref: string; field: string; numeric: boolean; flag?: string }[]; medications: unknown[] };
      const counts = chart.tests.map((_, n) => chart.results.filter((r) => r.test === n && r.numeric).length);
      const result = chart.results.find((r) => chart.tests[r.test]?.category === 'laboratory' && (counts[r.test] ?? 0) > 1 && r.flag !== undefined && r.flag !== 'N');
      const test = result && chart.tests[result.test];
      if (result && test && chart.medications.length > 2) return { id, name: name.family, test: test.key, ref: result.ref, field: result.field };
    }
    throw new Error('the demo has nobody with a flagged laboratory value');
  });
}

/** Every page of the demo, as `medweave demo` shows it, in each language, theme and size. */
export function screens(house: House): void {
  const { demo } = house;
  let signedIn: Awaited<ReturnType<ReturnType<Watched['page']['context']>['storageState']>>;
  let who: Someone;

  describe('the demo', () => {
    it('is entered by the one link that it prints', async () => {
      const watched = await house.stranger();
      watched.expected.add(401);
      const { page } = watched;
      await page.goto(demo.link());
      await page.locator('[data-row-link]').first().waitFor();
      expect(page.url()).not.toContain('code');
      expect(await page.locator('[data-row-link]').count()).toBeGreaterThanOrEqual(12);
      who = await someone(page);
      signedIn = await page.context().storageState();
      await fine(watched);
      await page.context().close();
    });
  });

  describe.each(['en', 'zh-Hans'] as const)('every page of the demo in %s', (language) => {
    describe.each(['light', 'dark', 'night'] as const)('%s', (theme) => {
      it.each([
        ['wide', WIDE],
        ['phone', PHONE],
      ])('%s', async (name, size) => {
        const watched = await visitor(house.browser, { language, theme, size }, signedIn);
        const { page } = watched;
        const chart = `/p/${who.id}`;
        const statement = new URLSearchParams({ q: 'SELECT code_display, count(*) AS n, avg(value) AS mean\nFROM observation\nGROUP BY code_display\nORDER BY n DESC' });
        const pages: [what: string, path: string, wait: string][] = [
          ['patients', '/patients', '[data-row-link]'],
          ['patients-found', `/patients?${new URLSearchParams({ q: who.name })}`, '[data-row-link]'],
          ['chart', chart, '.summary .item'],
          ['labs', `${chart}/labs?${new URLSearchParams({ test: who.test })}`, '.trend-chart'],
          ['vitals', `${chart}/vitals`, '.labs-grid'],
          ['where', `${chart}/labs?${new URLSearchParams({ where: who.ref, field: who.field })}`, '.where mark'],
          ['encounters', `${chart}/encounters`, '.encounters .item'],
          ['sql', `/sql?${statement}`, '.sql-list li'],
          ['me', '/me', '.me-sessions li'],
        ];
        for (const [what, path, wait] of pages) {
          let requests = 0;
          const count = (request: { url: () => string }) => {
            const { pathname } = new URL(request.url());
            if (/^\/(api|fhir)\//.test(pathname) && pathname !== '/api/live') requests += 1;
          };
          page.on('request', count);
          await page.goto(demo.url(path));
          await page.locator(wait).first().waitFor();
          if (what === 'sql') {
            await page.locator('.sql-bar [data-primary]').click();
            await page.locator('.sql-facts').waitFor();
          }
          page.off('request', count);
          expect(requests, `${what} asks at most ${MOST_REQUESTS} times`).toBeLessThanOrEqual(MOST_REQUESTS);
          await watched.shot(`${what}-${language}-${theme}-${name}`);
          // The document is the same on the phone in each theme, and its colours are those of the wide page.
          if (name === 'wide' || theme === 'light') await fine(watched);
          expect(await sideways(page), `${what} scrolls in one direction only`).toEqual([]);
          expect(await small(page), `${what} has targets that can be hit`).toEqual([]);
        }
        watched.expected.add(401);
        await page.context().clearCookies();
        await page.goto(demo.url('/'));
        await page.locator('input[type=password]').waitFor();
        await watched.shot(`signin-${language}-${theme}-${name}`);
        await fine(watched);
        await page.context().close();
      });
    });

    it('reads at 400 % without scrolling two ways', async () => {
      // 1280 × 1024 at 400 %.
      const watched = await visitor(house.browser, { language, theme: 'light', size: { width: 320, height: 256 } }, signedIn);
      const { page } = watched;
      for (const [what, path, wait] of [
        ['patients', '/patients', '[data-row-link]'],
        ['chart', `/p/${who.id}`, '.summary .item'],
        ['where', `/p/${who.id}?${new URLSearchParams({ where: who.ref, field: who.field })}`, '.where mark'],
        ['sql', '/sql', '.sql-list li'],
        ['me', '/me', '.me-sessions li'],
      ] as const) {
        await page.goto(demo.url(path));
        await page.locator(wait).first().waitFor({ state: 'attached' });
        expect(await sideways(page), what).toEqual([]);
        await watched.shot(`${what}-${language}-light-zoom`);
      }
      expect(watched.problems).toEqual([]);
      await page.context().close();
    });
  });
}
