import { describe, expect, it } from 'vitest';
import type { Watched } from './browser';
import { fine, type House } from './house';

export function patients(house: House): void {
  const { server } = house;
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
      const watched = await house.clinician();
      await watched.page.goto(server.url('/'));
      await watched.page.getByRole('searchbox').fill(typed);
      await watched.page.getByText(why).first().waitFor();
      expect(await rows(watched).first().textContent()).toContain(name);
      await fine(watched);
      await watched.close();
    });

    it('marks names that can be taken for each other and never opens a sole match by itself', async () => {
      const watched = await house.clinician();
      const { page } = watched;
      await page.goto(server.url('/patients?q=chen'));
      await expect.poll(() => page.getByText('similar name').count()).toBe(2);
      await page.getByRole('searchbox').fill('smith');
      await expect.poll(() => rows(watched).count()).toBe(1);
      await page.keyboard.press('Enter');
      expect(new URL(page.url()).pathname).toBe('/patients');
      expect(await rows(watched).first().evaluate((row) => row === document.activeElement)).toBe(true);
      await watched.close();
    });

    it('goes by Enter to the list of what was typed, never to the one that is still there', async () => {
      const watched = await house.clinician();
      const { page } = watched;
      await page.goto(server.url('/patients'));
      await rows(watched).first().waitFor();
      let release = (): void => undefined;
      const held = new Promise<void>((resolve) => (release = resolve));
      await page.route('**/api/patients?q=smith*', async (route) => {
        await held;
        await route.continue();
      });
      await page.getByRole('searchbox').fill('smith');
      await page.keyboard.press('Enter');
      // The list of everybody is still in view; a second Enter would open its first patient.
      await page.keyboard.press('Enter');
      expect(await page.locator('[data-search]').evaluate((box) => box === document.activeElement)).toBe(true);
      release();
      await expect.poll(() => page.evaluate(() => document.activeElement?.textContent)).toContain('SMITH, Catherine');
      expect(new URL(page.url()).pathname).toBe('/patients');
      await fine(watched);
      await watched.close();
    });

    it('moves no row away under the pointer', async () => {
      const watched = await house.clinician();
      const { page } = watched;
      await page.goto(server.url('/patients'));
      await rows(watched).first().waitFor();
      const hrefs = () => rows(watched).evaluateAll((links) => links.map((link) => link.getAttribute('href')));
      const before = await hrefs();
      await rows(watched).nth(1).hover();
      let asked = 0;
      await page.route('**/api/patients?*', async (route) => {
        const response = await route.fetch();
        const answer = (await response.json()) as { patients: object[] };
        asked += 1;
        await route.fulfill({ response, json: { ...answer, patients: answer.patients.toReversed() } });
      });
      server.load('touched', [{ resourceType: 'Encounter', id: 'touch', status: 'planned', class: { code: 'AMB' }, subject: { reference: 'Patient/ann' } }]);
      await expect.poll(() => asked).toBeGreaterThan(0);
      expect(await hrefs()).toEqual(before);
      await page.getByRole('searchbox').hover();
      await expect.poll(hrefs).toEqual(before.toReversed());
      await watched.close();
    });

    it('says what was searched when nobody matches', async () => {
      const watched = await house.clinician();
      await watched.page.goto(server.url('/patients?q=nobodyhere'));
      await watched.page.getByText('No patient matches “nobodyhere”').waitFor();
      await fine(watched);
      await watched.shot('patients-none-en-light-wide');
      await watched.close();
    });

    it('leaves letters alone once single-letter keys are off', async () => {
      const watched = await house.clinician();
      const { page } = watched;
      await page.goto(server.url('/patients'));
      await rows(watched).first().waitFor();
      await page.keyboard.press('?');
      await page.getByRole('switch').click();
      await page.keyboard.press('Escape');
      await page.getByRole('dialog').waitFor({ state: 'detached' });
      await page.keyboard.press('?');
      expect(await page.getByRole('dialog').count()).toBe(0);
      await watched.close();
    });
  });
}
