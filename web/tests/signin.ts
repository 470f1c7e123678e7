import { describe, expect, it } from 'vitest';
import { fine, PASSWORD, type House } from './house';

export function signIn(house: House): void {
  const { server } = house;
  describe('set-up and sign-in', () => {
    it('makes the first account by the link that the program prints', async () => {
      const watched = await house.stranger();
      const { page } = watched;
      await page.goto(server.url(server.setupPath()));
      await page.getByRole('heading', { name: 'Set up medweave' }).waitFor();
      expect(page.url(), 'the code is taken out of the address').not.toContain('code=');
      await page.getByLabel('Account').fill('root');
      await page.getByLabel('Password').fill('short');
      await page.getByRole('button', { name: 'Make the account' }).click();
      await page.getByText('needs at least 12 characters').waitFor();
      await fine(watched);
      await watched.shot('setup-en-light-wide');
      await page.getByLabel('Password').fill(PASSWORD);
      await page.getByRole('button', { name: 'Make the account' }).click();
      // An administrator manages accounts, begins where that is done, and sees no patient.
      await page.getByRole('link', { name: 'root' }).waitFor();
      expect(new URL(page.url()).pathname).toBe('/admin');
      await page.goto(server.url('/patients'));
      await page.getByText('This account manages medweave').waitFor();
      await fine(watched);
      await page.getByRole('link', { name: 'Admin: people' }).click();
      await page.getByRole('link', { name: 'root' }).waitFor();
      await fine(watched);
      // The clinicians of the other tests, and a link for one of them.
      for (const [name, display] of [['ada', 'Ada Ward'], ['bo', 'Bo Night']] as const) server.command(['user', 'create', name, '--role', 'clinician', '--display', display, '--password-stdin'], PASSWORD);
      await watched.close();
    });

    it('asks for nothing but the shell before anybody is signed in', async () => {
      const watched = await house.stranger();
      watched.expected.add(401);
      const asked: string[] = [];
      watched.page.on('request', (request) => asked.push(new URL(request.url()).pathname));
      await watched.page.goto(server.url('/signin'));
      await watched.page.getByRole('heading', { name: 'Sign in' }).waitFor();
      await watched.page.waitForLoadState('networkidle');
      expect(asked.filter((path) => path.startsWith('/fhir') || (path.startsWith('/api') && path !== '/api/setup'))).toEqual([]);
      await watched.close();
    });

    it('asks for the account, says what is wrong, and goes back to where one was', async () => {
      const watched = await house.stranger();
      watched.expected.add(401);
      const { page } = watched;
      await page.goto(server.url('/p/wei/labs'));
      await page.getByRole('heading', { name: 'Sign in' }).waitFor();
      await page.getByLabel('Account').fill('ada');
      await page.getByLabel('Password').fill('not the password at all');
      await page.keyboard.press('Enter');
      await page.getByText('Account or password is wrong').waitFor();
      await fine(watched);
      await watched.shot('signin-en-light-wide');
      await page.getByLabel('Password').fill(PASSWORD);
      await page.keyboard.press('Enter');
      await page.getByRole('rowheader', { name: /Potassium/ }).waitFor();
      await expect.poll(() => new URL(page.url()).pathname).toBe('/p/wei/labs');
      house.signedIn = await page.context().storageState();
      await watched.close();
    });

    it('shows in no tab a session that another tab has ended', async () => {
      const watched = await house.stranger();
      watched.expected.add(401);
      const { page } = watched;
      await page.goto(server.url('/patients'));
      await page.getByLabel('Account').fill('bo');
      await page.getByLabel('Password').fill(PASSWORD);
      await page.keyboard.press('Enter');
      await page.locator('[data-row-link]').first().waitFor();
      const other = await page.context().newPage();
      await other.goto(server.url('/p/wei'));
      await other.getByRole('heading', { name: /^Problems/ }).waitFor();
      await page.getByRole('button', { name: 'Account Bo Night' }).click();
      await page.getByRole('menuitem', { name: 'Sign out' }).click();
      await page.getByRole('heading', { name: 'Sign in' }).waitFor();
      await other.getByRole('heading', { name: 'Sign in' }).waitFor();
      expect(await other.getByText('Atrial fibrillation').count()).toBe(0);
      await fine(watched);
      await watched.close();
    });

    it('never goes back to another site', async () => {
      // Signing in ends the session that one had: not that of the other tests.
      const watched = await house.stranger();
      watched.expected.add(401);
      await watched.page.goto(server.url('/signin?to=//example.org/'));
      await watched.page.getByLabel('Account').fill('ada');
      await watched.page.getByLabel('Password').fill(PASSWORD);
      await watched.page.keyboard.press('Enter');
      await watched.page.getByRole('searchbox').waitFor();
      expect(watched.page.url()).toContain(server.address);
      await watched.close();
    });

    it('signs in by a link once, without leaving its code in the address, and says when it is spent', async () => {
      const admin = await house.stranger();
      const { page } = admin;
      await page.goto(server.url('/signin'));
      await page.getByLabel('Account').fill('root');
      await page.getByLabel('Password').fill(PASSWORD);
      await page.keyboard.press('Enter');
      await page.getByRole('link', { name: 'Bo Night' }).waitFor();
      const path = await page.evaluate(async () => {
        const session = (await (await fetch('/api/session')).json()) as { csrf: string };
        const users = (await (await fetch('/api/users')).json()) as { users: { id: number; name: string }[] };
        const bo = users.users.find((user) => user.name === 'bo');
        const made = await fetch(`/api/users/${bo?.id}/link`, { method: 'POST', headers: { 'x-csrf-token': session.csrf } });
        return ((await made.json()) as { path: string }).path;
      });
      await admin.close();

      const watched = await house.stranger();
      watched.expected.add(401);
      await watched.page.goto(server.url(path));
      await watched.page.getByRole('searchbox').waitFor();
      expect(watched.page.url()).not.toContain('code');
      await fine(watched);
      await watched.page.goBack().catch(() => undefined);
      expect(watched.page.url(), 'nor in what one goes back to').not.toContain('code');
      await watched.close();

      const late = await house.stranger();
      late.expected.add(410);
      await late.page.goto(server.url(path));
      await late.page.getByText('This sign-in link has been used already').waitFor();
      await fine(late);
      await late.close();
    });
  });
}
