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
      await watched.page.context().close();
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
      await page.context().close();
    });

    it('says what was searched when nobody matches', async () => {
      const watched = await house.clinician();
      await watched.page.goto(server.url('/patients?q=nobodyhere'));
      await watched.page.getByText('No patient matches “nobodyhere”').waitFor();
      await fine(watched);
      await watched.shot('patients-none-en-light-wide');
      await watched.page.context().close();
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
      await page.context().close();
    });
  });
}
