import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { PHONE, visitor, WIDE, type Look, type Watched } from './browser';
import { fine, LOOK, type House } from './house';
import { look, sideways } from './screens';

const BROKEN = (id: string): string[] => [
  `MSH|^~\\&|LAB|NORTH|MW|WARD|20261124093000+0800||ORU^R01^ORU_R01|${id}|P|2.5.1||||||UNICODE UTF-8`,
  'PID|1||||Lopez^Inés||19900305|F',
  `OBR|1||F-${id}|24323-8^Comprehensive metabolic panel^LN|||20261124080000+0800|||||||||||||||20261124093000+0800||CH|F`,
  `OBX|1|NM|2823-3^Potassium^LN||4.41|mmol/L|3.5-5.1|N|||F`,
];
const textOf = (segments: string[]): string => `${segments.join('\r')}\r`;
const number = (id: string): string => `77${id.replace(/\D/g, '')}^^^NORTH^MR`;

interface Asked {
  method: string;
  path: string;
  body: unknown;
}

/** Sends a file as a program would: what it was, and which letter it left. */
async function send({ page }: Watched, house: House, name: string, text: string, source = 'analyser'): Promise<{ dead_letter: number | null }[]> {
  const csrf = ((await (await page.request.get(house.server.url('/api/session'))).json()) as { csrf: string }).csrf;
  const query = new URLSearchParams({ name, source });
  const answer = await page.request.post(house.server.url(`/api/import?${query}`), { data: Buffer.from(text), headers: { 'content-type': 'application/octet-stream', 'x-csrf-token': csrf } });
  return ((await answer.json()) as { issues: { dead_letter: number | null }[] }).issues;
}

const focusedRow = (watched: Watched) => watched.page.evaluate(() => document.activeElement?.getAttribute('data-row-link'));
const focusedText = (watched: Watched) => watched.page.evaluate(() => document.activeElement?.textContent ?? '');
const patients = async ({ page }: Watched, house: House, of: string): Promise<number> =>
  ((await (await page.request.get(house.server.url(`/fhir/Patient?identifier=${of.split('^')[0]}&_summary=count`))).json()) as { total: number }).total;

/** Links of people as the server tells them; it decides here. */
async function identity({ page }: Watched): Promise<Asked[]> {
  const asked: Asked[] = [];
  const person = (id: string, name: string, more: object = {}) => ({
    id, active: true, name, birth_date: '1958-07-14', sex: 'male', numbers: ['1297287652'], phones: ['+86 21 5555 0100'], address: '12 Ning Road', updated: '2026-11-24T09:00:00Z', source: 'laboratory', deceased: false, ...more,
  });
  const parts = [
    { name: 'name', outcome: 'near', weight: 3.1, how: 'two letters swapped' },
    { name: 'birthDate', outcome: 'equal', weight: 4.2, how: null },
    { name: 'number', outcome: 'differs', weight: -2.2, how: 'of one kind, and another' },
    { name: 'address', outcome: 'missing', weight: 0, how: null },
  ];
  const link = (id: string, patientsOf: object[], score: number) => ({ id, state: 'waiting', score, found: '2026-11-24T09:00:00Z', decided: null as string | null, decided_by: null as string | null, reason: null, parts, patients: patientsOf });
  const links = [
    link('first', [person('wei', 'Wei Chen'), person('wie', 'Wie Chen', { numbers: ['2200114'], address: null })], 0.87),
    link('second', [person('fang', '王芳'), person('ann', '王方', { deceased: true })], 0.71),
  ];
  await page.route('**/api/session', async (route) => {
    const answer = await route.fetch();
    const session = (await answer.json()) as { features: string[] };
    await route.fulfill({ response: answer, json: { ...session, features: [...session.features, 'identity'] } });
  });
  await page.route(/\/api\/identity/, async (route) => {
    const request = route.request();
    const { pathname, searchParams } = new URL(request.url());
    const [, , , id, act] = pathname.split('/');
    const waiting = links.filter(({ state }) => state === 'waiting');
    if (id === undefined) {
      const state = searchParams.get('state');
      await route.fulfill({ json: { waiting: waiting.length, links: state === 'all' ? links : links.filter((one) => one.state === state), next_before: null } });
      return;
    }
    const one = links.find((found) => found.id === id);
    if (act && one) {
      const body = request.postDataJSON() as { same?: boolean };
      asked.push({ method: request.method(), path: pathname, body });
      one.state = act === 'undo' ? 'waiting' : act === 'merge' ? 'merged' : body.same ? 'same' : 'different';
      one.decided = act === 'undo' ? null : '2026-11-27T09:00:00Z';
      one.decided_by = act === 'undo' ? null : 'person/2 (Ada Ward)';
    }
    await route.fulfill(one ? { json: one } : { status: 404, json: { error: { message: 'no such link' } } });
  });
  return asked;
}

export function intake(house: House): void {
  const { server } = house;
  const clinician = (of: Look = LOOK): Promise<Watched> => visitor(house.browser, of, house.signedIn);

  describe('the intake', () => {
    it('shows a broken message within two seconds; it is corrected, tried, replayed and taken back by keys alone', async () => {
      const watched = await clinician();
      const { page } = watched;
      await page.goto(server.url('/sources'));
      await page.getByRole('heading', { name: 'Sources' }).waitFor();
      await page.keyboard.press('g');
      await page.keyboard.press('i');
      await page.getByRole('region', { name: 'Senders' }).waitFor();
      await page.keyboard.press('i');
      await page.keyboard.press('r');
      await page.getByRole('region', { name: 'Refused' }).waitFor();
      await page.locator('.intake-facts .as-of').waitFor();
      // A machine that does other work meanwhile may be late once, not every time.
      const took_ms: number[] = [];
      for (const id of ['B101', 'B102', 'B103']) {
        const [issue] = await send(watched, house, `${id}.hl7`, textOf(BROKEN(id)));
        const sent_ms = Date.now();
        await page.locator(`[data-row-link="${issue?.dead_letter}"]`).waitFor();
        took_ms.push(Date.now() - sent_ms);
      }
      expect(Math.min(...took_ms)).toBeLessThanOrEqual(2_000);
      await fine(watched);

      // The newest is the first.
      await page.keyboard.press('j');
      const no = await focusedRow(watched);
      await page.keyboard.press('Enter');
      await page.getByRole('heading', { name: `Letter ${no}` }).waitFor();
      await expect.poll(() => focusedText(watched)).toBe(`Letter ${no}`);
      await page.locator('mark[data-mark="field"]').waitFor();
      expect(await page.locator('mark[data-mark="field"]').textContent()).toBe('||');
      await page.getByText('no identifier of the patient').waitFor();
      const [download] = await Promise.all([page.waitForEvent('download'), page.keyboard.press('d')]);
      expect(readFileSync((await download.path()) ?? '', 'utf8')).toBe(textOf(BROKEN('B103')));
      // Every letter has an address.
      await page.reload();
      await page.locator('mark[data-mark="field"]').waitFor();
      await fine(watched);

      await page.keyboard.press('f');
      const copy = page.getByRole('textbox', { name: 'A copy to correct' });
      await copy.waitFor();
      expect(await copy.inputValue()).toBe(textOf(BROKEN('B103')).replaceAll('\r', '\n'));
      await page.keyboard.press('Control+Enter');
      await page.getByText('Kept, but it would still be refused.').waitFor();
      await page.keyboard.type(number('B103'));
      await page.keyboard.press('Control+Enter');
      await page.getByText('It would be taken.').waitFor();
      await page.getByText('Patient 1').waitFor();
      await fine(watched);
      await watched.shot('intake-tried-en-light-wide');
      await expect.poll(() => focusedText(watched)).toBe('Replay the copy');
      await page.keyboard.press('Enter');
      await page.getByText(/^✓ Taken: \d+ records stored/).waitFor();

      // Its bytes are those of the copy, and nothing else of the message is another.
      const { replayed_as } = (await (await page.request.get(server.url(`/api/deadletters/${no}`))).json()) as { replayed_as: number };
      const taken = await (await page.request.get(server.url(`/api/arrivals/${replayed_as}/bytes`))).text();
      expect(taken).toBe(textOf(BROKEN('B103')).replace('PID|1||||', `PID|1||${number('B103')}||`));
      expect(await patients(watched, house, number('B103'))).toBe(1);
      await fine(watched);

      const back = page.getByRole('button', { name: 'Take the replay back' });
      await expect.poll(async () => {
        await page.keyboard.press('Tab');
        return focusedText(watched);
      }).toMatch(/^Take the replay back/);
      await back.press('Enter');
      await page.getByText(/deletes 4 records/).waitFor();
      await page.keyboard.press('Tab');
      await expect.poll(() => focusedText(watched)).toBe('Take back');
      await page.keyboard.press('Enter');
      await page.getByText('Taken back: 4 deleted').waitFor();
      expect(await patients(watched, house, number('B103'))).toBe(0);

      // On to the older one, which is still open, and back to the list.
      await page.keyboard.press('j');
      await expect.poll(() => new URL(page.url()).searchParams.get('letter')).toBe(String(Number(no) - 1));
      await page.locator('mark[data-mark="field"]').waitFor();
      await page.keyboard.press('Escape');
      await expect.poll(() => focusedRow(watched)).toBe(String(Number(no) - 1));
      expect(await page.locator(`[data-row-link="${no}"]`).count()).toBe(0);
      await fine(watched);
      await watched.close();
    });

    it('discards a letter with a reason, by keys, and keeps what was written of a copy', async () => {
      const watched = await clinician();
      const { page } = watched;
      const [issue] = await send(watched, house, 'note.txt', 'this is no message');
      const no = issue?.dead_letter;
      await page.goto(server.url(`/intake/refused?letter=${no}`));
      await page.getByText('not recognised').waitFor();
      await page.keyboard.press('f');
      await page.getByRole('textbox', { name: 'A copy to correct' }).waitFor();
      await page.keyboard.type('MSH');
      await page.keyboard.press('Escape');
      await page.keyboard.press('k');
      await page.keyboard.press('j');
      await page.goto(server.url('/intake/refused'));
      await page.locator(`[data-row-link="${no}"]`).press('Enter');
      await page.getByRole('heading', { name: `Letter ${no}` }).waitFor();
      await page.keyboard.press('x');
      await page.getByLabel('Reason').waitFor();
      await page.keyboard.type('sent by mistake');
      await page.keyboard.press('Enter');
      await page.getByText('sent by mistake').waitFor();
      expect(await page.getByRole('button', { name: 'Discard it' }).count()).toBe(0);
      await fine(watched);
      await page.keyboard.press('Escape');
      await page.getByLabel('State').selectOption('discarded');
      await page.locator(`[data-row-link="${no}"]`).waitFor();
      expect(new URL(page.url()).searchParams.get('letters')).toBe('discarded');
      await fine(watched);
      await watched.close();
    });

    it('replays all that are like one, says what failed, and leaves what is of tables to their source', async () => {
      const watched = await clinician();
      watched.expected.add(422);
      const { page } = watched;
      const numbers: number[] = [];
      for (const id of ['C201', 'C202', 'C203', 'C204']) numbers.push((await send(watched, house, `${id}.hl7`, textOf(BROKEN(id)), 'gateway'))[0]?.dead_letter ?? 0);
      const [first, second] = numbers;
      const csrf = ((await (await page.request.get(server.url('/api/session'))).json()) as { csrf: string }).csrf;
      await page.request.post(server.url(`/api/deadletters/${second}/correct`), { data: Buffer.from(textOf(BROKEN('C202')).replace('PID|1||||', `PID|1||${number('C202')}||`)), headers: { 'content-type': 'application/octet-stream', 'x-csrf-token': csrf } });
      await page.goto(server.url(`/intake/refused?letter=${first}&source=gateway`));
      await page.locator('mark[data-mark="field"]').waitFor();
      await page.keyboard.press('l');
      await page.getByText('3 more open letters of this source have the same fault').waitFor();
      await page.getByRole('button', { name: 'Replay the other 3' }).press('Enter');
      await page.getByText('3 of 3 replayed.').waitFor();
      await page.getByText('Done: 4 records stored, 2 failed.').waitFor();
      await page.getByRole('link', { name: `Letter ${numbers[3]}` }).waitFor();
      await fine(watched);
      await page.getByRole('button', { name: 'Close' }).click();
      await page.keyboard.press('Escape');
      await expect.poll(() => page.locator('[data-row-link]').count()).toBe(3);
      await fine(watched);
      await watched.close();
    });

    it('follows the log, holds it, finds in it, and opens an arrival with its bytes and the way back', async () => {
      const watched = await clinician();
      const { page } = watched;
      await page.goto(server.url('/intake/live'));
      await page.locator('[data-row-link]').first().waitFor();
      await send(watched, house, 'D301.hl7', textOf(BROKEN('D301')).replace('PID|1||||', `PID|1||${number('D301')}||`), 'ward-7');
      await page.getByRole('link', { name: 'D301.hl7' }).waitFor();
      await page.keyboard.press('h');
      await page.getByText('Held: nothing came since').waitFor();
      await send(watched, house, 'D302.hl7', textOf(BROKEN('D302')), 'ward-7');
      await page.getByText('Held: one came since').or(page.getByText('Held: 1 came since')).waitFor();
      expect(await page.getByRole('link', { name: 'D302.hl7' }).count()).toBe(0);
      await fine(watched);
      await page.keyboard.press('h');
      await page.getByRole('link', { name: 'D302.hl7' }).waitFor();
      await page.locator('tr', { hasText: 'D302.hl7' }).getByText('refused').waitFor();
      await page.getByLabel('Text').fill('d30');
      await expect.poll(() => page.locator('[data-row-link]').count()).toBe(2);
      await page.getByLabel('Source').selectOption('ward-7');
      expect(new URL(page.url()).search).toContain('source=ward-7');
      await page.reload();
      await expect.poll(() => page.locator('[data-row-link]').count()).toBe(2);
      await page.keyboard.press('j');
      await page.keyboard.press('j');
      const no = await focusedRow(watched);
      await page.keyboard.press('Enter');
      const panel = page.getByRole('complementary', { name: 'D301.hl7' });
      await panel.getByText('4 records were made by it').waitFor();
      await panel.locator('.raw-segment').first().waitFor();
      const [download] = await Promise.all([page.waitForEvent('download'), panel.getByRole('link', { name: 'Download all' }).click()]);
      expect(readFileSync((await download.path()) ?? '', 'utf8')).toContain(number('D301'));
      await fine(watched);
      await panel.getByRole('button', { name: 'Take it back' }).press('Enter');
      await panel.getByText(/deletes 4 records/).waitFor();
      await fine(watched);
      await panel.getByRole('button', { name: 'Take back' }).press('Enter');
      await panel.getByText('It was taken back.').waitFor();
      await page.keyboard.press('Escape');
      await expect.poll(() => focusedRow(watched)).toBe(no);
      await page.locator('tr', { hasText: 'D301.hl7' }).getByText('taken back').waitFor();
      await fine(watched);
      await watched.close();
    });

    it('tells who sends, how much, and of whom something waits; the rail counts it', async () => {
      const watched = await clinician();
      const { page } = watched;
      let requests = 0;
      page.on('request', (request) => {
        const { pathname } = new URL(request.url());
        if (/^\/(api|fhir)\//.test(pathname) && pathname !== '/api/live') requests += 1;
      });
      await page.goto(server.url('/intake'));
      const row = page.getByRole('row', { name: /gateway/ });
      await row.getByText('sending').waitFor();
      // One more may be the second look at what came.
      expect(requests).toBeLessThanOrEqual(7);
      await row.getByRole('link', { name: '3' }).waitFor();
      await expect.poll(async () => Number(await row.getByRole('cell').nth(3).textContent())).toBeGreaterThanOrEqual(4);
      await page.locator('.rail-count').waitFor();
      await fine(watched);
      await row.getByRole('link', { name: '3' }).click();
      await expect.poll(() => new URL(page.url()).searchParams.get('source')).toBe('gateway');
      await page.goto(server.url('/intake'));
      await row.getByRole('link', { name: 'gateway' }).press('Enter');
      await page.getByRole('region', { name: 'Live log' }).waitFor();
      await expect.poll(() => new URL(page.url()).searchParams.get('source')).toBe('gateway');
      await watched.close();
    });

    it('offers nothing to whoever may only read, and tells who may not see it what is needed', async () => {
      const watched = await clinician();
      const { page } = watched;
      await page.route('**/api/session', async (route) => {
        const answer = await route.fetch();
        await route.fulfill({ response: answer, json: { ...((await answer.json()) as object), scopes: 'user/*.rs' } });
      });
      await page.goto(server.url('/intake/refused'));
      await page.locator('[data-row-link]').first().press('Enter');
      await page.locator('mark[data-mark="field"]').waitFor();
      for (const name of ['Replay it', 'Correct a copy', 'Discard it']) expect(await page.getByRole('button', { name }).count(), name).toBe(0);
      await page.getByRole('link', { name: 'Download the bytes' }).waitFor();
      await page.unroute('**/api/session');
      await page.route('**/api/session', async (route) => {
        const answer = await route.fetch();
        await route.fulfill({ response: answer, json: { ...((await answer.json()) as object), features: ['patients'] } });
      });
      await page.goto(server.url('/intake'));
      await page.getByText('this page needs an account that may read and search all records').waitFor();
      expect(await page.getByRole('navigation', { name: 'Main places' }).getByRole('link', { name: 'Intake' }).count()).toBe(0);
      await fine(watched);
      await watched.close();
    });

    it('says when something fails, and keeps what it had', async () => {
      const watched = await clinician();
      for (const status of [403, 404, 500]) watched.expected.add(status);
      const { page } = watched;
      for (const [status, heading] of [
        [403, 'Not allowed'],
        [500, 'The server failed'],
      ] as const) {
        await page.route('**/api/deadletters?**', (route) => route.fulfill({ status, json: { error: { code: 'x', message: 'because of this', id: 'r-77' } } }));
        await page.goto(server.url('/intake/refused'));
        await page.getByRole('heading', { name: heading }).waitFor();
        await page.unroute('**/api/deadletters?**');
      }
      await page.getByRole('button', { name: 'Try again' }).click();
      await page.locator('[data-row-link]').first().waitFor();
      await page.goto(server.url('/intake/refused?letter=999999'));
      await page.getByRole('heading', { name: 'There is nothing here' }).last().waitFor();
      await page.goto(server.url('/intake/no-such-part'));
      await page.getByRole('heading', { name: 'There is nothing here' }).last().waitFor();
      await fine(watched);
      await watched.close();
    });

    it('compares two records and decides by keys: same, not the same, undone, merged', async () => {
      const watched = await clinician();
      const asked = await identity(watched);
      const { page } = watched;
      await page.goto(server.url('/intake/same'));
      await page.locator('[data-row-link]').first().waitFor();
      await page.getByText('2 pairs wait').waitFor();
      await page.keyboard.press('j');
      await page.keyboard.press('Enter');
      await page.getByRole('heading', { name: 'One person?' }).waitFor();
      const field = (name: string) => page.getByRole('row', { name: new RegExp(`^${name}`) });
      await field('Name').getByText('nearly equal').waitFor();
      await field('Numbers').getByText('−2.2').waitFor();
      expect(await field('Born').getAttribute('data-outcome')).toBe('equal');
      await fine(watched);
      await page.keyboard.press('y');
      await expect.poll(() => new URL(page.url()).searchParams.get('link')).toBe('second');
      await page.getByText('the same person; both records stay').waitFor();
      await fine(watched);
      // What was decided last is what is undone, wherever one looks by then.
      await page.keyboard.press('u');
      await expect.poll(() => new URL(page.url()).searchParams.get('link')).toBe('first');
      await page.keyboard.press('j');
      await expect.poll(() => new URL(page.url()).searchParams.get('link')).toBe('second');
      await page.getByText('deceased').waitFor();
      await page.keyboard.press('n');
      await page.getByText('not the same person').waitFor();
      await page.keyboard.press('k');
      await expect.poll(() => new URL(page.url()).searchParams.get('link')).toBe('first');
      await page.getByText('Merge into one record').click();
      await page.getByRole('button', { name: /Keep the first: Wei Chen/ }).click();
      await page.getByText('merged into one record').waitFor();
      expect(asked.map(({ path, body }) => [path.slice('/api/identity/'.length), body])).toEqual([
        ['first/decide', { same: true }],
        ['first/undo', {}],
        ['second/decide', { same: false }],
        ['first/merge', { into: 'wei' }],
      ]);
      await page.getByRole('link', { name: 'Chart wei' }).click();
      await page.getByRole('region', { name: 'Patient' }).waitFor();
      expect(new URL(page.url()).pathname).toBe('/p/wei');
      await watched.close();
    });

    it('finds two records of one person as they come, links them by keys, says so in both charts, and takes it back', async () => {
      const watched = await clinician();
      const { page } = watched;
      await page.goto(server.url('/intake/same'));
      const record = (id: string, name: object) => ({ resourceType: 'Patient', id, name: [name], gender: 'female', birthDate: '1964-09-21', telecom: [{ system: 'phone', value: '617 555 7744' }] });
      const lines = [record('quill-1', { family: 'Quill', given: ['Zora'] }), record('quill-2', { text: 'ZORA QUILL' })];
      await send(watched, house, 'quill.ndjson', lines.map((line) => JSON.stringify(line)).join('\n'));
      const row = page.locator('[data-row-link]', { hasText: 'Quill' });
      await row.waitFor();
      await row.focus();
      await page.keyboard.press('Enter');
      await page.getByRole('row', { name: /^Telephone/ }).getByText('equal').waitFor();
      const pair = new URL(page.url()).searchParams.get('link');
      await page.keyboard.press('y');
      await page.getByText('the same person; both records stay').waitFor();
      await page.goto(server.url('/p/quill-1'));
      await page.getByText('The same person as quill-2.').waitFor();
      await page.getByRole('link', { name: 'Compare quill-2' }).click();
      await page.getByText('the same person; both records stay').waitFor();
      expect(new URL(page.url()).searchParams.get('link')).toBe(pair);
      await page.keyboard.press('u');
      await page.getByText('the same person; both records stay').waitFor({ state: 'detached' });
      await page.goto(server.url('/p/quill-2'));
      await page.getByText('May be the same person as quill-1').waitFor();
      await fine(watched);
      await watched.close();
    });
  });

  describe.each(['en', 'zh-Hans'] as const)('each part of the intake in %s', (language) => {
    const parts = async (watched: Watched): Promise<[what: string, path: string, wait: string][]> => {
      const { dead_letters } = (await (await watched.page.request.get(server.url('/api/deadletters?source=gateway&limit=1'))).json()) as { dead_letters: { no: number; arrival: { no: number } }[] };
      const [letter] = dead_letters;
      return [
        ['senders', '/intake', '.intake-state'],
        ['live', '/intake/live', '[data-row-link]'],
        ['arrival', `/intake/live?arrival=${letter?.arrival.no}`, '.raw-segment'],
        ['refused', '/intake/refused', '[data-row-link]'],
        ['letter', `/intake/refused?letter=${letter?.no}`, 'mark[data-mark="field"]'],
        ['same', '/intake/same', '[data-row-link]'],
        ['link', '/intake/same?link=first', '.same'],
      ];
    };

    it.each([
      ['wide', WIDE],
      ['phone', PHONE],
    ])('%s, in every theme', { timeout: 900_000 }, async (name, size) => {
      const watched = await clinician({ language, theme: 'light', size });
      await identity(watched);
      const { page } = watched;
      for (const [what, path, wait] of await parts(watched)) {
        await page.goto(server.url(path));
        await page.locator(wait).first().waitFor();
        await look(watched, `intake-${what}`, language, name);
        if (what !== 'letter') continue;
        for (const [key, shown] of [['f', '.letter-text'], ['Escape', '[data-edit]'], ['x', '.intake-reason']] as const) {
          await page.keyboard.press(key);
          await page.locator(shown).first().waitFor();
          if (key === 'Escape') continue;
          // What was scrolled to may lie half under the top bar: that makes no target small.
          await page.evaluate(() => globalThis.scrollTo(0, 0));
          await look(watched, `intake-letter-${key}`, language, name);
        }
      }
      await watched.close();
    });

    it('at 400 %, without scrolling two ways', async () => {
      // 1280 × 1024 at 400 %.
      const watched = await clinician({ language, theme: 'light', size: { width: 320, height: 256 } });
      await identity(watched);
      const { page } = watched;
      for (const [what, path, wait] of await parts(watched)) {
        await page.goto(server.url(path));
        await page.locator(wait).first().waitFor({ state: 'attached' });
        expect(await sideways(page), what).toEqual([]);
        await watched.shot(`intake-${what}-${language}-light-zoom`);
      }
      expect(watched.problems).toEqual([]);
      await watched.close();
    });
  });
}
