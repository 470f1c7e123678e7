import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { PHONE, type Watched } from './browser';
import { fine, type House } from './house';

const focused = (watched: Watched) => watched.page.evaluate(() => document.activeElement?.tagName);

export function journey(house: House): void {
  const { server } = house;
  describe('the main journey', () => {
    it('goes by keys alone: misspelt name, chart, a value, its bytes, the next patient, SQL', async () => {
      const watched = await house.clinician();
      const { page } = watched;
      await page.goto(server.url('/patients'));
      await page.locator('[data-row-link]').first().waitFor();
      await page.keyboard.press('/');
      await page.keyboard.type('chen wie');
      await page.getByText('name chen').first().waitFor();
      await page.keyboard.press('Enter');
      await expect.poll(() => page.evaluate(() => document.activeElement?.hasAttribute('data-row-link'))).toBe(true);
      await page.keyboard.press('j');
      await page.keyboard.press('k');
      const first = await page.evaluate(() => document.activeElement?.getAttribute('href'));
      await page.keyboard.press('Enter');
      await page.getByRole('heading', { name: 'Problems' }).waitFor();
      await expect.poll(() => focused(watched)).toBe('H1');
      // Through the list one came from, and back.
      await page.keyboard.press(']');
      await expect.poll(() => new URL(page.url()).pathname).not.toBe(first);
      await page.getByText('2 of 2').waitFor();
      await page.keyboard.press('[');
      await expect.poll(() => new URL(page.url()).pathname).toBe(first);
      if (first !== '/p/wei') await page.keyboard.press(']');
      await expect.poll(() => new URL(page.url()).pathname).toBe('/p/wei');
      await page.getByText('Atrial fibrillation').waitFor();

      await page.keyboard.press('2');
      await page.getByRole('rowheader', { name: /Potassium/ }).waitFor();
      await page.keyboard.press('j');
      await page.keyboard.press('w');
      await page.getByRole('complementary', { name: /Where from/ }).waitFor();
      await page.locator('.where mark').first().waitFor();
      await page.keyboard.press('Escape');
      await expect.poll(() => page.getByRole('complementary').count()).toBe(0);
      await expect.poll(() => page.evaluate(() => document.activeElement?.getAttribute('data-ref')), { message: 'focus is back at the value' }).toMatch(/^Observation\//);

      await page.keyboard.press('?');
      await page.getByRole('dialog').waitFor();
      await page.getByRole('dialog').getByText(/patient of the list/).first().waitFor();
      await fine(watched);
      await watched.shot('keys-en-light-wide');
      await page.keyboard.press('Escape');
      await page.getByRole('dialog').waitFor({ state: 'detached' });

      await page.keyboard.press('g');
      await page.keyboard.press('s');
      await page.locator('.cm-content').waitFor();
      await page.keyboard.press('e');
      await page.keyboard.press('Control+a');
      await page.keyboard.type("SELECT patient_id, value FROM observation WHERE code = '2823-3' ORDER BY value DESC");
      await page.keyboard.press('Control+Enter');
      await page.getByRole('grid').waitFor();
      // Out of the editor: Escape, then Tab moves on instead of indenting.
      await page.keyboard.press('Escape');
      await page.keyboard.press('Tab');
      await expect.poll(() => page.evaluate(() => document.activeElement?.textContent)).toBe('Run');
      await page.getByRole('button', { name: 'Download' }).focus();
      await page.keyboard.press('Enter');
      await page.getByRole('menuitem', { name: 'CSV' }).waitFor();
      await expect.poll(() => page.evaluate(() => document.activeElement?.textContent)).toBe('CSV');
      const [download] = await Promise.all([page.waitForEvent('download'), page.keyboard.press('Enter')]);
      const csv = readFileSync((await download.path()) ?? '', 'utf8');
      expect(csv).toMatch(/^\u{FEFF}patient_id,value\r\nwei,/u);
      await page.keyboard.press('g');
      await page.keyboard.press('p');
      await page.getByRole('searchbox').waitFor();
      await expect.poll(() => new URL(page.url()).pathname).toBe('/patients');
      await fine(watched);
      await watched.close();
    });

    it('goes by touch on the phone, in Chinese: pinyin, chart, a value, its bytes, back to it, SQL', async () => {
      const watched = await house.clinician({ language: 'zh-Hans', theme: 'dark', size: PHONE });
      const { page } = watched;
      await page.goto(server.url('/'));
      await page.getByRole('searchbox').tap();
      await page.keyboard.type('chenwei');
      await page.getByText('姓名 chenwei').first().waitFor();
      await page.locator('[data-row-link]').first().tap();
      const banner = page.getByRole('region', { name: '患者' });
      await banner.getByText('陈伟').waitFor();
      await banner.getByText('Penicillin').waitFor();
      await page.getByRole('link', { name: '检验', exact: true }).tap();
      const value = page.getByRole('button', { name: /^6\.2/ });
      await value.tap();
      await page.locator('.where mark[data-mark="field"]').waitFor();
      // Whose bytes these are is still in view.
      expect(await banner.boundingBox()).toMatchObject({ x: 0 });
      expect((await banner.boundingBox())?.y ?? -1).toBeGreaterThanOrEqual(0);
      await fine(watched);
      await page.getByRole('button', { name: '关闭数据来源' }).tap();
      await value.waitFor();
      await expect.poll(() => value.evaluate((cell) => cell === document.activeElement)).toBe(true);
      await page.getByRole('navigation', { name: '主导航' }).getByRole('link', { name: 'SQL' }).tap();
      await page.getByRole('button', { name: '运行' }).tap();
      await page.locator('.sql-facts').waitFor();
      await fine(watched);
      await watched.close();
    });
  });
}
