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
      await page.goto(server.url('/p/wei/encounters'));
      const years = page.locator('.encounters .section');
      await years.first().waitFor();
      expect((await years.locator('h2').allTextContents()).map((words) => words.trim())).toEqual(['2026 1', '2025 1']);
      expect(await years.first().textContent()).toMatch(/20-Nov-2026 08:30.*inpatient.*now.*Ward 7 East/);
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
      const differs = panel.getByRole('table', { name: /3 elements differ/ });
      expect(await differs.getByRole('row', { name: /valueQuantity\.value/ }).textContent()).toBe('valueQuantity.value6.86.2');
      const heads = (await panel.locator('.compare-head').allTextContents()).join(' | ');
      for (const part of ['Version 1 created', 'ward.json', 'Version 2 updated', 'correction.json', 'at the server']) expect(heads, 'who, when and which arrival').toContain(part);
      await panel.getByRole('button', { name: /Wider/ }).click();
      const [left, right] = [panel.locator('mark[data-kind="gone"]').first(), panel.locator('mark[data-kind="new"]').first()];
      expect((await left.boundingBox())?.y, 'side by side').toBe((await right.boundingBox())?.y);
      await fine(watched);
      await watched.shot('where-side-by-side-en-light-wide');
      await panel.getByRole('button', { name: /alike/ }).first().click();
      await panel.getByRole('button', { name: /Wider/ }).click();
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

    it('draws vital signs over time, leaves gaps open, and has the same as a table', async () => {
      const watched = await house.clinician();
      const { page } = watched;
      await page.goto(server.url('/p/lin/vitals'));
      const heart = page.getByRole('region', { name: 'Heart rate' });
      await heart.waitFor();
      // A stay with values of the last day begins with it.
      await expect.poll(() => page.getByRole('button', { name: '24 h' }).getAttribute('aria-pressed')).toBe('true');
      expect(await heart.textContent()).toMatch(/\/min · 60–100.*preliminary.*23-Nov-2026 19:00/);
      expect(await page.getByRole('region', { name: 'Blood pressure' }).textContent()).toContain('129/85');
      expect(await page.getByRole('region', { name: 'Body temperature' }).textContent()).toContain('1 value only in the table');
      await fine(watched);
      await page.getByRole('button', { name: 'All', exact: true }).click();
      await expect.poll(() => page.url()).toContain('span=all');
      const line = heart.locator('path.line');
      await expect.poll(async () => ((await line.getAttribute('d')) ?? '').match(/M/g)?.length, { message: 'the night without values is a gap' }).toBe(2);
      expect(await heart.locator('path.cross').getAttribute('d'), 'what was entered in error is hidden').toBe('');
      await page.getByRole('switch', { name: /Show entered in error \(1\)/ }).check();
      await expect.poll(() => heart.locator('path.cross').getAttribute('d')).not.toBe('');
      for (const words of ['corrected', 'preliminary', 'entered in error', 'reference range']) await page.locator('.course-legend').getByText(words, { exact: true }).waitFor();

      // By keys: nearer, earlier; along the values; where one came from, and back.
      const shown = page.locator('.course-window');
      const before = await shown.textContent();
      await page.keyboard.press('z');
      await expect.poll(() => shown.textContent()).not.toBe(before);
      await expect.poll(() => page.url()).toMatch(/from=.*to=/);
      await page.keyboard.press('o');
      await page.keyboard.press('o');
      await expect.poll(() => page.url()).toContain('span=all');
      const value = heart.locator('[data-item]');
      await value.focus();
      await page.keyboard.press('Home');
      await expect.poll(() => value.getAttribute('data-ref')).toBe('Observation/lin-hr-0');
      await page.keyboard.press('ArrowRight');
      await expect.poll(() => heart.textContent()).toContain('21-Nov-2026 09:00');
      await expect.poll(() => page.getByRole('region', { name: 'Body weight' }).textContent(), { message: 'all strips tell of one moment' }).toContain('61.5');
      await page.keyboard.press('w');
      const panel = page.getByRole('complementary', { name: /Where from Observation\/lin-hr-1/ });
      await panel.locator('mark[data-mark="field"]').waitFor();
      await page.keyboard.press('Escape');
      await panel.waitFor({ state: 'detached' });

      // By the wheel, which changes time over a chart and scrolls beside it.
      const box = (await heart.locator('svg').boundingBox()) ?? { x: 0, y: 0, width: 0, height: 0 };
      await page.mouse.move(box.x + box.width / 2, box.y + box.height / 2);
      await page.mouse.wheel(0, -300);
      await expect.poll(() => page.url()).toMatch(/from=.*to=/);
      const address = page.url();
      await page.reload();
      await heart.waitFor();
      expect(page.url(), 'the window stands in the address').toBe(address);

      await page.keyboard.press('c');
      await page.keyboard.press('t');
      const table = page.locator('.labs-grid');
      await table.waitFor();
      await table.getByRole('button', { name: /older columns/ }).click();
      expect(await table.getByRole('row', { name: /Heart rate/ }).textContent()).toMatch(/240.*entered in error/);
      await fine(watched);
      await watched.close();
    });

    it('shows notes as they were received, and nothing of them runs', async () => {
      const watched = await house.clinician();
      const { page } = watched;
      await page.goto(server.url('/p/lin/notes'));
      const list = page.getByRole('list', { name: /Notes, reports/ });
      await list.waitFor();
      const words = (await list.textContent()) ?? '';
      for (const part of ['Discharge letterpreliminary', 'replaced by a newer one', 'Ward roundamended', 'Echocardiography', 'Discharge summary']) expect(words).toContain(part);
      for (const hidden of ['Note about somebody else', 'Metabolic panel']) expect(words).not.toContain(hidden);
      await fine(watched);

      await list.getByRole('button', { name: /Letter of the clinic/ }).click();
      const reader = page.getByRole('article');
      await reader.getByText('feeling better').waitFor();
      await reader.getByText(/a picture of elsewhere, not loaded: logo/).waitFor();
      expect(await reader.locator('script, style, iframe, svg, form, input, img, a[href^="javascript"]').count(), 'what could run, fetch or ask').toBe(0);
      expect(await page.evaluate(() => 'broken' in globalThis)).toBe(false);
      expect(await reader.locator('td').allTextContents(), 'HTML that is not well formed').toEqual(['Lungs', 'clear']);
      await fine(watched);

      await list.getByRole('button', { name: /Discharge summary/ }).click();
      await reader.getByText('atrial fibrillation').waitFor();
      await reader.getByText('LVEF').waitFor();
      await list.getByRole('button', { name: /Wound/ }).click();
      const picture = reader.getByRole('img', { name: 'Wound, left heel' });
      await expect.poll(() => picture.evaluate((image: HTMLImageElement) => image.naturalWidth)).toBe(1);
      await list.getByRole('button', { name: /Handover/ }).click();
      await reader.getByText('Kept beside its document.').waitFor();
      await list.getByRole('button', { name: /Report of another/ }).click();
      await reader.getByText('https://elsewhere.example/report.pdf').waitFor();
      await list.getByRole('button', { name: /Echo/ }).click();
      await reader.getByText('Left atrium enlarged. Ejection fraction 55 %.').waitFor();

      // The draft says that there is a newer one, and leads there.
      await list.getByRole('button', { name: /replaced by a newer one/ }).click();
      await reader.getByText('Replaced: there is a newer one.').waitFor();
      await reader.getByRole('button', { name: 'Open the newer one' }).click();
      await reader.getByText('Preliminary: it can still change.').waitFor();

      await list.getByRole('button', { name: /Ward round/ }).click();
      await reader.getByText('Slept well.').waitFor();
      await reader.getByRole('button', { name: 'Version before' }).click();
      await reader.getByText('Slept badly.').waitFor();
      await reader.getByText(/version 1 of 2, not the newest/).waitFor();
      await expect.poll(() => page.url()).toContain('version=1');
      await fine(watched);
      await watched.shot('notes-version-en-light-wide');
      // Nothing in particular has the focus: where from is of what is read.
      await reader.getByRole('heading', { level: 2 }).focus();
      await page.keyboard.press('w');
      await page.getByRole('complementary', { name: /Where from DocumentReference\/lin-note-1/ }).waitFor();
      await page.keyboard.press('Escape');
      await page.keyboard.press('Escape');
      await reader.waitFor({ state: 'detached' });

      await page.getByRole('switch', { name: /Show entered in error/ }).check();
      await list.getByRole('button', { name: /Note about somebody else/ }).click();
      await reader.getByText('Entered in error: do not rely on it.').waitFor();
      await page.getByRole('switch', { name: /Laboratory panels/ }).check();
      await list.getByRole('button', { name: /Metabolic panel/ }).click();
      await reader.getByRole('button', { name: /Heart rate/ }).waitFor();
      await page.goto(server.url('/p/baby/notes'));
      await page.getByText('No notes yet').waitFor();
      await watched.close();
    });

    it('lays medications out over time, and says what nobody recorded', async () => {
      const watched = await house.clinician();
      const { page } = watched;
      await page.goto(server.url('/p/lin/medications?span=all'));
      const given = page.getByRole('button', { name: 'Apixaban 5 mg tablet, given, not done, 5 mg, 22-Nov-2026 13:00' });
      await given.waitFor();
      await page.getByRole('button', { name: /Apixaban 5 mg tablet, order, active, 1 tablet twice daily, 21-Nov-2026 – now/ }).waitFor();
      await page.getByRole('button', { name: /DOBUTamine 250 mg infusion, order, stopped, 21-Nov-2026, end not recorded/ }).waitFor();
      await page.getByRole('button', { name: /Aspirin 100 mg tablet, statement, finished, 1 tablet daily, 01-Sep-2026 – 22-Nov-2026/ }).waitFor();
      await page.getByRole('region', { name: 'Vaccinations' }).getByText('Influenza vaccine').waitFor();
      expect(await page.getByText('Morphine').count(), 'entered in error is hidden').toBe(0);
      await fine(watched);
      // Each line is one stop of Tab; arrows go through its records.
      const line = page.locator('.medicine', { hasText: 'Apixaban' });
      expect(await line.locator('[tabindex="0"]').count()).toBe(1);
      await line.locator('[tabindex="0"]').focus();
      await page.keyboard.press('Home');
      await expect.poll(() => page.evaluate(() => document.activeElement?.getAttribute('data-ref'))).toBe('MedicationRequest/lin-apixaban');
      await page.keyboard.press('Enter');
      await page.getByRole('complementary', { name: /Where from MedicationRequest\/lin-apixaban/ }).waitFor();
      await page.keyboard.press('Escape');
      await page.getByRole('button', { name: '7 d' }).click();
      await expect.poll(() => page.url()).toContain('span=7d');
      await page.getByRole('switch', { name: /Show entered in error \(1\)/ }).check();
      await page.getByRole('button', { name: 'As a table' }).click();
      const table = page.locator('.medicine-table');
      expect(await table.getByRole('row').count()).toBe(12);
      expect(await table.getByRole('row', { name: /Morphine/ }).textContent()).toContain('entered in error');
      expect(await table.getByRole('row', { name: /given not done/ }).count()).toBe(1);
      await fine(watched);
      await watched.close();
    });

    it('prints the summary: who it is about, the page, when and by whom, on every sheet', async () => {
      const watched = await house.clinician();
      const { page } = watched;
      await page.goto(server.url('/p/wei'));
      await page.locator('.summary .item').first().waitFor();
      await page.keyboard.press('c');
      await page.keyboard.press('p');
      const paper = page.locator('.paper');
      await paper.waitFor();
      expect(new URL(page.url()).pathname).toBe('/p/wei/print');
      const words = (await paper.textContent()) ?? '';
      for (const part of ['CHEN, Wei', '14-Jul-1958', '1297287652', 'Allergies: Penicillin (anaphylaxis)', 'Apixaban 5 mg tablet', 'Potassium']) expect(words).toContain(part);
      expect(words).toMatch(/printed at \d{2}-\w{3}-\d{4} \d{2}:\d{2} by Ada Ward/);
      expect(words).not.toContain('Pregnancy');
      await fine(watched);
      await page.getByRole('button', { name: 'Letter' }).click();
      await page.locator('.paper[data-paper="letter"]').waitFor();
      await page.emulateMedia({ media: 'print' });
      for (const hidden of ['.rail', '.top', '.paper-bar']) expect(await page.locator(hidden).isVisible(), hidden).toBe(false);
      const inks = await page.evaluate(() => [getComputedStyle(document.documentElement).color, getComputedStyle(document.documentElement).backgroundColor]);
      expect(inks, 'black on white in any theme').toEqual(['rgb(0, 0, 0)', 'rgb(255, 255, 255)']);
      expect(await paper.locator('thead').evaluate((head) => getComputedStyle(head).display), 'repeated on every sheet').toBe('table-header-group');
      const pdf = (await page.pdf({ preferCSSPageSize: true })).toString('latin1');
      expect(pdf).toMatch(/\/MediaBox \[0 0 612 792/);
      await watched.close();
    });
  });
}
