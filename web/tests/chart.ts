import { describe, expect, it } from 'vitest';
import { fine, type House } from './house';

export function chart(house: House): void {
  const { server } = house;
  describe('chart', () => {
    it('shows who it is about and keeps facts apart that must not be mixed', async () => {
      const watched = await house.clinician();
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
      await page.getByRole('switch', { name: /Show entered in error/ }).check();
      await page.getByText('Pregnancy').waitFor();
      await expect.poll(() => page.url()).toContain('errors=true');
      await page.goto(server.url('/p/fang'));
      await banner.getByText('No known allergies').waitFor();
      await page.goto(server.url('/p/ann'));
      await banner.getByText('Allergies: none recorded').waitFor();
      expect(await page.getByRole('region', { name: 'Patient' }).textContent()).toContain('about 55 y');
      await page.goto(server.url('/p/old'));
      await page.getByText('02-Oct-2026').waitFor();
      await fine(watched);
      await watched.close();
    });

    it('shows labs with range, flag and trend, and leads a value home to its bytes', async () => {
      const watched = await house.clinician();
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
      const course = page.getByRole('group', { name: /Potassium, 6 values/ });
      await course.waitFor();
      // The newest is named first; arrows go through the points, which are one stop of Tab.
      await page.locator('.trend-value').getByText('6.2').waitFor();
      await course.getByRole('button').last().focus();
      await page.keyboard.press('ArrowLeft');
      await page.locator('.trend-value').getByText('6.1').waitFor();
      expect(await course.locator('[tabindex="0"]').count()).toBe(1);
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
      await expect.poll(() => page.url()).toContain('where=Observation');
      await page.reload();
      await panel.getByText('Version 2').waitFor();
      await watched.close();
    });

    it('leads a value that came in a message to its field in the segment', async () => {
      const watched = await house.clinician();
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
      await watched.close();
    });
  });
}
