/** Administration: who may get in, what they may do, and that every change can be read afterwards. */

import { mkdirSync } from 'node:fs';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { launch, signedIn, Watched } from './pages';
import { Stage, until } from './stage';

let browser: Browser;
let stage: Stage;
type Signed = Awaited<ReturnType<typeof signedIn>>;
let me: Signed;

beforeAll(async () => {
  [browser, stage] = await Promise.all([launch(), Stage.start()]);
  me = await signedIn(browser, stage);
});

afterAll(async () => {
  await browser?.close();
  await stage?.stop();
});

/** What a place is called in the explanation of why it cannot be seen. */
const DENIED: Record<string, string> = {
  groups: 'Groups',
  roles: 'Roles',
  'service-accounts': 'Service accounts',
  rights: 'Workspace rights',
  'sign-in': 'IP allowlist',
  audit: 'Audit trail',
  settings: 'Settings',
  usage: 'Usage',
};

const PASSWORD = 'correct horse battery';

/** Status of a call with this header. */
async function status(authorization: string, path = '/account/me'): Promise<number> {
  return (await fetch(stage.url + path, { headers: { authorization } })).status;
}

async function buys(id: string, secret: string): Promise<number> {
  const answer = await fetch(`${stage.url}/security/oauth/token`, {
    method: 'POST',
    headers: {
      authorization: `Basic ${Buffer.from(`${id}:${secret}`).toString('base64')}`,
      'content-type': 'application/json',
    },
    body: JSON.stringify({ audience: stage.url, grant_type: 'client_credentials' }),
  });
  return answer.status;
}

/** Chooses in a field that offers several. */
async function choose(page: Page, field: string, option: string): Promise<void> {
  await page.getByRole('dialog').getByRole('combobox', { name: field }).click();
  await page.getByRole('option', { name: option, exact: true }).click();
  await page.keyboard.press('Escape');
}

/** What stands behind a label of a secret. */
async function shown(page: Page, label: string): Promise<string> {
  const row = page.getByRole('dialog').locator('div', { has: page.getByText(label, { exact: true }) });
  return (await row.last().locator('pre').textContent()) ?? '';
}

describe('a role, and a user who has it', () => {
  it('are made, and the user signs in and sees nothing to change', async () => {
    const { page } = me;
    await me.go('/manage/roles');
    await page.getByRole('button', { name: 'New role' }).click();
    await page.getByRole('button', { name: 'Create the role' }).click();
    await page.getByText('Must not be empty').waitFor();
    await page.getByRole('textbox', { name: 'Name' }).fill('Night watch');
    await page.getByLabel('Filter the permissions').fill('tasks');
    await page.getByRole('checkbox', { name: 'Tasks and plans: edit' }).check();
    await page.getByRole('button', { name: 'Create the role' }).click();
    await page.getByRole('heading', { name: 'Night watch', level: 1 }).waitFor();

    await page.getByRole('link', { name: 'Users', exact: true }).click();
    await page.getByRole('button', { name: 'New user' }).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByLabel('Login').fill('ada');
    await dialog.getByLabel('Mail address').fill('no address');
    await dialog.getByLabel('First name').fill('Ada');
    await dialog.getByLabel('Last name').fill('Byron');
    await dialog.getByLabel('First password').fill('short');
    await dialog.getByRole('button', { name: 'Create' }).click();
    await dialog.getByText('Must have at least 12 characters.').waitFor();
    await dialog.getByLabel('First password').fill(PASSWORD);
    await dialog.getByRole('button', { name: 'Create' }).click();
    // The server's message stands at the field it names.
    await dialog.getByText('Must be a mail address such as ada@example.com').waitFor();
    expect(await dialog.getByRole('alert').count()).toBe(0);
    await dialog.getByLabel('Mail address').fill('ada@example.com');
    await choose(page, 'Roles', 'Night watch');
    await dialog.getByRole('button', { name: 'Create' }).click();
    await page.getByRole('heading', { name: 'Ada Byron', level: 1 }).waitFor();

    await page.getByRole('button', { name: 'Set rights' }).click();
    await choose(page, 'Workspace rights', 'default / Shared');
    await page.getByRole('dialog').getByRole('button', { name: 'Set 1' }).click();
    await page.getByText('· view', { exact: false }).waitFor();

    const context = await browser.newContext();
    const ada = new Watched(await context.newPage(), stage.url);
    ada.page.setDefaultTimeout(15_000);
    await ada.go('/manage/users');
    await ada.page.getByLabel('Login').fill('ada');
    await ada.page.getByRole('textbox', { name: 'Password' }).fill('not her password');
    await ada.page.getByRole('button', { name: 'Sign in' }).click();
    await ada.page.getByRole('alert').getByText('Login or password is wrong').waitFor();
    expect(await ada.violations()).toEqual([]);
    await ada.page.getByRole('textbox', { name: 'Password' }).fill(PASSWORD);
    await ada.page.keyboard.press('Enter');
    // The address is kept; she gets the reason instead of an error.
    await ada.page.getByText('Users: you may not see this').waitFor();
    for (const place of Object.keys(DENIED)) {
      await inside(ada.page, `/manage/${place}`);
      const title = DENIED[place] ?? '';
      await ada.page.getByText(`${title}: you may not see this`).first().waitFor();
      expect(await ada.page.getByRole('main').getByRole('button').count()).toBe(0);
    }
    await inside(ada.page, '/manage');
    await ada.page.getByText('Needs "Users: manage".', { exact: false }).first().waitFor();
    expect(await ada.page.getByRole('link', { name: 'Users', exact: true }).count()).toBe(0);
    expect(await ada.violations()).toEqual([]);
    // Deactivated, she is out at once.
    await page.getByRole('button', { name: 'Deactivate' }).click();
    await page
      .getByRole('dialog', { name: 'Deactivate Ada Byron?' })
      .getByRole('button', { name: 'Deactivate' })
      .click();
    await page.getByText('Inactive').first().waitFor();
    await ada.go('/runs');
    await ada.page.getByLabel('Login').waitFor();
    expect(ada.complaints).toEqual([]);
    await context.close();
  }, 120_000);

  it('keep what was typed when somebody else changes or removes them', async () => {
    const { page } = me;
    const role = await stage.call('POST', '/account/roles', { name: 'Shared one', permissions: ['TMC_OPERATOR'] });
    await me.go(`/manage/roles/${role.id}`);
    await page.getByRole('textbox', { name: 'Name' }).fill('Typed by me');
    await stage.call('PUT', `/account/roles/${role.id}`, { name: 'Changed by them', permissions: ['TMC_OPERATOR'] });
    await page.getByText('Somebody else has changed this meanwhile').waitFor();
    expect(await page.getByRole('textbox', { name: 'Name' }).inputValue()).toBe('Typed by me');
    await page.getByRole('button', { name: 'Take theirs' }).click();
    expect(await page.getByRole('textbox', { name: 'Name' }).inputValue()).toBe('Changed by them');
    await page.getByRole('textbox', { name: 'Name' }).fill('Typed again');
    await page.getByRole('button', { name: 'Save' }).click();
    await page.getByRole('heading', { name: 'Typed again', level: 1 }).waitFor();
    await page.getByRole('textbox', { name: 'Name' }).fill('Not stored yet');
    await stage.call('DELETE', `/account/roles/${role.id}`);
    await page.getByText('Somebody else has removed this meanwhile').first().waitFor();
    expect(await page.getByRole('textbox', { name: 'Name' }).inputValue()).toBe('Not stored yet');
    expect(await page.getByRole('button', { name: 'Save' }).isDisabled()).toBe(true);
  });
});

describe('a service account', () => {
  it('shows its secret once, renews it, and gets rights; what is refused is told one by one', async () => {
    const { page } = me;
    await me.go('/manage/service-accounts');
    await page.getByText('No service account yet').waitFor();
    await page.getByRole('button', { name: 'New service account' }).first().click();
    const dialog = page.getByRole('dialog');
    await dialog.getByRole('textbox', { name: 'Name' }).fill('deployment');
    await dialog.getByRole('button', { name: 'Create' }).click();
    await dialog.getByText('At least one permission is needed').waitFor();
    await dialog.getByRole('checkbox', { name: 'Tasks and plans: edit' }).check();
    await dialog.getByRole('button', { name: 'Create' }).click();
    await page.getByRole('dialog', { name: 'The secret of deployment' }).waitFor();
    expect(await me.violations()).toEqual([]);
    const [id, secret] = [await shown(page, 'Client id'), await shown(page, 'Client secret')];
    expect(await buys(id, secret)).toBe(200);
    await page.getByRole('button', { name: 'I have kept it' }).click();
    await page.getByRole('heading', { name: 'deployment', level: 1 }).waitFor();
    expect(await page.content()).not.toContain(secret);

    await page.getByRole('button', { name: 'Renew the secret' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Renew the secret' }).click();
    await page.getByRole('dialog', { name: 'The secret of deployment' }).waitFor();
    const renewed = await shown(page, 'Client secret');
    await page.getByRole('button', { name: 'I have kept it' }).click();
    expect([await buys(id, secret), await buys(id, renewed)]).toEqual([401, 200]);

    await stage.call('POST', '/account/service-accounts', { name: 'starter', permissions: ['TMC_ENGINE_USE'] });
    await me.go('/manage/rights?kind=service-accounts');
    await page.getByText('Nobody has rights here yet').waitFor();
    await page.getByRole('button', { name: 'Set rights' }).click();
    await choose(page, 'Who', 'deployment');
    await choose(page, 'Who', 'starter');
    await choose(page, 'Workspace rights', 'default / Shared');
    await dialog.getByRole('checkbox', { name: 'Author' }).check();
    await dialog.getByRole('button', { name: 'Set 2' }).click();
    await dialog.getByText('1 was refused, the others are set').waitFor();
    await dialog.getByText('starter on default / Shared:', { exact: false }).waitFor();
    expect(await me.violations()).toEqual([]);
    await dialog.getByRole('button', { name: 'Cancel' }).click();
    await page.getByRole('cell', { name: 'view, author' }).waitFor();
    await page.getByRole('button', { name: 'Remove the rights of deployment on default / Shared' }).click();
    await dialog.getByRole('button', { name: 'Remove' }).click();
    await page.getByText('Nobody has rights here yet').waitFor();
  });
});

describe('one’s own tokens', () => {
  it('are made, renamed and revoked', async () => {
    const { page } = me;
    await me.go('/');
    await page.getByRole('button', { name: 'Admin', exact: true }).click();
    await page.getByRole('menuitem', { name: 'Profile and tokens' }).click();
    await page.getByRole('button', { name: 'New token' }).first().click();
    const dialog = page.getByRole('dialog');
    await dialog.getByLabel('Name').fill('laptop');
    await dialog.getByRole('button', { name: 'Create' }).click();
    await page.getByRole('dialog', { name: 'The token laptop' }).waitFor();
    const token = await shown(page, 'Token');
    expect(await status(`Bearer ${token}`)).toBe(200);
    await page.getByRole('button', { name: 'I have kept it' }).click();
    await page.getByText('laptop').first().waitFor();
    expect(await page.content()).not.toContain(token);
    await page.getByRole('button', { name: 'Rename the token laptop' }).click();
    await dialog.getByLabel('Name').fill('desk');
    await dialog.getByRole('button', { name: 'Rename' }).click();
    await page.getByRole('button', { name: 'Revoke the token desk' }).click();
    await page.getByRole('dialog', { name: 'Revoke the token desk?' }).getByRole('button', { name: 'Revoke' }).click();
    await page.getByRole('button', { name: 'Revoke the token desk' }).waitFor({ state: 'detached' });
    expect(await status(`Bearer ${token}`)).toBe(401);
  });
});

describe('a group', () => {
  it('is made, renamed, gets and loses a member, and is deleted', async () => {
    const { page } = me;
    await me.go('/manage/groups');
    await page.getByText('No group yet').waitFor();
    await page.getByRole('button', { name: 'New group' }).first().click();
    const dialog = page.getByRole('dialog');
    await dialog.getByRole('button', { name: 'Create' }).click();
    // The refusal of the server stands at its field.
    await dialog.locator('[id$=-error]').first().waitFor();
    await dialog.getByLabel('Name').fill('Night shift');
    expect(await me.violations()).toEqual([]);
    await dialog.getByRole('button', { name: 'Create' }).click();
    await page.getByRole('heading', { name: 'Night shift', level: 1 }).waitFor();
    await page.getByText('Nobody is in it yet.').waitFor();
    await page.getByRole('combobox', { name: 'Add members' }).click();
    await page.getByRole('option', { name: /\(admin\)/ }).click();
    await page.keyboard.press('Escape');
    await page.getByRole('button', { name: 'Add', exact: true }).click();
    await page.getByRole('button', { name: /^Remove / }).click();
    await dialog.getByText('The user stays, with its roles.').waitFor();
    await dialog.getByRole('button', { name: 'Remove' }).click();
    await page.getByText('Nobody is in it yet.').waitFor();
    await page.getByRole('button', { name: 'Rename' }).click();
    await dialog.getByLabel('Name').fill('Day shift');
    await dialog.getByRole('button', { name: 'Rename' }).click();
    await page.getByRole('heading', { name: 'Day shift', level: 1 }).waitFor();
    await page.getByRole('button', { name: 'Delete' }).click();
    await page
      .getByRole('dialog', { name: 'Delete the group Day shift?' })
      .getByRole('button', { name: 'Delete' })
      .click();
    await page.getByText('No group yet').waitFor();
  });
});

describe('one’s own sessions', () => {
  it('are listed with their machines, and another one is ended at once', async () => {
    const { page } = me;
    const other = await signedIn(browser, stage);
    await me.go('/profile');
    const rows = page.locator('section.panel', { hasText: 'Where you are signed in' }).getByRole('listitem');
    await rows.filter({ hasText: 'This one' }).waitFor();
    await rows
      .getByRole('button', { name: /^Sign out/ })
      .first()
      .click();
    await page.getByRole('dialog').getByRole('button', { name: 'Sign out' }).click();
    await page.getByRole('dialog').waitFor({ state: 'detached' });
    await other.page.getByLabel('Personal access token').waitFor();
    await other.context.close();
    await until('the one session', async () => ((await rows.count()) === 1 ? true : undefined));
  });
});

describe('what the account uses, and the API', () => {
  it('are counted, and lead to documents that can be read and tried', async () => {
    const { page } = me;
    await stage.engine('counted');
    await me.go('/manage/usage');
    await page.getByText('self-hosted, without limits').waitFor();
    const engines = page.locator('section.panel', { has: page.getByRole('heading', { name: 'Engines' }) });
    await engines.locator('dd', { hasText: /^1$/ }).first().waitFor();
    await me.go('/manage/api');
    const first = (await page.locator('.code pre').first().textContent()) ?? '';
    expect((await fetch(`${first}/health/ready`)).status).toBe(200);
    await page.getByRole('main').getByRole('link', { name: 'Identity and security' }).first().click();
    await page.getByRole('heading', { name: /Identity and access/ }).waitFor();
    await page.goBack();
    await page.getByRole('heading', { name: 'API reference', level: 1 }).waitFor();
  });
});

describe('the IP allowlist', () => {
  it('says which line is wrong, and warns before it is put in force', async () => {
    const { page } = me;
    await me.go('/manage/sign-in');
    await page.getByRole('button', { name: 'Add an address' }).click();
    await page.getByRole('textbox', { name: 'Address, network or range 1' }).fill('10.0.0.0/8');
    await page.getByRole('button', { name: 'Add an address' }).click();
    await page.getByRole('textbox', { name: 'Address, network or range 2' }).fill('office');
    await page.getByRole('button', { name: 'Store the allowlist' }).click();
    await page
      .getByText(/"?office"?/)
      .last()
      .waitFor();
    await page
      .getByRole('textbox', { name: 'Address, network or range 2' })
      .and(page.locator('[aria-invalid=true]'))
      .waitFor();
    await page.getByRole('button', { name: 'Remove office' }).click();
    await page.getByRole('switch', { name: 'In force' }).check({ force: true });
    await page.getByRole('button', { name: 'Store the allowlist' }).click();
    await page.getByRole('dialog', { name: 'Put the allowlist in force?' }).waitFor();
    expect(await me.violations()).toEqual([]);
    await page.getByRole('button', { name: 'Put in force' }).click();
    await page.getByText('Stored.').first().waitFor();
    // Who manages users is not locked out.
    await page.getByRole('button', { name: 'Remove the allowlist' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Remove the allowlist' }).click();
    await page.getByText('Not in force').waitFor();
  });
});

describe('the audit trail', () => {
  it('finds a change and shows what was before and after', async () => {
    const { page } = me;
    await me.go('/manage/audit?kind=role&text=watch');
    await page.getByRole('link', { name: 'role made' }).waitFor();
    const role = await stage.call<{ id: string; name: string }[]>('GET', '/account/roles?nameFilter=Night');
    const permissions = ['TMC_OPERATOR', 'TMC_ENGINE_USE'];
    await stage.call('PUT', `/account/roles/${role[0]?.id}`, { name: 'Day watch', permissions });
    await page.getByRole('button', { name: 'Look again' }).click();
    await page.getByRole('link', { name: 'role changed' }).click();
    await page.getByRole('heading', { name: 'What changed' }).waitFor();
    expect(await page.locator('del').allTextContents()).toEqual(['Night watch']);
    expect((await page.locator('ins').allTextContents()).sort()).toEqual(['Day watch', 'Engines: use']);
    await page.getByRole('link', { name: 'Everything about this object' }).click();
    await page.getByRole('link', { name: 'role made' }).waitFor();
    await page.getByLabel('Login or service account').fill('nobody');
    await page.getByText('Nothing fits these filters').waitFor();
    expect(new URL(page.url()).searchParams.get('actor')).toBe('nobody');
    expect(me.complaints).toEqual([]);
  });
});

/** Goes to an address without loading the page again. */
async function inside(page: Page, path: string): Promise<void> {
  await page.evaluate((to) => {
    window.history.pushState({}, '', to);
    window.dispatchEvent(new PopStateEvent('popstate'));
  }, path);
}

const LOOKS = [
  { name: 'light', width: 1440, height: 900, dark: false },
  { name: 'dark', width: 1440, height: 900, dark: true },
  { name: 'phone-light', width: 390, height: 844, dark: false },
  { name: 'phone-dark', width: 390, height: 844, dark: true },
];
const folder = process.env.STOKER_SHOTS;

describe.each(folder ? LOOKS : [LOOKS[0], LOOKS[3]])('every page, $name', (look) => {
  it('has no violation and fits the window', async () => {
    if (folder) mkdirSync(folder, { recursive: true });
    const first = async (path: string) => (await stage.call<{ id: string }[]>('GET', path))[0]?.id;
    const roles = await stage.call<{ id: string; name: string }[]>('GET', '/account/roles');
    const events = await stage.call<{ items: { id: string }[] }>('GET', '/stoker/v1/audit-events?text=day');
    const group = await stage.call('POST', '/account/groups', {
      name: `Readers ${look?.name}`,
      userIds: [await first('/account/users')],
    });
    const places: [string, string, string][] = [
      ['admin', '/manage', 'Every call of the API'],
      ['users', '/manage/users', 'Ada Byron'],
      ['user', `/manage/users/${await first('/account/users')}`, 'Access tokens'],
      ['groups', '/manage/groups', `Readers ${look?.name}`],
      ['group', `/manage/groups/${group.id}`, 'Add members'],
      ['roles', '/manage/roles', 'Day watch'],
      ['role', `/manage/roles/${roles.find((one) => one.name === 'Day watch')?.id}`, 'Who has it'],
      ['role-fixed', `/manage/roles/${roles.find((one) => one.name === 'Operator')?.id}`, 'Make your own from it'],
      ['role-new', '/manage/roles/new', 'Create the role'],
      ['service-accounts', '/manage/service-accounts', 'deployment'],
      ['service-account', `/manage/service-accounts/${await first('/account/service-accounts')}`, 'How to use it'],
      ['rights', '/manage/rights', 'Admin'],
      ['sign-in-rules', '/manage/sign-in', 'Add a mapping'],
      ['audit', '/manage/audit', 'role changed'],
      ['audit-event', `/manage/audit/${events.items[0]?.id}`, 'From where'],
      ['settings', '/manage/settings', 'Tasks and plans together'],
      ['usage', '/manage/usage', 'People by application'],
      ['api', '/manage/api', 'Older generation'],
      ['profile', '/profile', 'Where you are signed in'],
    ];
    const watched = await signedIn(browser, stage, look);
    const { page } = watched;
    const found: string[] = [];
    for (const [name, path, text] of places) {
      await inside(page, path);
      await page.getByRole('main').getByText(text).first().waitFor();
      await page.getByText('Loading…').first().waitFor({ state: 'detached' });
      if (folder) await page.screenshot({ path: `${folder}/${name}-${look?.name}.png`, fullPage: true });
      found.push(...(await watched.violations()).map((one) => `${name}: ${one}`));
      found.push(...(await page.getByRole('alert').allTextContents()).map((one) => `${name}: ${one}`));
      const overflow = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
      if (overflow > 0) found.push(`${name}: ${overflow} px wider than the window`);
    }
    await watched.context.close();
    expect(found).toEqual([]);
    expect(watched.complaints).toEqual([]);
  }, 240_000);
});
