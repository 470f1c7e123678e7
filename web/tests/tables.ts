import { readFileSync } from 'node:fs';
import type { Locator } from 'playwright-core';
import { describe, expect, it } from 'vitest';
import { PHONE, type Look, type Watched } from './browser';
import { BROKEN_OFF, EXTRACTS, MAPPING } from './clinic';
import { fine, LOOK, PASSWORD, type House } from './house';

/**
 * How long anything is waited for here. Pulls and runs are work of the server, which a debug build beside other work may take a minute
 * for; that it is quick is measured elsewhere.
 */
const WORK_MS = 90_000;

/** Waits until something is so; what changes the address or lights something up does so a moment after it was pressed. */
const eventually = (what: () => unknown) => expect.poll(what, { timeout: WORK_MS });

/** Presses Enter on what can be pressed by now. */
async function enter(target: Locator): Promise<void> {
  await eventually(() => target.isEnabled()).toBe(true);
  await target.press('Enter');
}

/** Sources of tables, from nothing to a value that leads to its cell. Everything is stored in the ward's server: nothing else looks at it by then. */
export function tables(house: House): void {
  const { server } = house;
  const clinician = async (look: Look = LOOK): Promise<Watched> => {
    const watched = await house.clinician(look);
    watched.page.context().setDefaultTimeout(WORK_MS);
    return watched;
  };
  // What a visitor does in the source stays: each test goes on where the one before it ended.
  describe.sequential('tables of a hospital', { timeout: 10 * WORK_MS }, () => {
    it('says what a source is while there is none', async () => {
      const watched = await clinician();
      const { page } = watched;
      await page.goto(server.url('/patients'));
      await page.getByRole('navigation', { name: 'Main places' }).getByRole('link', { name: 'Sources' }).click();
      await page.getByText('No tables are read yet').waitFor();
      await page.getByText('medweave source add NAME').waitFor();
      // Who sent messages and files stands below.
      await page.getByRole('link', { name: 'laboratory' }).waitFor();
      await fine(watched);
      await watched.shot('sources-empty-en-light-wide');
      await page.getByRole('link', { name: 'laboratory' }).click();
      await page.locator('.cm-content').getByText("'laboratory'").waitFor();
      await watched.close();
    });

    it('says who may not, and what failed', async () => {
      const watched = await clinician();
      const { page } = watched;
      for (const status of [403, 404, 500]) watched.expected.add(status);
      for (const [status, heading] of [
        [403, 'Not allowed'],
        [500, 'The server failed'],
      ] as const) {
        await page.route('**/api/mappings', (route) => route.fulfill({ status, contentType: 'application/json', body: '{"error":{"code":"x","message":"because of this"}}' }));
        await page.goto(server.url('/sources'));
        await page.getByRole('heading', { name: heading }).waitFor();
        await page.unroute('**/api/mappings');
      }
      await page.goto(server.url('/sources/nobody'));
      await page.getByRole('heading', { name: 'There is nothing here' }).last().waitFor();
      await fine(watched);
      await watched.close();
    });

    it('goes by keys alone from a source to its rows in FHIR: pull, dry run, write, and back from a value to its cell', async () => {
      const [extracts, mapping] = [server.folder('clinic', EXTRACTS), server.folder('clinic-mapping', MAPPING)];
      server.command(['source', 'add', 'clinic', '--path', extracts, '--mapping', mapping]);
      const watched = await clinician();
      const { page } = watched;
      await page.goto(server.url('/patients'));
      await page.locator('[data-row-link]').first().waitFor();
      await page.keyboard.press('g');
      await page.keyboard.press('o');
      await page.getByRole('link', { name: 'clinic' }).waitFor();
      await page.getByText('not pulled yet').waitFor();
      await page.keyboard.press('j');
      await eventually(() => page.evaluate(() => document.activeElement?.textContent)).toBe('clinic');
      await page.keyboard.press('Enter');
      await page.getByText('Nothing was pulled from it yet').waitFor();
      await enter(page.getByRole('button', { name: 'Pull now' }));
      await page.getByText('Delivery 1 was taken.').waitFor();
      await page.getByRole('rowheader', { name: 'results' }).waitFor();
      await enter(page.getByRole('button', { name: 'Pull now' }));
      await page.getByText('Nothing is different.').waitFor();

      await page.keyboard.press('9');
      await page.getByText('Writing is possible after a dry run.').waitFor();
      expect(await page.getByRole('button', { name: 'Write' }).isDisabled()).toBe(true);
      // Who comes by key is in the part, not at the page's beginning, and stays where a button was pressed.
      const focused = () => page.evaluate(() => document.activeElement?.getAttribute('aria-label') ?? document.activeElement?.textContent);
      await eventually(focused).toBe('Runs');
      await page.keyboard.press('Tab');
      await eventually(focused).toBe('Dry run');
      await page.keyboard.press('Enter');
      await page.getByText('Dry run: nothing was written.').waitFor();
      expect(await focused()).toBe('Dry run');
      const encounter = page.locator('.target', { hasText: 'Encounter' });
      expect(await encounter.getByRole('img').getAttribute('aria-label')).toBe('3 rows = 2 resources + 0 merged + 0 filtered + 1 refused');
      await encounter.locator('summary').press('Enter');
      await encounter.getByText('refers to nothing').waitFor();
      // What is open can be sent.
      await eventually(() => page.url()).toContain('target=Encounter');
      await page.getByRole('region', { name: 'Codes and units that no map knows' }).getByText('XYZ').waitFor();
      await fine(watched);
      const example = encounter.getByRole('button', { name: 'Open row 3 of visits' });
      await enter(example);
      const row = page.getByRole('complementary', { name: 'Row 3 of visits' });
      await row.locator('mark').first().waitFor();
      expect(await row.locator('mark').first().textContent()).toContain('9003,77,2026-03-03 10:00');
      await fine(watched);
      await page.keyboard.press('Escape');
      await eventually(() => page.evaluate(() => document.activeElement?.getAttribute('data-row'))).toMatch(/^visits\/3\/\d+$/);
      await enter(page.getByRole('button', { name: 'Write' }));
      await page.getByText('Written.').waitFor();

      await page.keyboard.press('/');
      await eventually(() => page.evaluate(() => document.activeElement?.hasAttribute('data-search'))).toBe(true);
      await page.keyboard.type('okafor');
      await page.keyboard.press('Enter');
      await page.getByRole('link', { name: /OKAFOR/ }).press('Enter');
      await page.getByRole('heading', { name: 'Problems' }).waitFor();
      await page.keyboard.press('2');
      await page.locator('.labs-grid').waitFor();
      const value = page.getByRole('button', { name: /^13\.10/ });
      await value.focus();
      await page.keyboard.press('w');
      const panel = page.getByRole('complementary', { name: /Where from/ });
      await panel.getByRole('button', { name: /results, row 1 · value/ }).waitFor();
      await panel.locator('mark[data-mark="field"]').waitFor();
      await eventually(() => panel.locator('mark[data-mark="field"]').textContent()).toBe('13.10');
      // The panel is of the value, and stays so.
      await page.keyboard.press('w');
      await fine(watched);
      expect(await page.getByRole('complementary', { name: /Where from Observation\// }).count()).toBe(1);
      await watched.shot('where-cells-en-light-wide');
      await panel.getByRole('switch', { name: 'All elements' }).check();
      await panel.getByText('written in the mapping, of no cell').first().waitFor();
      await panel.getByRole('link', { name: 'clinic' }).click();
      await page.getByRole('complementary', { name: 'Row 1 of results' }).waitFor();
      await eventually(() => page.url()).toContain('/sources/clinic/tables');
      await watched.close();
    });

    it('asks before it takes a delivery that broke off, on the phone, in Chinese', async () => {
      server.folder('clinic', BROKEN_OFF);
      const watched = await clinician({ language: 'zh-Hans', theme: 'dark', size: PHONE });
      const { page } = watched;
      await page.goto(server.url('/sources'));
      await page.getByRole('link', { name: 'clinic' }).tap();
      await page.getByRole('button', { name: '立即拉取' }).tap();
      await page.getByRole('heading', { name: '这次交付会减少大量数据' }).waitFor();
      const accept = page.getByRole('button', { name: '接收这次交付' });
      expect(await accept.isDisabled()).toBe(true);
      await fine(watched);
      await watched.shot('pull-doubt-zh-Hans-dark-phone');
      // Nothing was taken.
      await page.getByText('第 1 次交付').first().waitFor();
      expect(await page.getByText('第 2 次交付').count()).toBe(0);
      await page.getByRole('checkbox').check();
      await accept.tap();
      await page.getByText('已接收第 2 次交付。').waitFor();
      await fine(watched);
      await watched.close();
    });

    it('takes a run back, after it said what that does', async () => {
      server.folder('clinic', { 'people.csv': EXTRACTS['people.csv']?.replace('Lind,', 'Lindt,') ?? '' });
      const watched = await clinician();
      const { page } = watched;
      await page.goto(server.url('/sources/clinic/runs'));
      await page.getByRole('button', { name: 'Pull now' }).click();
      await page.getByText('Delivery 3 was taken.').waitFor();
      await page.getByRole('button', { name: 'Dry run' }).click();
      await page.getByText(/: 0 new, 1 changed, 36 gone/).waitFor();
      await page.getByText(/^Mapped again: /).waitFor();
      await page.getByRole('button', { name: 'Write' }).click();
      await page.getByText('Written.').waitFor();
      await page.getByRole('button', { name: 'Take this run back' }).click();
      await page.getByText('Taking it back deletes 0 and restores 37 records').waitFor();
      await page.getByText('The Provenance that tells of the run is deleted too').waitFor();
      await fine(watched);
      await page.getByRole('button', { name: 'Take it back' }).click();
      await page.getByText('Taken back: 0 deleted, 37 restored').waitFor();
      // The report of a run from before can be had as a file too.
      await page.locator('.run-line', { hasText: 'Run 1' }).click();
      const [download] = await Promise.all([page.waitForEvent('download'), page.locator('.run-past').getByRole('button', { name: 'Report as CSV' }).click()]);
      expect(readFileSync((await download.path()) ?? '', 'utf8')).toMatch(/^target,type,rows,/);
      await watched.close();
    });

    it('writes on a mapping: a copy, what may stand there, what is wrong, samples, and what belongs together', async () => {
      const watched = await clinician();
      const { page } = watched;
      await page.goto(server.url('/sources/clinic/mapping?file=observation.sql'));
      await page.getByText('a folder on the server').waitFor();
      const sample = page.getByRole('group', { name: 'Resource' });
      await sample.getByText('"value": 13.10,').waitFor();
      await fine(watched);
      await page.getByRole('button', { name: 'Copy to my own' }).click();
      await page.getByRole('button', { name: 'Copy', exact: true }).click();
      await page.getByText('own, version 1').waitFor();
      // What is pointed at lights up in the rows and in the SQL.
      await sample.getByText('"value": 13.10,').hover();
      await eventually(() => page.locator('.preview-cells [data-lit] code').allTextContents()).toEqual(['value', 'unit']);
      await eventually(() => page.locator('.line-marked').textContent()).toContain('coalesce(quantity');
      await page.locator('.cm-line', { hasText: 'instant(r.at)' }).click();
      await page.keyboard.press('End');
      await page.keyboard.press('Enter');
      await page.keyboard.type('r.un');
      await page.locator('.cm-tooltip-autocomplete').getByText('unit', { exact: true }).waitFor();
      await fine(watched);
      await page.keyboard.press('Enter');
      await page.keyboard.type(' AS "isued",');
      const problem = page.getByRole('region', { name: 'Problems' }).getByRole('button', { name: /has no element `isued`/ });
      await problem.waitFor();
      await eventually(() => page.locator('.cm-lintRange-error').textContent()).toBe('isued');
      await eventually(() => page.getByRole('button', { name: 'Use it for clinic' }).isDisabled()).toBe(true);
      await fine(watched);
      await watched.shot('mapping-problem-en-light-wide');
      // Another page and back: what is written is still there.
      await page.getByRole('link', { name: 'Runs' }).click();
      await page.getByRole('button', { name: 'Dry run' }).waitFor();
      await page.getByRole('link', { name: 'Mapping' }).click();
      await page.getByRole('region', { name: 'Problems' }).waitFor();
      await problem.click();
      await eventually(() => page.evaluate(() => document.activeElement?.classList.contains('cm-content'))).toBe(true);
      await page.keyboard.press('Home');
      await page.keyboard.press('Shift+End');
      await page.keyboard.type("text(r.unit) AS \"note.text\",");
      await page.getByText(/^no problems/).waitFor();
      await sample.getByText('"text": "g/dl"').waitFor();
      await page.keyboard.press('Control+s');
      await page.getByText('own, version 2').waitFor();
      await page.getByRole('button', { name: 'Use it for clinic' }).click();
      await page.getByRole('link', { name: 'To the dry run' }).click();
      await page.getByRole('button', { name: 'Dry run' }).click();
      await page.getByText('Dry run: nothing was written.').waitFor();
      await watched.close();
    });

    it('lets a person say what a value means, which the next run maps by, and take that back', async () => {
      const watched = await clinician();
      const { page } = watched;
      await page.goto(server.url('/sources/clinic/codes'));
      await page.locator('.fold-row', { hasText: 'XYZ' }).locator('summary').click();
      const value = page.locator('.fold-row[open]', { hasText: 'XYZ' });
      await value.getByRole('textbox', { name: 'Code' }).fill('2947-0');
      await fine(watched);
      await value.getByRole('button', { name: 'Approve', exact: true }).last().click();
      await value.getByText('✓ 2947-0').first().waitFor();
      await page.getByRole('region', { name: 'Approved by people' }).getByText('Ada Ward').waitFor();
      await fine(watched);
      await value.getByRole('button', { name: 'Take back' }).click();
      await page.getByText('taken back by').waitFor();
      // What an element with a value set takes is what is offered.
      await page.locator('.fold-row', { has: page.locator('.fixed code', { hasText: /^sex$/ }) }).locator('summary').click();
      await page.getByText('Patient.gender').waitFor();
      await eventually(() => page.locator('.codes-one th[scope=row] code').allTextContents()).toEqual(['female', 'male', 'other', 'unknown']);
      await fine(watched);
      await watched.close();
    });

    it('leads from rows that could not be read to what they are, and takes one that a person corrects', async () => {
      const watched = await clinician();
      const { page } = watched;
      await page.goto(server.url('/sources/clinic'));
      await page.getByRole('link', { name: '1 row not readable' }).last().click();
      await eventually(() => page.url()).toContain('/sources/clinic/letters');
      const letter = page.locator('.fold-row', { hasText: 'visits.csv, row 4' });
      await letter.getByText('fewer or more cells than the header').waitFor();
      await letter.locator('summary').press('Enter');
      await eventually(() => letter.locator('mark').first().textContent()).toContain('9004,18');
      await fine(watched);
      await watched.shot('letter-en-light-wide');
      for (const [column, cell] of [['visit', '9004'], ['pid', '18'], ['arrived', '2026-03-04 08:00'], ['kind', 'walk-in']] as const) await letter.getByLabel(column, { exact: true }).fill(cell);
      await letter.getByRole('textbox', { name: 'Reason' }).fill('asked the ward');
      await letter.getByRole('button', { name: 'Keep the correction' }).click();
      await letter.getByText('Corrected by').waitFor();
      await fine(watched);
      await letter.getByRole('button', { name: 'Take it now' }).click();
      await letter.getByText(/^Taken: \d+ stored/).waitFor();
      await page.locator('.fold-row', { hasText: 'taken after all' }).waitFor();
      await fine(watched);
      await watched.close();
    });

    it('runs checks, shows what failed by table, and the rows that are meant', async () => {
      const watched = await clinician();
      const { page } = watched;
      await page.goto(server.url('/quality'));
      await page.getByText('No checks were run yet').waitFor();
      await fine(watched);
      await page.getByRole('button', { name: 'Run checks' }).click();
      // What is chosen stands in the address, and the switch follows it.
      const passed = page.getByRole('switch', { name: 'Passed ones too' });
      await passed.click();
      await eventually(() => passed.isChecked()).toBe(true);
      await page.locator('.check').first().waitFor();
      await fine(watched);
      await page.locator('.check').first().click();
      await page.getByRole('heading', { name: 'Rows that fail it' }).waitFor();
      await eventually(() => page.url()).toContain('check=');
      await fine(watched);
      await watched.shot('quality-check-en-light-wide');
      await page.keyboard.press('Escape');
      await eventually(() => page.evaluate(() => document.activeElement?.hasAttribute('data-check'))).toBe(true);
      // Those of OMOP are many: it is told how many are done, and they can be stopped.
      await page.getByLabel('Over').selectOption('OMOP tables');
      await page.getByRole('button', { name: 'Run checks' }).click();
      await page.getByRole('progressbar', { name: /^[\d,]+ of [\d,]+ done$/ }).waitFor();
      await fine(watched);
      await watched.shot('quality-progress-en-light-wide');
      await page.getByRole('button', { name: 'Stop' }).click();
      await page.getByText('The checks were stopped; nothing of them is kept.').waitFor();
      await page.getByText('Run 1').first().waitFor();
      await watched.close();
    });

    it('leads from a row of an OMOP table that fails a check to the cells that it was made of', async () => {
      const watched = await clinician();
      const { page } = watched;
      const check = 'standardConceptRecordCompleteness.measurement.measurement_concept_id';
      await page.goto(server.url('/quality'));
      await page.getByRole('button', { name: 'Run checks' }).waitFor();
      // One is enough here.
      await page.evaluate(async (only) => {
        const { csrf } = (await (await fetch('/api/session')).json()) as { csrf: string };
        const ran = await fetch('/api/quality/runs', { method: 'POST', headers: { 'content-type': 'application/json', 'x-csrf-token': csrf }, body: JSON.stringify({ only: [only] }) });
        const told = await ran.text();
        if (!told.includes('"report"')) throw new Error(told);
      }, check);
      await page.goto(server.url(`/quality?${new URLSearchParams({ check })}`));
      // The ward's own results are of no table; this one is of the clinic's.
      await page.locator('.violating tr', { hasText: 'XYZ' }).getByRole('button', { name: /^measurement\// }).first().click();
      const panel = page.getByRole('complementary', { name: /Where from omop\.measurement/ });
      await panel.getByRole('button', { name: /results, row \d+ · value/ }).first().waitFor();
      await panel.getByText('What stands in the row').click();
      await panel.getByText('measurement_source_value').waitFor();
      await fine(watched);
      await watched.shot('quality-omop-row-en-light-wide');
      await panel.getByRole('button', { name: /^Observation\// }).click();
      await page.getByRole('complementary', { name: /Where from Observation/ }).getByText('Version 1').waitFor();
      await fine(watched);
      await watched.close();
    });

    it('says in Chinese why a source cannot be read', async () => {
      server.command(['source', 'add', 'nowhere', '--path', '/nowhere-at-all', '--mapping', server.folder('nowhere-mapping', MAPPING)]);
      const watched = await clinician({ ...LOOK, language: 'zh-Hans' });
      const { page } = watched;
      await page.goto(server.url('/sources/nowhere'));
      await page.getByRole('button', { name: '立即拉取' }).press('Enter');
      await page.locator('.failure').getByText(/^无法读取：/).waitFor();
      await page.goto(server.url('/sources'));
      await page.locator('tr', { hasText: 'nowhere' }).getByText(/^无法读取：/).waitFor();
      await fine(watched);
      await watched.close();
      server.command(['source', 'remove', 'nowhere']);
    });

    it('tells an administrator which sources there are, and nothing of what they deliver', async () => {
      const watched = await house.stranger();
      watched.page.context().setDefaultTimeout(WORK_MS);
      // Nobody is signed in yet.
      watched.expected.add(401);
      const { page } = watched;
      await page.goto(server.url('/sources'));
      await page.getByLabel('Account').fill('root');
      await page.getByLabel('Password').fill(PASSWORD);
      await page.keyboard.press('Enter');
      await page.getByRole('link', { name: 'clinic' }).waitFor();
      watched.expected.delete(401);
      const asked: string[] = [];
      page.on('request', (request) => asked.push(new URL(request.url()).pathname));
      for (const tab of ['', '/tables?row=people/0', '/mapping', '/runs?run=1', '/codes']) {
        await page.goto(server.url(`/sources/clinic${tab}`));
        await page.getByText('This account sees which sources there are.').waitFor();
        expect(await page.getByText('Okafor').count(), tab).toBe(0);
      }
      await fine(watched);
      // It does not even ask for what it would be refused.
      expect(asked.filter((path) => /^\/(fhir|api\/(sources\/clinic|mappings|codes|arrivals|quality|sql))/.test(path))).toEqual([]);
      await watched.shot('source-administrator-en-light-wide');
      await watched.close();
    });
  });
}
