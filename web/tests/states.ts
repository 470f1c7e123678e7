import { describe, it } from 'vitest';
import { fine, type House } from './house';

export function states(house: House): void {
  const { server } = house;
  describe('states', () => {
    it('says what is missing, deleted or not for this account', async () => {
      const watched = await house.clinician();
      for (const status of [403, 404, 410, 500]) watched.expected.add(status);
      const { page } = watched;
      await page.goto(server.url('/p/nobody'));
      await page.getByRole('heading', { name: 'There is nothing here' }).last().waitFor();
      await page.goto(server.url('/no/such/page'));
      await page.getByRole('heading', { name: 'There is nothing here' }).last().waitFor();
      // It leads to those there are.
      await page.getByRole('navigation', { name: 'Main places' }).getByRole('link', { name: 'SQL' }).waitFor();
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
      await watched.close();
    });

    it('opens a menu by keys, goes through it by arrows and letters, and leaves it for its button', async ({ expect }) => {
      const watched = await house.clinician();
      const { page } = watched;
      await page.goto(server.url('/patients'));
      const focused = () => page.evaluate(() => document.activeElement?.textContent ?? '');
      const button = page.getByRole('button', { name: 'Account Ada Ward' });
      await button.press('ArrowDown');
      await expect.poll(focused).toBe('My settings');
      await page.keyboard.press('ArrowUp');
      expect(await focused()).toBe('Sign out');
      await page.keyboard.press('ArrowDown');
      expect(await focused()).toBe('My settings');
      await page.keyboard.type('s');
      expect(await focused()).toBe('Sign out');
      await fine(watched);
      await page.keyboard.press('Escape');
      expect(await page.getByRole('menu').count()).toBe(0);
      expect(await button.evaluate((one) => one === document.activeElement)).toBe(true);
      await page.keyboard.press('ArrowUp');
      await expect.poll(focused).toBe('Sign out');
      // Whoever goes on by Tab comes to what follows the button, not to the menu's next choice.
      await page.keyboard.press('Tab');
      await expect.poll(() => page.getByRole('menu').count()).toBe(0);
      expect(await focused()).not.toBe('Keys of this page');
      // What holds is where one begins.
      await page.getByRole('button', { name: 'Language' }).press('Enter');
      await expect.poll(focused).toBe('English');
      await page.setViewportSize({ width: 1300, height: 800 });
      await expect.poll(() => page.getByRole('menu').count()).toBe(0);
      expect(await page.getByRole('button', { name: 'Language' }).evaluate((one) => one === document.activeElement)).toBe(true);
      await watched.close();
    });

    it('shows a skeleton only when it takes long', async () => {
      const watched = await house.clinician();
      const { page } = watched;
      let release = (): void => undefined;
      const held = new Promise<void>((resolve) => (release = resolve));
      await page.route('**/api/chart/**', async (route) => {
        await held;
        await route.continue();
      });
      await page.goto(server.url('/p/wei'));
      await page.locator('.shell .waiting[data-visible]').waitFor();
      await watched.shot('loading-en-light-wide');
      release();
      await page.getByRole('heading', { name: /^Problems/ }).waitFor();
      await watched.close();
    });
  });
}
