import { describe, expect, it } from 'vitest';
import { fine, LOOK, PASSWORD, type House } from './house';

export function me(house: House): void {
  const { server } = house;
  const enter = async () => {
    const watched = await house.stranger();
    watched.expected.add(401);
    await watched.page.goto(server.url('/me'));
    await watched.page.getByLabel('Account').fill('bo');
    await watched.page.getByLabel('Password').fill(PASSWORD);
    await watched.page.keyboard.press('Enter');
    await watched.page.getByText('this one').waitFor();
    return watched;
  };

  describe("one's own settings", () => {
    it('hold in every browser: language, theme, keys', async () => {
      const first = await enter();
      const kept = () => first.page.waitForResponse((response) => response.request().method() === 'PUT' && response.url().endsWith('/api/me'));
      const [dark] = await Promise.all([kept(), first.page.getByRole('radio', { name: 'Dark', exact: true }).check()]);
      const [off] = await Promise.all([kept(), first.page.getByRole('switch', { name: 'Single-letter keys' }).uncheck()]);
      expect([dark.status(), off.status()]).toEqual([200, 200]);
      const second = await house.stranger({ ...LOOK, theme: 'light' });
      second.expected.add(401);
      await second.page.goto(server.url('/signin'));
      await second.page.getByLabel('Account').fill('bo');
      await second.page.getByLabel('Password').fill(PASSWORD);
      await second.page.keyboard.press('Enter');
      await second.page.getByRole('searchbox').waitFor();
      await expect.poll(() => second.page.evaluate(() => document.documentElement.dataset['theme'])).toBe('dark');
      await second.page.locator('[data-row-link]').first().waitFor();
      await second.page.keyboard.press('?');
      expect(await second.page.getByRole('dialog').count()).toBe(0);
      await fine(second);

      // The first browser ends the second one's session.
      await first.page.reload();
      await first.page.getByRole('button', { name: /End the session from/ }).first().click();
      await expect.poll(() => first.page.getByText('this one').count()).toBe(1);
      await fine(first);
      await Promise.all([kept(), first.page.getByRole('switch', { name: 'Single-letter keys' }).check()]);
      await first.close();
      await second.close();
    });

    it('let keys be chosen, and name what would hinder another', async () => {
      const watched = await enter();
      const { page } = watched;
      await page.getByRole('textbox', { name: 'Next in the list' }).fill('k');
      await page.getByText('Taken by: Previous in the list').waitFor();
      await page.getByRole('textbox', { name: 'Next in the list' }).fill('b');
      await fine(watched);
      await page.getByRole('link', { name: 'Patients' }).click();
      await page.locator('[data-row-link]').first().waitFor();
      await page.keyboard.press('b');
      await expect.poll(() => page.locator('[data-row-link]').first().evaluate((row) => row === document.activeElement)).toBe(true);
      await watched.close();
    });

    it('change the password and say when the old one is wrong', async () => {
      const watched = await enter();
      watched.expected.add(403);
      const { page } = watched;
      await page.getByLabel('Password now').fill('not this one at all');
      await page.getByLabel('New password').fill('eight west at four in the morning');
      await page.getByRole('button', { name: 'Change the password' }).click();
      await page.getByText('The password now is not right').waitFor();
      await page.getByLabel('Password now').fill(PASSWORD);
      await page.getByLabel('New password').fill('eight west at four in the morning');
      await page.getByRole('button', { name: 'Change the password' }).click();
      await page.getByText('The password is changed').waitFor();
      await fine(watched);
      await watched.close();
    });
  });
}
