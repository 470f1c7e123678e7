import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { PHONE, visitor, WIDE, type Look, type Watched } from './browser';
import { fine, LOOK, PASSWORD, type House, type State } from './house';
import { look, sideways } from './screens';

/** What the browser of the administrator holds who set up. */
let state: State | undefined;

const part = (watched: Watched) => watched.page.getByRole('complementary');
const search = (watched: Watched) => new URL(watched.page.url()).searchParams;
const focusedRow = (watched: Watched) => watched.page.evaluate(() => document.activeElement?.getAttribute('data-row-link'));

/** What of the pages keeps anything: nothing that is shown once may stand there. */
const kept = (watched: Watched) => watched.page.evaluate(() => JSON.stringify([location.href, history.state, { ...localStorage }, { ...sessionStorage }, document.title]));

export function admin(house: House): void {
  const { server } = house;
  const administrator = async (of: Look = LOOK): Promise<Watched> => {
    if (!state) {
      const watched = await house.stranger();
      watched.expected.add(401);
      await watched.page.goto(server.url('/signin'));
      await watched.page.getByLabel('Account').fill('root');
      await watched.page.getByLabel('Password').fill(PASSWORD);
      await watched.page.keyboard.press('Enter');
      await watched.page.locator('[data-row-link]').first().waitFor();
      state = await watched.page.context().storageState();
      await watched.close();
    }
    return visitor(house.browser, of, state);
  };

  describe('the pages of an administrator', () => {
    it('are gone through by keys alone: parts, rows, a panel and back', async () => {
      const watched = await administrator();
      const { page } = watched;
      await page.goto(server.url('/sources'));
      await page.getByRole('heading', { name: 'Sources' }).waitFor();
      await page.keyboard.press('g');
      await page.keyboard.press('a');
      await page.getByRole('link', { name: 'Ada Ward' }).waitFor();
      await page.keyboard.press('j');
      await page.keyboard.press('j');
      const row = await focusedRow(watched);
      expect(row).toMatch(/^person-/);
      await page.keyboard.press('Enter');
      await part(watched).getByText('One-time sign-in link').waitFor();
      await expect.poll(() => page.evaluate(() => document.activeElement?.tagName)).toBe('H2');
      expect(search(watched).get('person')).toBe(row?.slice('person-'.length));
      // What is open can be sent.
      await page.reload();
      await part(watched).getByText('One-time sign-in link').waitFor();
      await page.keyboard.press('Escape');
      await expect.poll(() => part(watched).count()).toBe(0);
      await expect.poll(() => focusedRow(watched)).toBe(row);
      await page.keyboard.press('+');
      await part(watched).getByRole('button', { name: 'Make the account' }).waitFor();
      await page.keyboard.press('Escape');
      await expect.poll(() => page.evaluate(() => document.activeElement?.textContent)).toBe('Make an account');
      for (const [key, name] of [['t', 'Tokens'], ['s', 'Senders'], ['u', 'Audit'], ['h', 'Health'], ['b', 'About'], ['p', 'People']] as const) {
        await page.keyboard.press('a');
        await page.keyboard.press(key);
        await page.getByRole('region', { name, exact: true }).waitFor();
        await expect.poll(() => page.evaluate(() => document.activeElement?.getAttribute('aria-label'))).toBe(name);
      }
      await page.keyboard.press('?');
      await page.getByRole('dialog').getByText('Make something new').waitFor();
      await fine(watched);
      await watched.close();
    });

    it('make an account and a link by which its person signs in once; the link is shown once and kept nowhere', async () => {
      const watched = await administrator();
      watched.expected.add(409);
      watched.expected.add(422);
      const { page } = watched;
      await page.goto(server.url('/admin/people?make=true'));
      const panel = part(watched);
      await panel.getByLabel('Name').fill('Nora Newcomer');
      await panel.getByRole('textbox', { name: 'Account' }).fill('ada');
      await panel.getByLabel('First password').fill('short');
      await panel.getByRole('button', { name: 'Make the account' }).click();
      await panel.getByText('needs at least 12 characters').waitFor();
      await panel.getByLabel('First password').fill('passwordpassword');
      await panel.getByRole('button', { name: 'Make the account' }).click();
      await panel.getByText('This password is not taken').waitFor();
      await panel.getByLabel('First password').fill(PASSWORD);
      await panel.getByRole('button', { name: 'Make the account' }).click();
      await panel.getByText('There is an account of this name already').waitFor();
      await fine(watched);
      await panel.getByRole('textbox', { name: 'Account' }).fill('nora');
      await panel.getByRole('button', { name: 'Make the account' }).click();
      await panel.getByRole('heading', { name: 'Nora Newcomer' }).waitFor();

      await panel.getByRole('button', { name: 'Make a link' }).click();
      const shown = panel.locator('.copyable-text');
      const link = (await shown.textContent()) ?? '';
      const code = /#code=(\S+)$/.exec(link)?.[1] ?? '';
      expect(code.length).toBeGreaterThan(40);
      await panel.getByText(/Ends in (59|60) minutes/).waitFor();
      await page.context().grantPermissions(['clipboard-read', 'clipboard-write']);
      await panel.getByRole('button', { name: 'Copy the link' }).click();
      await panel.getByText('Copied.').waitFor();
      expect(await page.evaluate(() => navigator.clipboard.readText())).toBe(link);
      expect((await kept(watched)).includes(code)).toBe(false);
      await fine(watched);
      await watched.shot('admin-link-en-light-wide');

      const nora = await house.stranger();
      nora.expected.add(401);
      await nora.page.goto(server.url(new URL(link).pathname + new URL(link).hash));
      await nora.page.getByRole('searchbox').waitFor();
      await nora.close();

      await panel.getByRole('button', { name: 'Hide it' }).click();
      await expect.poll(() => shown.count()).toBe(0);
      expect((await page.content()).includes(code)).toBe(false);
      await panel.getByRole('link', { name: 'What was done by and to this account' }).click();
      for (const deed of ['sign in by a link', 'make a sign-in link', 'make an account']) await page.locator('.trail-line', { hasText: deed }).first().waitFor();
      // Nobody else's rows are among them.
      expect((await page.locator('.trail-line').allTextContents()).every((text) => /nora/i.test(text))).toBe(true);
      expect(search(watched).get('about')).toMatch(/^person\/\d+ nora$/);
      expect((await page.content()).includes(code)).toBe(false);
      await watched.close();
    });

    it('take back within ten seconds what can be, by key or button, and leave it when the time is over', async () => {
      const watched = await administrator();
      const { page } = watched;
      await page.goto(server.url('/admin/people?q=nora'));
      await page.getByRole('link', { name: 'Nora Newcomer' }).click();
      const panel = part(watched);
      await panel.getByRole('button', { name: 'Disable the account' }).click();
      const bar = page.locator('.undo-bar');
      await bar.getByText('Nora Newcomer is disabled and signed out everywhere').waitFor();
      await page.getByRole('row', { name: /Nora/ }).getByText('disabled').waitFor();
      await fine(watched);
      await watched.shot('admin-undo-en-light-wide');
      await page.keyboard.press('u');
      await bar.getByText('It was taken back').waitFor();
      await page.getByRole('row', { name: /Nora/ }).getByText('can sign in').waitFor();

      await panel.getByRole('combobox', { name: 'Role' }).selectOption('administrator');
      await panel.getByRole('button', { name: 'Change the role' }).click();
      await bar.getByText('Nora Newcomer has the role administrator now').waitFor();
      // The bar stays when the panel is closed.
      await page.keyboard.press('Escape');
      await bar.getByRole('button', { name: 'Undo' }).click();
      await bar.getByText('It was taken back').waitFor();
      await page.getByRole('row', { name: /Nora/ }).getByText('clinician').waitFor();

      await page.getByRole('link', { name: 'Nora Newcomer' }).click();
      await panel.getByRole('button', { name: 'Disable the account' }).click();
      await bar.getByText('is disabled').waitFor();
      await bar.waitFor({ state: 'detached', timeout: 15_000 });
      await page.getByLabel('State').selectOption('disabled');
      await page.getByRole('row', { name: /Nora/ }).waitFor();
      expect(search(watched).get('state')).toBe('disabled');
      await panel.getByRole('button', { name: 'Enable the account' }).click();
      await bar.getByText('can sign in again').waitFor();
      await fine(watched);
      await watched.close();
    });

    it('reset a password and lift the lock that wrong ones left', async () => {
      const stranger = await house.stranger();
      stranger.expected.add(401);
      stranger.expected.add(429);
      const wrong = async (password: string) => {
        await stranger.page.goto(server.url('/signin'));
        await stranger.page.getByLabel('Account').fill('nora');
        await stranger.page.getByLabel('Password').fill(password);
        await stranger.page.keyboard.press('Enter');
      };
      for (let n = 0; n < 5; n += 1) {
        await wrong('not the password at all');
        await stranger.page.getByRole('alert').waitFor();
      }
      await wrong(PASSWORD);
      await stranger.page.getByText('Too many wrong tries').waitFor();

      const watched = await administrator();
      const { page } = watched;
      await page.goto(server.url('/admin/people'));
      await page.getByRole('link', { name: 'Who was locked out' }).click();
      await page.locator('.trail-line', { hasText: "'nora'" }).first().waitFor();
      await page.goto(server.url('/admin/people?q=nora'));
      await page.getByRole('link', { name: 'Nora Newcomer' }).click();
      const panel = part(watched);
      await panel.getByRole('button', { name: 'Lift the lock' }).click();
      await panel.getByText('Wrong passwords are forgotten').waitFor();
      await panel.getByLabel('New password').fill('nine north at five in the morning');
      await panel.getByRole('button', { name: 'Reset the password' }).click();
      await panel.getByText('The password is another one now').waitFor();
      expect(await panel.getByLabel('New password').inputValue()).toBe('');
      await fine(watched);
      await watched.close();

      await wrong('nine north at five in the morning');
      await stranger.page.getByRole('searchbox').waitFor();
      await stranger.close();
    });

    it('leave one’s own account to others', async () => {
      const watched = await administrator();
      await watched.page.goto(server.url('/admin/people'));
      await watched.page.getByRole('link', { name: 'root' }).click();
      await part(watched).getByText('This is your own account').waitFor();
      expect(await part(watched).getByRole('button', { name: 'Disable the account' }).count()).toBe(0);
      await fine(watched);
      await watched.close();
    });

    it('show tokens without their secrets, revoke one by its typed name, and write the command that makes another', async () => {
      const secret = server.command(['token', 'create', '--scope', 'system/Observation.rs system/Patient.rs', '--name', 'lab viewer', '--plain']).trim();
      expect(secret).toMatch(/^mw_/);
      const watched = await administrator();
      const { page } = watched;
      await page.goto(server.url('/admin/tokens'));
      await page.getByRole('link', { name: 'lab viewer' }).click();
      const panel = part(watched);
      await panel.getByText('Observation: read, search').waitFor();
      const revoke = panel.getByRole('button', { name: 'Revoke it for good' });
      await panel.getByLabel('To revoke it, type its name').fill('lab');
      await page.keyboard.press('Enter');
      expect(await revoke.isDisabled()).toBe(true);
      expect(await page.getByRole('row', { name: /lab viewer/ }).getByText('✓ valid').count()).toBe(1);
      await fine(watched);
      await panel.getByLabel('To revoke it, type its name').fill('lab viewer');
      await revoke.click();
      await expect.poll(() => page.getByRole('row', { name: /lab viewer/ }).count(), { message: 'what opens nothing is not listed' }).toBe(0);
      await panel.getByText('It is revoked').waitFor();
      await expect.poll(() => page.evaluate(() => document.activeElement?.textContent), { message: 'the focus is not lost with the form' }).toMatch(/^It is revoked/);
      await page.getByRole('switch').click();
      await page.getByRole('row', { name: /lab viewer/ }).getByText('revoked').waitFor();
      expect(search(watched).get('all')).toBe('true');
      expect((await page.content()).includes(secret)).toBe(false);

      await page.getByRole('button', { name: 'Make a token' }).click();
      await panel.getByText('The operator of the machine makes them').waitFor();
      await panel.getByLabel('Name').fill("the ward's");
      await panel.getByLabel('Types of resources').fill('Patient, observations');
      await panel.getByText('No type is called so: observations').waitFor();
      await panel.getByLabel('Types of resources').fill('Patient Observation');
      await panel.getByLabel('c create').check();
      await panel.getByLabel('Last day').fill('2031-12-31');
      // The zone of the site is that of the program, which the tests start in Shanghai.
      await panel.getByText("medweave token create --scope 'system/Patient.crs system/Observation.crs' --name 'the ward'\\''s' --expires 2031-12-31T23:59:59+08:00").waitFor();
      await fine(watched);
      await watched.close();
      // What the page writes is taken by the program as it stands.
      server.command(['token', 'create', '--scope', 'system/Patient.crs system/Observation.crs', '--name', "the ward's", '--expires', '2031-12-31T23:59:59+08:00', '--plain']);
    });

    it('allow senders, say what is wrong with an address, and take a removal back', async () => {
      const watched = await administrator();
      watched.expected.add(409);
      watched.expected.add(422);
      const { page } = watched;
      await page.goto(server.url('/admin/senders'));
      await page.getByRole('heading', { name: 'No sender is allowed yet' }).waitFor();
      await fine(watched);
      await watched.shot('admin-senders-empty-en-light-wide');
      await page.keyboard.press('+');
      const panel = part(watched);
      const allow = panel.getByRole('button', { name: 'Allow it' });
      await panel.getByLabel('Address or network').fill('10.1.2.3/16');
      await panel.getByLabel('Name').fill('laboratory');
      await panel.getByLabel('Character set').fill('GB 18030-2000');
      await allow.click();
      await panel.getByText('This is no address').waitFor();
      await fine(watched);
      await panel.getByLabel('Address or network').fill('10.1.0.0/16');
      await panel.getByLabel('Time zone').fill('Nowhere/Town');
      await allow.click();
      await panel.getByText('This zone is not known').waitFor();
      await panel.getByLabel('Time zone').fill('Asia/Shanghai');
      await allow.click();
      await panel.getByRole('heading', { name: 'laboratory' }).waitFor();
      const row = page.getByRole('row', { name: /laboratory/ });
      await row.getByText('10.1.0.0/16').waitFor();
      await panel.getByRole('button', { name: 'Remove this sender' }).click();
      await expect.poll(() => row.count()).toBe(0);
      await expect.poll(() => page.evaluate(() => document.activeElement?.textContent), { message: 'the focus is not lost with the row' }).toBe('Undo');
      await page.keyboard.press('Enter');
      await row.getByText('GB 18030-2000').waitFor();
      // One of its name is there.
      await page.keyboard.press('+');
      await panel.getByLabel('Address or network').fill('10.2.0.0/16');
      await panel.getByLabel('Name').fill('laboratory');
      await allow.click();
      await panel.getByText('There is a sender of this name already').waitFor();
      await fine(watched);
      await watched.close();
    });

    it('search the trail of accounts by who, what and when, by an address that can be sent, and give it as CSV', async () => {
      const watched = await administrator();
      const { page } = watched;
      await page.goto(server.url('/admin/audit'));
      await page.getByText('medweave doctor').waitFor();
      const lines = page.locator('.trail-line');
      await lines.first().waitFor();
      const all = await lines.count();
      await page.getByLabel('What', { exact: true }).selectOption('sign in');
      await page.getByLabel('How it ended').selectOption('refused or failed');
      await page.getByLabel('Who, to what, or from where').fill("'nora'");
      await expect.poll(() => search(watched).get('q')).toBe("'nora'");
      await expect.poll(() => lines.count()).toBeLessThan(all);
      expect(await lines.count()).toBeGreaterThanOrEqual(5);
      expect((await lines.allTextContents()).every((text) => text.includes("'nora'") && text.includes('refused'))).toBe(true);
      const found = await lines.count();
      await page.reload();
      await lines.first().waitFor();
      expect(await lines.count()).toBe(found);
      await lines.first().press('Enter');
      await page.locator('.trail-whole').getByText('http 127.0.0.1').waitFor();
      await fine(watched);
      const [download] = await Promise.all([page.waitForEvent('download'), page.getByRole('button', { name: /Download \d+ rows as CSV/ }).click()]);
      const csv = readFileSync((await download.path()) ?? '', 'utf8');
      expect(csv.trimEnd().split('\r\n')).toHaveLength(found + 1);
      expect(csv).toContain('sign in,');
      await page.getByLabel('Until (day)').fill('2020-01-01');
      await page.getByText('No row that was looked at matches').waitFor();
      await page.getByRole('button', { name: 'Show all again' }).click();
      await expect.poll(() => lines.count()).toBeGreaterThanOrEqual(all);
      expect([...search(watched)]).toEqual([]);

      await page.getByRole('button', { name: 'Records read' }).click();
      await page.getByLabel('Patient (id of the record)').fill('wei');
      await expect.poll(() => search(watched).get('patient')).toBe('wei');
      await lines.filter({ hasText: 'Patient/wei' }).first().waitFor();
      await fine(watched);
      await watched.close();
    });

    it('are for administrators: others see no way to them, are told which role they need, and ask the server for nothing', async () => {
      const watched = await house.clinician();
      const { page } = watched;
      const asked: string[] = [];
      page.on('request', (request) => asked.push(new URL(request.url()).pathname));
      await page.goto(server.url('/admin/tokens'));
      await page.getByRole('heading', { name: 'Not allowed' }).waitFor();
      await page.getByText('These pages need the role administrator').waitFor();
      await page.getByText('Your account ada has the role clinician').waitFor();
      expect(await page.getByRole('navigation', { name: 'Main places' }).getByText('Admin').count()).toBe(0);
      expect(asked.filter((path) => /^\/api\/(users|tokens|audit|status|sources)/.test(path))).toEqual([]);
      await page.getByRole('link', { name: 'Patients' }).last().waitFor();
      await fine(watched);
      await watched.shot('admin-denied-en-light-wide');
      await watched.close();
    });

    it('leave a duty to whoever is appointed for it, and take it up again when nobody is', async () => {
      const watched = await administrator();
      const { page } = watched;
      await page.goto(server.url('/admin/people?make=true'));
      const panel = part(watched);
      const tabs = page.getByRole('navigation', { name: 'Parts of Admin' });
      await tabs.getByText('Audit').waitFor();
      await panel.getByLabel('Name').fill('Audrey Auditor');
      await panel.getByRole('textbox', { name: 'Account' }).fill('audrey');
      await panel.getByRole('radio', { name: /^auditor/ }).check();
      await panel.getByLabel('First password').fill(PASSWORD);
      await panel.getByRole('button', { name: 'Make the account' }).click();
      await panel.getByRole('heading', { name: 'Audrey Auditor' }).waitFor();
      await tabs.getByText('Audit').waitFor({ state: 'detached' });
      await fine(watched);
      await page.goto(server.url('/admin/audit'));
      await page.getByText('These pages need the role auditor').waitFor();
      await fine(watched);
      await page.goto(server.url('/admin/people?q=audrey'));
      await page.getByRole('link', { name: 'Audrey Auditor' }).click();
      await panel.getByRole('button', { name: 'Disable the account' }).click();
      await tabs.getByText('Audit').waitFor();
      await watched.close();
    });

    it('say when something fails, and keep what they had', async () => {
      const watched = await administrator();
      for (const status of [403, 500]) watched.expected.add(status);
      const { page } = watched;
      const refuse = (status: number) => page.route('**/api/users', (route) => route.fulfill({ status, contentType: 'application/json', body: '{"error":{"code":"x","message":"because of this","id":"r-77"}}' }));
      for (const [status, heading] of [
        [403, 'Not allowed'],
        [500, 'The server failed'],
      ] as const) {
        await refuse(status);
        await page.goto(server.url('/admin/people'));
        await page.getByRole('heading', { name: heading }).waitFor();
        await page.getByText('because of this').waitFor();
        await page.unroute('**/api/users');
      }
      await page.getByRole('button', { name: 'Try again' }).click();
      await page.getByRole('link', { name: 'Ada Ward' }).waitFor();
      await fine(watched);
      await page.goto(server.url('/admin/no-such-part'));
      await page.getByRole('heading', { name: 'There is nothing here' }).last().waitFor();
      await page.route('**/ready', (route) => route.fulfill({ status: 503, contentType: 'application/json', body: '{"status":"stopping"}' }));
      watched.expected.add(503);
      await page.goto(server.url('/admin/health'));
      await page.getByText('is stopping, takes no new requests').waitFor();
      await page.goto(server.url('/admin/about'));
      await page.getByText('The text of the licence').click();
      await page.getByText('TERMS AND CONDITIONS FOR USE, REPRODUCTION, AND DISTRIBUTION').waitFor();
      await fine(watched);
      await watched.close();
    });
  });

  describe.each(['en', 'zh-Hans'] as const)('each page of an administrator in %s', (language) => {
    it.each([
      ['wide', WIDE],
      ['phone', PHONE],
    ])('%s, in every theme', { timeout: 900_000 }, async (name, size) => {
      const watched = await administrator({ language, theme: 'light', size });
      const { page } = watched;
      const id = await page.request.get(server.url('/api/users')).then(async (answer) => ((await answer.json()) as { users: { id: number; name: string }[] }).users.find((user) => user.name === 'nora')?.id);
      for (const [what, path, wait] of [
        ['people', '/admin', '[data-row-link]'],
        ['person', `/admin/people?person=${id}`, '.panel-act'],
        ['person-new', '/admin/people?make=true', '.admin-form'],
        ['tokens', '/admin/tokens?all=true', '[data-row-link]'],
        ['token-new', '/admin/tokens?make=true', '.copyable'],
        ['senders', '/admin/senders', '[data-row-link]'],
        ['sender-new', '/admin/senders?make=true', '.admin-form'],
        ['audit', '/admin/audit', '.trail-line'],
        ['audit-records', '/admin/audit?trail=records', '.trail-line'],
        ['health', '/admin/health', '.health-facts'],
        ['about', '/admin/about', '.health-facts'],
      ] as const) {
        await page.goto(server.url(path));
        await page.locator(wait).first().waitFor();
        await look(watched, `admin-${what}`, language, name);
      }
      await watched.close();
    });

    it('at 400 %, without scrolling two ways', async () => {
      // 1280 × 1024 at 400 %.
      const watched = await administrator({ language, theme: 'light', size: { width: 320, height: 256 } });
      const { page } = watched;
      for (const [what, path, wait] of [
        ['people', '/admin', '[data-row-link]'],
        ['token-new', '/admin/tokens?make=true', '.copyable'],
        ['audit', '/admin/audit', '.trail-line'],
        ['health', '/admin/health', '.health-facts'],
      ] as const) {
        await page.goto(server.url(path));
        await page.locator(wait).first().waitFor({ state: 'attached' });
        expect(await sideways(page), what).toEqual([]);
        await watched.shot(`admin-${what}-${language}-light-zoom`);
      }
      expect(watched.problems).toEqual([]);
      await watched.close();
    });
  });
}
