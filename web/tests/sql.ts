import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { EXAMPLES } from '../src/sql/catalogue';
import type { Watched } from './browser';
import { fine, type House } from './house';

export function sql(house: House): void {
  const { server } = house;
  const open = async (statement?: string): Promise<Watched> => {
    const watched = await house.clinician();
    await watched.page.goto(server.url(statement === undefined ? '/sql' : `/sql?${new URLSearchParams({ q: statement })}`));
    await watched.page.locator('.cm-content').waitFor();
    return watched;
  };
  const run = (watched: Watched) => watched.page.getByRole('button', { name: 'Run' }).click();

  describe('SQL', () => {
    it('knows the tables and columns of the server: beside the editor and while one types', async () => {
      const watched = await open('SELECT  FROM patient');
      const { page } = watched;
      await page.getByRole('searchbox', { name: 'Find a table or column' }).fill('birth');
      await page.locator('.sql-column', { hasText: 'birth_date' }).first().waitFor();
      await page.locator('.cm-content').click();
      await page.keyboard.press('Control+Home');
      for (let n = 0; n < 7; n += 1) await page.keyboard.press('ArrowRight');
      await page.keyboard.type('birth_d');
      await page.locator('.cm-tooltip-autocomplete').getByText('birth_date').first().waitFor();
      await fine(watched);
      await watched.shot('sql-completion-en-light-wide');
      await page.keyboard.press('Enter');
      await page.keyboard.press('Control+Enter');
      await page.getByRole('grid').getByText('1958-07-14').waitFor();
      await expect.poll(() => page.url(), { message: 'the address can be sent' }).toContain('birth_date');
      await watched.close();
    });

    it('leads a row to where its record came from, by Enter or a press, and back', async () => {
      const watched = await open("SELECT _id, patient_id, value FROM observation WHERE code = '2823-3' ORDER BY effective DESC");
      const { page } = watched;
      await run(watched);
      const cell = page.getByRole('button', { name: 'Where Observation/k5 came from' });
      await cell.click();
      const panel = page.getByRole('complementary', { name: /Where from Observation\/k5/ });
      await panel.getByText('Version 2').waitFor();
      await expect.poll(() => page.url(), { message: 'the address can be sent' }).toContain('where=Observation');
      await fine(watched);
      await page.keyboard.press('Escape');
      await expect.poll(() => page.getByRole('complementary', { name: /Where from/ }).count()).toBe(0);
      await expect.poll(() => page.evaluate(() => document.activeElement?.getAttribute('role'))).toBe('gridcell');
      await page.keyboard.press('ArrowRight');
      await page.keyboard.press('Enter');
      await page.getByRole('complementary', { name: /Where from Patient\/wei/ }).getByText('Version 1').waitFor();
      await watched.close();
    });

    it('answers every example', async () => {
      const watched = await open();
      const { page } = watched;
      for (const { sql: statement } of EXAMPLES) {
        await page.goto(server.url(`/sql?${new URLSearchParams({ q: statement })}`));
        await run(watched);
        await page.locator('.sql-facts').waitFor();
      }
      await page.getByRole('button', { name: 'History' }).click();
      await expect.poll(() => page.locator('.sql-past').count()).toBe(EXAMPLES.length);
      await fine(watched);
      await page.getByRole('button', { name: 'Forget all' }).click();
      await page.getByText('What you run is listed here').waitFor();
      await watched.close();
    });

    it('marks where an error is, says what was meant, and keeps the result from before', async () => {
      const watched = await open('SELECT gender FROM patient');
      watched.expected.add(400);
      const { page } = watched;
      await run(watched);
      await page.getByRole('grid').waitFor();
      await page.locator('.cm-content').click();
      await page.keyboard.press('Control+a');
      await page.keyboard.type('SELECT gender,');
      await page.keyboard.press('Enter');
      await page.keyboard.type('gnder FROM patient');
      await page.keyboard.press('Control+Enter');
      await page.getByText('Error in line 2, column 1').waitFor();
      await page.getByText('Did you mean gender?').waitFor();
      expect(await page.locator('.cm-lintRange-error').textContent()).toBe('gnder');
      await page.getByText('Below is the result from before').waitFor();
      expect(await page.getByRole('grid').isVisible()).toBe(true);
      await fine(watched);
      await watched.shot('sql-error-en-light-wide');
      await watched.close();
    });

    it('holds as many rows as asked for, says so, and gives all of them as a file', async () => {
      const watched = await open('SELECT value AS n FROM generate_series(1, 25000)');
      const { page } = watched;
      await run(watched);
      await page.getByText('(the first 10,000; there are more)').waitFor();
      const grid = page.getByRole('grid');
      expect(await grid.getAttribute('aria-rowcount')).toBe('10001');
      await grid.getByRole('columnheader', { name: /n/ }).focus();
      await page.keyboard.press('Control+End');
      await grid.getByText('10000', { exact: true }).waitFor();
      expect(await page.getByRole('row').count()).toBeLessThan(120);
      await fine(watched);
      await page.getByRole('button', { name: 'Download' }).click();
      const [download] = await Promise.all([page.waitForEvent('download'), page.getByRole('menuitem', { name: 'CSV' }).click()]);
      expect(download.suggestedFilename()).toMatch(/^medweave-\d+\.csv$/);
      expect(readFileSync((await download.path()) ?? '', 'utf8').trimEnd().split('\r\n')).toHaveLength(25_001);
      await watched.close();
    });

    it('cancels what takes too long', async () => {
      const watched = await open('SELECT count(*) FROM generate_series(1, 1000000) a CROSS JOIN generate_series(1, 1000000) b WHERE a.value * b.value = -7');
      const { page } = watched;
      await run(watched);
      await page.getByRole('button', { name: 'Cancel' }).click();
      await page.getByText('Cancelled. Nothing was changed').waitFor();
      // The engine is free again.
      await page.locator('.cm-content').click();
      await page.keyboard.press('Control+a');
      await page.keyboard.type('SELECT 40 + 2 AS answer');
      await page.keyboard.press('Control+Enter');
      await page.getByRole('gridcell', { name: '42' }).waitFor();
      await fine(watched);
      await watched.close();
    });
  });
}
