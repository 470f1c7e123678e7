import { describe, expect, it } from 'vitest';
import { fine, PASSWORD, type House } from './house';

const potassium = (value: number) => ({
  resourceType: 'Observation',
  id: 'k9',
  status: 'final',
  category: [{ coding: [{ system: 'http://terminology.hl7.org/CodeSystem/observation-category', code: 'laboratory' }] }],
  code: { text: 'Potassium', coding: [{ system: 'http://loinc.org', code: '2823-3' }] },
  subject: { reference: 'Patient/wei' },
  effectiveDateTime: '2026-11-25T08:00:00+08:00',
  valueQuantity: { value, unit: 'mmol/L' },
});

export function live(house: House): void {
  const { server } = house;
  describe('while it is open, a page', () => {
    it('shows what arrives without being asked, and polls for nothing', async () => {
      const watched = await house.clinician();
      const { page } = watched;
      await page.goto(server.url('/p/wei/labs'));
      await page.getByRole('rowheader', { name: /Potassium/ }).waitFor();
      await page.getByText('Connected').waitFor();
      server.load('later', [potassium(4.62)]);
      await page.getByText('4.62').waitFor();
      await fine(watched);
      await watched.close();
    });

    it('keeps what it had when the server goes, says since when, and comes back by itself', async () => {
      const watched = await house.clinician();
      const { page } = watched;
      await page.goto(server.url('/p/wei'));
      await page.getByRole('heading', { name: /^Problems/ }).waitFor();
      await page.getByText('Connected').waitFor();
      watched.offline = true;
      await server.stop();
      await page.getByText('The server does not answer').first().waitFor({ timeout: 10_000 });
      await page.getByText('No connection').waitFor();
      expect(await page.getByText('Atrial fibrillation').isVisible()).toBe(true);
      await fine(watched);
      await watched.shot('offline-en-light-wide');
      await server.start();
      await page.getByText('The server does not answer').first().waitFor({ state: 'detached', timeout: 20_000 });
      expect(await page.getByText('Atrial fibrillation').isVisible()).toBe(true);
      // What came while it was away.
      server.load('much-later', [potassium(4.73)]);
      await page.getByRole('button', { name: /Potassium.*4\.73/ }).waitFor({ timeout: 20_000 });
      await watched.close();
    });

    it('says so when the server could not be told that somebody left', async () => {
      const watched = await house.stranger();
      watched.expected.add(401);
      const { page } = watched;
      await page.goto(server.url('/patients'));
      await page.getByLabel('Account').fill('ada');
      await page.getByLabel('Password').fill(PASSWORD);
      await page.keyboard.press('Enter');
      await page.locator('[data-row-link]').first().waitFor();
      watched.offline = true;
      await server.stop();
      // No menu was open before: it is there all the same.
      await page.getByRole('button', { name: 'Account Ada Ward' }).click();
      await page.getByRole('menuitem', { name: 'Sign out' }).click();
      await page.getByText('you may still be signed in on this computer').waitFor();
      await watched.shot('signin-unsure-en-light-wide');
      await server.start();
      await page.getByRole('button', { name: 'Sign out' }).click();
      await page.getByText('you may still be signed in on this computer').waitFor({ state: 'detached' });
      await page.goto(server.url('/patients'));
      await page.getByRole('heading', { name: 'Sign in' }).waitFor();
      await fine(watched);
      await watched.close();
    });

    it('says that a part is not there while the server is away, keeps what it had, and shows it when the server is back', async () => {
      const watched = await house.clinician();
      const { page } = watched;
      watched.offline = true;
      // What was being fetched as the server went.
      await page.route('**/assets/Trend-*.css', (route) => route.abort());
      const failed = page.waitForEvent('requestfailed', (request) => request.url().includes('/Trend-'));
      await page.goto(server.url('/p/wei'));
      await page.getByRole('heading', { name: /^Problems/ }).waitFor();
      await page.getByText('Connected').waitFor();
      await failed;
      const link = await page.waitForSelector('link[rel="stylesheet"][href*="/Trend-"]', { state: 'attached' });
      await page.unroute('**/assets/Trend-*.css');
      await server.stop();
      await page.getByRole('link', { name: 'SQL' }).click();
      const failure = page.locator('.failure').getByText('The server does not answer');
      await failure.waitFor();
      // Asking again while it is away takes nothing from asking later: browsers remember modules that they could not fetch.
      await page.locator('.failure').getByRole('button', { name: 'Try again' }).click();
      await failure.waitFor();
      await page.getByRole('button', { name: 'Language' }).click();
      await page.getByRole('menuitemradio', { name: '简体中文' }).click();
      await server.start();
      await page.locator('.cm-content').waitFor({ timeout: 20_000 });
      await page.getByRole('button', { name: '运行' }).waitFor();
      // Its style sheet is asked for again, so that what is shown later has its looks.
      expect(await link.evaluate((one) => one.isConnected)).toBe(false);
      await expect.poll(() => page.locator('link[rel="stylesheet"][href*="/Trend-"]').evaluate((one) => ((one as HTMLLinkElement).sheet?.cssRules.length ?? 0) > 0)).toBe(true);
      await fine(watched);
      await watched.close();
    });

    it('is covered when nobody was there for fifteen minutes, keeps what was written, and opens by the password', async () => {
      // A session of its own: one that is locked is so in every tab.
      const watched = await house.stranger();
      watched.expected.add(401);
      const { page } = watched;
      await page.clock.install();
      await page.goto(server.url('/sql'));
      await page.getByLabel('Account').fill('ada');
      await page.getByLabel('Password').fill(PASSWORD);
      await page.keyboard.press('Enter');
      await page.locator('.cm-content').click();
      await page.keyboard.press('Control+a');
      await page.keyboard.type('SELECT 40 + 2 AS answer');
      // What stands above the page is covered with it.
      await page.getByRole('button', { name: 'Account Ada Ward' }).click();
      await page.getByRole('menuitem', { name: 'Keys of this page' }).click();
      const keys = page.getByRole('dialog', { name: 'Keys of this page' });
      await keys.waitFor();
      await page.clock.fastForward('16:00');
      const lock = page.getByRole('dialog', { name: 'Locked' });
      await lock.waitFor();
      expect(await keys.count()).toBe(0);
      expect(await page.locator('.shell').evaluate((shell) => shell.hasAttribute('inert'))).toBe(true);
      expect(await lock.getByLabel('Password').evaluate((box) => box === document.activeElement)).toBe(true);
      const refused = await page.evaluate(async () => (await fetch('/api/patients?q=')).status);
      expect(refused, 'the session opens nothing, not only this page').toBe(401);
      await fine(watched);
      await watched.shot('lock-en-light-wide');
      await lock.getByLabel('Password').fill('something else altogether');
      await page.keyboard.press('Enter');
      await lock.getByText('Account or password is wrong').waitFor();
      await lock.getByLabel('Password').fill(PASSWORD);
      await page.keyboard.press('Enter');
      await lock.waitFor({ state: 'detached' });
      await keys.getByRole('button', { name: 'Close' }).click();
      expect(await page.locator('.cm-content').textContent()).toContain('SELECT 40 + 2 AS answer');
      await page.locator('.cm-content').click();
      await page.keyboard.press('Control+Enter');
      await page.getByRole('gridcell', { name: '42' }).waitFor();
      await watched.close();
    });

    it('offers a newer version and never reloads by itself', async () => {
      const watched = await house.clinician();
      const { page } = watched;
      await page.route('**/api/session', async (route) => {
        const response = await route.fetch();
        await route.fulfill({ response, json: { ...((await response.json()) as object), build: 'older' } });
      });
      await page.goto(server.url('/patients'));
      await page.getByText('The server now runs another version').waitFor();
      await page.getByRole('button', { name: 'Reload for the new version' }).waitFor();
      await fine(watched);
      await watched.close();
    });
  });
}
