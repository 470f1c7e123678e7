import type { Browser, BrowserContext } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { launch, PHONE, visitor, Watched, WIDE, type Look } from './browser';
import { Server } from './server';
import { CORRECTION, MESSAGE, WARD } from './ward';

const PASSWORD = 'seven east at three in the morning';
const LOOK: Look = { language: 'en', theme: 'light', size: WIDE };

let server: Server;
let browser: Browser;
/** What a signed-in clinician's browser holds. */
let signedIn: Awaited<ReturnType<BrowserContext['storageState']>>;

beforeAll(async () => {
  server = new Server();
  server.load('ward', WARD);
  server.load('correction', CORRECTION);
  server.message('oru', MESSAGE);
  await server.start();
  browser = await launch();
});

afterAll(async () => {
  await browser?.close();
  await server?.remove();
});

async function clinician(look: Look = LOOK): Promise<Watched> {
  return visitor(browser, look, signedIn);
}

async function fine(watched: Watched): Promise<void> {
  expect(await watched.violations()).toEqual([]);
  expect(watched.problems).toEqual([]);
}

describe('set-up and sign-in', () => {
  it('makes the first account by the link that the program prints', async () => {
    const watched = await visitor(browser, LOOK);
    const { page } = watched;
    await page.goto(server.setupLink().replace(/^https?:\/\/[^/]+/, server.url('')));
    await page.getByRole('heading', { name: 'Set up medweave' }).waitFor();
    expect(page.url(), 'the code is taken out of the address').not.toContain('code=');
    await page.getByLabel('Account').fill('root');
    await page.getByLabel('Password').fill('short');
    await page.getByRole('button', { name: 'Make the account' }).click();
    await page.getByText('needs at least 12 characters').waitFor();
    await fine(watched);
    await watched.shot('setup-en-light-wide');
    await page.getByLabel('Password').fill(PASSWORD);
    await page.getByRole('button', { name: 'Make the account' }).click();
    // An administrator manages accounts and sees no patient.
    await page.getByText('This account manages medweave').waitFor();
    await fine(watched);
    await watched.shot('admin-en-light-wide');
    server.command(['user', 'create', 'ada', '--role', 'clinician', '--display', 'Ada Ward', '--password-stdin'], PASSWORD);
    await page.context().close();
  });

  it('asks for the account, says what is wrong, and goes back to where one was', async () => {
    const watched = await visitor(browser, LOOK);
    watched.expected.add(401);
    const { page } = watched;
    await page.goto(server.url('/p/wei/labs'));
    await page.getByRole('heading', { name: 'Sign in' }).waitFor();
    await page.getByLabel('Account').fill('ada');
    await page.getByLabel('Password').fill('not the password at all');
    await page.keyboard.press('Enter');
    await page.getByText('Account or password is wrong').waitFor();
    await fine(watched);
    await watched.shot('signin-en-light-wide');
    await page.getByLabel('Password').fill(PASSWORD);
    await page.keyboard.press('Enter');
    await page.getByRole('rowheader', { name: /Potassium/ }).waitFor();
    expect(new URL(page.url()).pathname).toBe('/p/wei/labs');
    signedIn = await page.context().storageState();
    await page.context().close();
  });

  it('never goes back to another site', async () => {
    const watched = await clinician();
    await watched.page.goto(server.url('/signin?to=//example.org/'));
    await watched.page.getByLabel('Account').fill('ada');
    await watched.page.getByLabel('Password').fill(PASSWORD);
    await watched.page.keyboard.press('Enter');
    await watched.page.getByRole('searchbox').waitFor();
    expect(watched.page.url()).toContain(server.address);
    await watched.page.context().close();
  });
});

describe('patients', () => {
  const rows = (watched: Watched) => watched.page.locator('[data-row-link]');

  it.each([
    ['smtih', 'SMITH, Catherine', 'close to smith'],
    ['chenwei', 'CHEN, Wei', 'name chenwei'],
    ['陈伟', 'CHEN, Wei', 'name 陈伟'],
    ['wf', 'WANG, Fang', 'initials wf'],
    ['129 728 7652', 'CHEN, Wei', 'number 1297287652'],
    ['14/7/1958', 'CHEN, Wei', 'born 1958-07-14'],
    ['müller 1931', 'MÜLLER, Jürgen', 'name muller'],
  ])('%s finds the patient and says why', async (typed, name, why) => {
    const watched = await clinician();
    await watched.page.goto(server.url('/'));
    await watched.page.getByRole('searchbox').fill(typed);
    await watched.page.getByText(why).first().waitFor();
    expect(await rows(watched).first().textContent()).toContain(name);
    await fine(watched);
    await watched.page.context().close();
  });

  it('marks names that can be taken for each other and never opens a sole match by itself', async () => {
    const watched = await clinician();
    const { page } = watched;
    await page.goto(server.url('/patients?q=chen'));
    await expect.poll(() => page.getByText('similar name').count()).toBe(2);
    await page.getByRole('searchbox').fill('smith');
    await expect.poll(() => rows(watched).count()).toBe(1);
    await page.keyboard.press('Enter');
    expect(new URL(page.url()).pathname).toBe('/patients');
    expect(await rows(watched).first().evaluate((row) => row === document.activeElement)).toBe(true);
    await page.context().close();
  });

  it('says what was searched when nobody matches', async () => {
    const watched = await clinician();
    await watched.page.goto(server.url('/patients?q=nobodyhere'));
    await watched.page.getByText('No patient matches “nobodyhere”').waitFor();
    await fine(watched);
    await watched.shot('patients-none-en-light-wide');
    await watched.page.context().close();
  });

  it('works by keys alone: search, list, chart, where from, back', async () => {
    const watched = await clinician();
    const { page } = watched;
    await page.goto(server.url('/patients'));
    await rows(watched).first().waitFor();
    await page.keyboard.press('/');
    await page.keyboard.type('chen wei');
    await page.getByText('name chen').first().waitFor();
    await page.keyboard.press('Enter');
    await page.keyboard.press('j');
    await page.keyboard.press('k');
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { name: 'Problems' }).waitFor();
    expect(await page.evaluate(() => document.activeElement?.tagName)).toBe('H1');
    await page.keyboard.press('2');
    await page.getByRole('rowheader', { name: /Potassium/ }).waitFor();
    await page.keyboard.press('j');
    await page.keyboard.press('w');
    await page.getByRole('complementary', { name: /Where from/ }).waitFor();
    await page.keyboard.press('Escape');
    await expect.poll(() => page.getByRole('complementary').count()).toBe(0);
    expect(await page.evaluate(() => document.activeElement?.getAttribute('data-ref'))).toMatch(/^Observation\//);
    await page.keyboard.press('?');
    await page.getByRole('dialog').waitFor();
    await fine(watched);
    await watched.shot('keys-en-light-wide');
    await page.keyboard.press('Escape');
    await page.keyboard.press('g');
    await page.keyboard.press('p');
    await page.getByRole('searchbox').waitFor();
    expect(new URL(page.url()).pathname).toBe('/patients');
    await page.context().close();
  });

  it('leaves letters alone once single-letter keys are off', async () => {
    const watched = await clinician();
    const { page } = watched;
    await page.goto(server.url('/patients'));
    await rows(watched).first().waitFor();
    await page.keyboard.press('?');
    await page.getByRole('switch').click({ force: true });
    await page.keyboard.press('Escape');
    await page.getByRole('dialog').waitFor({ state: 'detached' });
    await page.keyboard.press('?');
    expect(await page.getByRole('dialog').count()).toBe(0);
    await page.context().close();
  });
});

describe('chart', () => {
  it('shows who it is about and keeps facts apart that must not be mixed', async () => {
    const watched = await clinician();
    const { page } = watched;
    await page.goto(server.url('/p/wei'));
    const banner = page.getByRole('region', { name: 'Patient' });
    await banner.waitFor();
    const text = (await banner.textContent()) ?? '';
    for (const part of ['CHEN, Wei', '陈伟', '14-Jul-1958', '(68 y)', 'Male', '1297287652', 'Penicillin (anaphylaxis)']) expect(text).toContain(part);
    const problems = page.locator('section', { has: page.getByRole('heading', { name: /^Problems/ }) });
    expect(await problems.textContent()).toMatch(/Atrial fibrillation.*Mar-2024/);
    expect(await page.getByText('Pregnancy').count(), 'entered in error is hidden').toBe(0);
    expect(await page.getByText('Apixaban 5 mg tablet').isVisible()).toBe(true);
    expect(await page.getByText('predniSONE 10 mg tablet').isVisible(), 'what was stopped is folded away').toBe(false);
    await page.getByText('Show entered in error').click();
    await page.getByText('Pregnancy').waitFor();
    expect(page.url()).toContain('errors=true');
    await page.goto(server.url('/p/fang'));
    await banner.getByText('No known allergies').waitFor();
    await page.goto(server.url('/p/ann'));
    await banner.getByText('Allergies: none recorded').waitFor();
    expect(await page.getByRole('region', { name: 'Patient' }).textContent()).toContain('about 55 y');
    await page.goto(server.url('/p/old'));
    await page.getByText('02-Oct-2026').waitFor();
    await fine(watched);
    await page.context().close();
  });

  it('shows labs with range, flag and trend, and leads a value home to its bytes', async () => {
    const watched = await clinician();
    const { page } = watched;
    await page.goto(server.url('/p/wei/labs'));
    const potassium = page.getByRole('row', { name: /Potassium/ });
    await potassium.waitFor();
    const words = (await potassium.textContent()) ?? '';
    expect(words).toContain('mmol/L · 3.5–5.1');
    expect(words).toContain('6.2');
    expect(words, 'the laboratory corrected it').toContain('corrected');
    expect(words, 'a range without a flag is computed').toMatch(/5\.3.*computed/);
    expect(await page.getByRole('row', { name: /Glucose/ }).textContent(), 'digits of the source').toContain('7.80');
    expect(await page.getByRole('row', { name: /LDL/ }).textContent()).toContain('<0.5');
    expect(await page.getByText('999').count(), 'entered in error').toBe(0);
    expect(await page.getByText('Times in Asia/Shanghai').count()).toBe(1);
    await page.getByRole('button', { name: 'Trend of Potassium' }).click();
    await page.getByRole('group', { name: /Potassium, 6 values/ }).waitFor();
    await fine(watched);
    await potassium.getByRole('button', { name: /6\.2/ }).click();
    const panel = page.getByRole('complementary', { name: /Where from/ });
    await panel.getByText('Version 2').waitFor();
    await panel.getByText('correction.json').waitFor();
    const marked = panel.locator('mark[data-mark="field"]');
    expect(await marked.textContent()).toMatch(/"valueQuantity":\s*\{\s*"value": 6\.2,/);
    await fine(watched);
    await panel.getByRole('button', { name: 'Changes' }).click();
    await expect.poll(() => panel.locator('.where-bytes').textContent()).toMatch(/−\s+"value": 6\.8/);
    await panel.getByRole('button', { name: 'FHIR JSON' }).click();
    await expect.poll(() => panel.locator('mark').textContent()).toContain('6.2');
    expect(page.url()).toContain('where=Observation');
    await page.reload();
    await panel.getByText('Version 2').waitFor();
    await page.context().close();
  });

  it('leads a value that came in a message to its field in the segment', async () => {
    const watched = await clinician();
    const { page } = watched;
    await page.goto(server.url('/patients?q=880011'));
    await page.locator('[data-row-link]').click();
    await page.getByText('151.0').click();
    const panel = page.getByRole('complementary', { name: /Where from/ });
    await panel.locator('mark[data-mark="field"]').waitFor();
    expect(await panel.locator('mark[data-mark="field"]').textContent()).toBe('151.0');
    expect(await panel.locator('mark').first().textContent()).toBe('OBX|2|NM|2951-2^Sodium^LN||');
    await fine(watched);
    await watched.shot('where-message-en-light-wide');
    await page.context().close();
  });

  it('says what is missing, deleted or not for this account', async () => {
    const watched = await clinician();
    for (const status of [403, 404, 410, 500]) watched.expected.add(status);
    const { page } = watched;
    await page.goto(server.url('/p/nobody'));
    await page.getByRole('heading', { name: 'There is nothing here' }).last().waitFor();
    await page.goto(server.url('/no/such/page'));
    await page.getByRole('heading', { name: 'There is nothing here' }).last().waitFor();
    // What only happens on a bad day is made to happen at the network, the page is the real one.
    for (const [status, heading] of [
      [403, 'Not allowed'],
      [410, 'Deleted'],
      [500, 'The server failed'],
    ] as const) {
      await page.route('**/api/chart/**', (route) => route.fulfill({ status, contentType: 'application/json', body: '{"error":{"code":"x","message":"because of this","id":"r-77"}}' }));
      await page.goto(server.url('/p/wei'));
      await page.getByRole('heading', { name: heading }).waitFor();
      await page.getByText('because of this').waitFor();
      if (status === 500) {
        await page.getByText('r-77').waitFor();
        await watched.shot('failure-en-light-wide');
      }
      await page.unroute('**/api/chart/**');
    }
    await fine(watched);
    await page.context().close();
  });

  it('shows a skeleton only when it takes long', async () => {
    const watched = await clinician();
    const { page } = watched;
    let release = (): void => undefined;
    const held = new Promise<void>((resolve) => (release = resolve));
    await page.route('**/api/chart/**', async (route) => {
      await held;
      await route.continue();
    });
    await page.goto(server.url('/p/wei'));
    await page.getByText('Loading').waitFor({ state: 'attached' });
    await watched.shot('loading-en-light-wide');
    release();
    await page.getByRole('heading', { name: /^Problems/ }).waitFor();
    await page.context().close();
  });

  it('keeps what it had when the server goes, and comes back by itself', async () => {
    const watched = await clinician();
    const { page } = watched;
    await page.goto(server.url('/p/wei'));
    await page.getByRole('heading', { name: /^Problems/ }).waitFor();
    watched.offline = true;
    await server.stop();
    await page.getByText('The server does not answer').first().waitFor({ timeout: 40_000 });
    expect(await page.getByText('Atrial fibrillation').isVisible()).toBe(true);
    await watched.shot('offline-en-light-wide');
    await server.start();
    await page.getByText('The server does not answer').first().waitFor({ state: 'detached', timeout: 40_000 });
    expect(await page.getByText('Atrial fibrillation').isVisible()).toBe(true);
    await page.context().close();
  });
});

describe('SQL', () => {
  it('is in the rail only where the program has it, and its page says when it does not', async () => {
    const watched = await clinician();
    for (const status of [404, 405, 501]) watched.expected.add(status);
    const { page } = watched;
    await page.goto(server.url('/patients'));
    await page.getByRole('searchbox').waitFor();
    const session = (await (await page.request.get(server.url('/api/session'))).json()) as { features: string[] };
    const has = session.features.includes('sql');
    expect(await page.getByRole('link', { name: 'SQL' }).count()).toBe(has ? 1 : 0);
    await page.goto(server.url('/sql'));
    await page.getByRole('button', { name: 'Run' }).click();
    if (has) await page.getByRole('grid').waitFor();
    else await page.getByText('This server has no SQL yet').waitFor();
    await fine(watched);
    await watched.shot('sql-first-en-light-wide');
    await page.context().close();
  });
});

/** The SQL page's own work - a long table, an error's place - needs answers; they come in the shape of the API. */
describe('SQL page', () => {
  const rows = Array.from({ length: 10_000 }, (_, n) => [n, `patient ${n}`, n % 3 === 0 ? null : n / 7]);
  const answer = { columns: [{ name: 'row', type: 'Int64' }, { name: 'name', type: 'Utf8' }, { name: 'value', type: 'Float64' }], rows, truncated: true, ms: 12, seq: 99, lag_s: 2.1 };

  it('scrolls ten thousand rows by keys, names the lag, and gives CSV', async () => {
    const watched = await clinician();
    const { page } = watched;
    await page.route('**/api/sql', (route) => route.fulfill({ json: answer }));
    await page.goto(server.url('/sql'));
    await page.getByRole('textbox', { name: 'Statement' }).click();
    await page.keyboard.press('Control+Enter');
    await page.getByText('the lake is 2.1 s behind').waitFor();
    const grid = page.getByRole('grid');
    expect(await grid.getAttribute('aria-rowcount')).toBe('10001');
    await grid.getByRole('columnheader', { name: /row/ }).focus();
    await page.keyboard.press('Control+End');
    await page.getByText('patient 9999').waitFor();
    expect(await page.getByRole('row').count()).toBeLessThan(120);
    await fine(watched);
    await watched.shot('sql-en-light-wide');
    const [download] = await Promise.all([page.waitForEvent('download'), page.getByRole('button', { name: 'Download CSV' }).click()]);
    expect(download.suggestedFilename()).toBe('medweave-99.csv');
    await page.context().close();
  });

  it('shows where an error is', async () => {
    const watched = await clinician();
    watched.expected.add(400);
    const { page } = watched;
    await page.route('**/api/sql', (route) => route.fulfill({ status: 400, json: { error: { code: 'invalid', message: 'no table named pateint', at: 14 } } }));
    await page.goto(server.url(`/sql?q=${encodeURIComponent('SELECT *\nFROM pateint')}`));
    await page.getByRole('button', { name: 'Run' }).click();
    await page.getByText('Error in line 2, column 6').waitFor();
    await page.locator('.cm-lintRange-error').waitFor();
    await fine(watched);
    await watched.shot('sql-error-en-light-wide');
    await page.context().close();
  });
});

/** What reaches beyond the right edge. */
const wide = (page: Watched['page']) =>
  page.evaluate(() =>
    [...document.querySelectorAll('*')]
      .filter((element) => element.getBoundingClientRect().right > document.documentElement.clientWidth + 1 && !element.closest('.labs-scroll *'))
      .map((element) => `${element.tagName}.${element.className}`),
  );

describe.each(['en', 'zh-Hans'] as const)('every page in %s', (language) => {
  describe.each(['light', 'dark', 'night'] as const)('%s', (theme) => {
    it.each([
      ['wide', WIDE],
      ['phone', PHONE],
    ])('%s', async (name, size) => {
      const watched = await clinician({ language, theme, size });
      const { page } = watched;
      const shot = (what: string) => watched.shot(`${what}-${language}-${theme}-${name}`);
      const noSideways = () => page.evaluate(() => document.documentElement.scrollWidth <= document.documentElement.clientWidth);
      for (const [what, path, wait] of [
        ['patients', '/patients', '[data-row-link]'],
        ['patients-found', '/patients?q=chen', '.similar'],
        ['chart', '/p/wei', '.summary'],
        ['labs', '/p/wei/labs?test=http%3A%2F%2Floinc.org%7C2823-3', '.trend-chart'],
        ['where', '/p/wei/labs?where=Observation%2Fk5&field=valueQuantity', '.where mark'],
        ['encounters', '/p/wei/encounters', '.encounters .item'],
      ] as const) {
        await page.goto(server.url(path));
        await page.locator(wait).first().waitFor();
        await shot(what);
        await fine(watched);
        if (!(await noSideways())) expect(await wide(page), `${what} scrolls in one direction only`).toEqual([]);
      }
      watched.expected.add(401);
      await page.context().clearCookies();
      await page.goto(server.url('/'));
      await page.locator('input[type=password]').waitFor();
      await shot('signin');
      await fine(watched);
      await page.context().close();
    });
  });
});
