/** Settings of the server: changed while it runs, put back, refused, fixed by its file, and seen by nobody else. */

import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { launch, signedIn, Watched } from './pages';
import { Stage, until } from './stage';

interface Setting {
  name: string;
  value: unknown;
  from: string;
  version: number;
}

let browser: Browser;
let stage: Stage;
let me: Awaited<ReturnType<typeof signedIn>>;

beforeAll(async () => {
  [browser, stage] = await Promise.all([launch(), Stage.start({ activeRuns: 40, webhookDays: 0 })]);
  me = await signedIn(browser, stage);
});

afterAll(async () => {
  await browser?.close();
  await stage?.stop();
});

async function setting(name: string): Promise<Setting> {
  const all = await stage.call<Setting[]>('GET', '/stoker/v1/settings');
  const found = all.find((one) => one.name === name);
  if (!found) throw new Error(`no setting ${name}`);
  return found;
}

const row = (name: string) => me.page.locator(`[data-setting=${name}]`);

it('is found by the palette, and tells how the server is', async () => {
  const { page } = me;
  await page.keyboard.press('Control+k');
  await page.getByRole('combobox', { name: 'Find a page' }).fill('settings');
  await page.getByRole('option', { name: 'Settings' }).first().waitFor();
  await page.keyboard.press('Enter');
  await page.getByRole('heading', { name: 'Settings', level: 1 }).waitFor();
  const known = await stage.call<{ version: string }>('GET', '/stoker/v1/system');
  const here = page.locator('section.panel', { has: page.getByRole('heading', { name: 'This server' }) });
  await here.getByText(known.version, { exact: true }).waitFor();
  await here.getByText(/SQLite, built in, [\d.]+ (KiB|MiB)/).waitFor();
  await here.getByText(/iB free of [\d.]+ GiB/).waitFor();
  // Every setting has words of its own.
  const all = await stage.call<Setting[]>('GET', '/stoker/v1/settings');
  expect(await page.locator('[data-setting]').count()).toBe(all.length);
  for (const { name } of all) expect(await row(name).locator('strong').first().textContent()).not.toBe(name);
  expect(await me.violations()).toEqual([]);
});

it('changes a value, which is in force at once, and takes it back', async () => {
  const { page } = me;
  await row('keepLogsDays').getByText('for ever', { exact: true }).waitFor();
  await page.getByRole('button', { name: 'Change: Log lines are kept for' }).click();
  const dialog = page.getByRole('dialog', { name: 'Change: Log lines are kept for' });
  await dialog.getByLabel('Log lines are kept for').fill('ninety');
  await dialog.getByRole('button', { name: 'Save' }).click();
  // The refusal stands at its field, with the range.
  await dialog.getByText('Must be a whole number from 0 to 36500 (days)').waitFor();
  expect(await dialog.getByRole('alert').count()).toBe(0);
  await dialog.getByLabel('Log lines are kept for').fill('90');
  await dialog.getByText('Older log lines will be removed').waitFor();
  expect(await me.violations()).toEqual([]);
  await dialog.getByRole('button', { name: 'Save' }).click();
  await dialog.waitFor({ state: 'detached' });
  await row('keepLogsDays').getByText('90 days', { exact: true }).waitFor();
  await row('keepLogsDays').getByText('Default: for ever').waitFor();
  await row('keepLogsDays').getByText('Changed by admin').waitFor();
  expect(await setting('keepLogsDays')).toMatchObject({ value: 90, from: 'set' });
  const known = await stage.call<{ keepLogsDays: number }>('GET', '/stoker/v1/system');
  expect(known.keepLogsDays).toBe(90);
  await page.getByRole('button', { name: 'Undo' }).click();
  await row('keepLogsDays').getByText('for ever', { exact: true }).waitFor();
  expect(await setting('keepLogsDays')).toMatchObject({ value: 0, from: 'default' });
});

it('goes back to the default, and takes that back too', async () => {
  const { page } = me;
  await stage.call('PUT', '/stoker/v1/settings/planStartsPerHour', { value: 7 });
  // Somebody else set it: the page hears of it.
  await row('planStartsPerHour').getByText('7 starts', { exact: true }).waitFor();
  await page.getByRole('button', { name: 'Back to the default: Starts of one plan in an hour' }).click();
  await row('planStartsPerHour').getByText('50 starts', { exact: true }).waitFor();
  await row('planStartsPerHour').getByText('Put back by admin').waitFor();
  await page.getByRole('button', { name: 'Undo' }).click();
  await row('planStartsPerHour').getByText('7 starts', { exact: true }).waitFor();
  expect((await setting('planStartsPerHour')).value).toBe(7);
});

it('keeps what is typed when somebody else changes it meanwhile', async () => {
  const { page } = me;
  await page.getByRole('button', { name: 'Change: API tests may be sent to' }).click();
  const dialog = page.getByRole('dialog', { name: 'Change: API tests may be sent to' });
  const field = dialog.getByLabel('API tests may be sent to');
  await field.fill('api.example.org\n*');
  await dialog.getByRole('button', { name: 'Save' }).click();
  await dialog.getByText('"*" is neither an origin').waitFor();
  await field.fill('api.example.org\n.example.net');
  await stage.call('PUT', '/stoker/v1/settings/testerTargets', { value: ['theirs.example.org'] });
  await dialog.getByText('Somebody else has changed this meanwhile').waitFor();
  expect(await me.violations()).toEqual([]);
  await dialog.getByRole('button', { name: 'Take theirs' }).click();
  expect(await field.inputValue()).toBe('theirs.example.org');
  await field.fill('mine.example.org\n.example.net');
  await dialog.getByRole('button', { name: 'Save' }).click();
  await dialog.waitFor({ state: 'detached' });
  await row('testerTargets').getByText('mine.example.org, .example.net').waitFor();
  expect((await setting('testerTargets')).value).toEqual(['mine.example.org', '.example.net']);
});

it('says what the file of the server fixes, and how that is changed', async () => {
  const { page } = me;
  const fixed = row('activeRuns');
  await fixed.getByText('40 runs', { exact: true }).waitFor();
  await fixed.getByText('fixed by the file').waitFor();
  await fixed.getByText('take it out of the file and start the server again', { exact: false }).waitFor();
  expect(await fixed.getByRole('button').count()).toBe(0);
  await row('webhookDays').getByText('fixed by the file').waitFor();
  await row('pollSeconds').getByText('in the file only').waitFor();
  expect(await row('pollSeconds').getByRole('button').count()).toBe(0);
  await page.getByRole('button', { name: 'Change: A start beyond that' }).click();
  const dialog = page.getByRole('dialog', { name: 'Change: A start beyond that' });
  await dialog.getByRole('combobox', { name: 'A start beyond that' }).click();
  await page.getByRole('option', { name: 'waits for room' }).click();
  await dialog.getByRole('button', { name: 'Save' }).click();
  await row('activeRunsFull').getByText('waits for room', { exact: true }).waitFor();
  // All of it is there after a start of the server.
  await stage.restart(async () => {});
  await until('the value after the start', async () => {
    const { value } = await setting('activeRunsFull');
    return value === 'wait' ? true : undefined;
  });
  await me.go('/manage/audit?kind=setting');
  await page.getByRole('link', { name: 'setting changed' }).first().waitFor();
  await page.getByRole('link', { name: 'setting put back to its default' }).first().click();
  await page.getByRole('heading', { name: 'What changed' }).waitFor();
  expect((await page.locator('del').allTextContents()).sort()).toEqual(['7', 'set']);
  expect((await page.locator('ins').allTextContents()).sort()).toEqual(['50', 'before: 7', 'default']);
  expect(me.complaints).toEqual([]);
});

it('is for those alone who manage users', async () => {
  const role = await stage.call('POST', '/account/roles', { name: 'Viewer', permissions: ['TMC_OPERATOR'] });
  await stage.call('POST', '/account/users', {
    login: 'ada',
    firstName: 'Ada',
    lastName: 'Byron',
    email: 'ada@example.com',
    preferredLanguage: 'en',
    timezone: 'Europe/Paris',
    roleIds: [String(role.id)],
  });
  const users = await stage.call<{ id: string; login: string }[]>('GET', '/account/users');
  const id = users.find((one) => one.login === 'ada')?.id;
  const password = 'correct horse battery';
  await stage.call('PUT', `/stoker/v1/users/${id}/password`, { newPassword: password });
  const context = await browser.newContext();
  const ada = new Watched(await context.newPage(), stage.url);
  ada.page.setDefaultTimeout(15_000);
  await ada.go('/manage/settings');
  await ada.page.getByLabel('Login').fill('ada');
  await ada.page.getByRole('textbox', { name: 'Password' }).fill(password);
  await ada.page.keyboard.press('Enter');
  await ada.page.getByText('Settings: you may not see this').waitFor();
  expect(await ada.page.getByRole('main').getByRole('button').count()).toBe(0);
  expect(await ada.page.getByRole('link', { name: 'Settings', exact: true }).count()).toBe(0);
  expect(ada.complaints).toEqual([]);
  await context.close();
});
