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
