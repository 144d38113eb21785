/** Roles of an identity provider are given roles here, and decide what somebody may do who signs in by it. */

import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { launch, signedIn, Watched } from './pages';
import { Provider } from './provider';
import { Stage } from './stage';

let browser: Browser;
let stage: Stage;
let provider: Provider;

beforeAll(async () => {
  [browser, provider] = await Promise.all([launch(), Provider.start()]);
  stage = await Stage.start(provider.settings());
});

afterAll(async () => {
  await browser?.close();
  await stage?.stop();
  await provider?.stop();
});

/** Signs in by the provider, in a browser of one's own. */
async function comes(): Promise<{ page: Page; watched: Watched }> {
  const context = await browser.newContext({ reducedMotion: 'reduce' });
  const page = await context.newPage();
  page.setDefaultTimeout(15_000);
  // The provider is a place of its own; what the console asks for is watched in the other tests.
  const watched = new Watched(page, 'http://127.0.0.1');
  await page.goto(`${stage.url}/engines`);
  await page.getByRole('link', { name: 'Sign in with Example login' }).click();
  return { page, watched };
}

async function map(page: Page, line: number, theirs: string, ours: string): Promise<void> {
  await page.getByRole('button', { name: 'Add a mapping' }).click();
  await page.getByRole('textbox', { name: `Role there ${line}` }).fill(theirs);
  await page.getByRole('combobox', { name: `Roles here ${line}` }).click();
  await page.getByRole('option', { name: ours, exact: true }).click();
  await page.keyboard.press('Escape');
}

it('maps roles, gives and takes them at each sign-in, and says why somebody does not get in', async () => {
  const me = await signedIn(browser, stage);
  const { page } = me;
  const roles = await stage.call<{ name: string }[]>('GET', '/account/roles');
  expect(roles.map((one) => one.name)).toContain('Operator');

  await me.go('/manage/sign-in');
  await page.getByText('No role is mapped.').waitFor();
  await map(page, 1, 'data-ops', 'Operator');
  await map(page, 2, 'data-ops', 'Operator');
  // What the server refuses stands at its field, and what was typed stays.
  await page.getByRole('button', { name: 'Store the mappings' }).click();
  await page.getByText('Data-ops comes twice').waitFor();
  await page.getByRole('textbox', { name: 'Role there 2' }).and(page.locator('[aria-invalid=true]')).waitFor();
  await page.getByRole('button', { name: 'Remove data-ops' }).last().click();
  await map(page, 2, 'platform', 'Infrastructure Administrator');
  await page.getByRole('button', { name: 'Store the mappings' }).click();
  await page.getByText('Stored.').waitFor();
  expect(await me.violations()).toEqual([]);

  provider.person = {
    sub: '1',
    preferred_username: 'ada',
    email: 'ada@example.com',
    name: 'Ada Byron',
    roles: ['platform'],
  };
  const ada = await comes();
  await ada.page.getByRole('heading', { name: 'Engines', level: 1 }).waitFor();
  await ada.page.getByRole('button', { name: 'New engine' }).first().waitFor();
  await ada.page.context().close();

  // The next time she has another role there: engines are not hers any more, tasks are.
  provider.person.roles = ['data-ops'];
  const later = await comes();
  await later.page.getByRole('heading', { name: 'Engines', level: 1 }).waitFor();
  expect(await later.page.getByRole('button', { name: 'New engine' }).count()).toBe(0);
  await later.page.getByRole('link', { name: 'Tasks' }).click();
  await later.page.getByRole('heading', { name: 'Tasks', level: 1 }).waitFor();
  expect(later.watched.complaints).toEqual([]);
  await later.page.context().close();

  // A role that nobody mapped is none.
  provider.person = { sub: '2', preferred_username: 'bob', email: 'bob@example.com', name: 'Bob', roles: ['guests'] };
  const bob = await comes();
  await bob.page.getByRole('heading', { name: 'Sign-in refused' }).waitFor();
  await bob.page.getByText(/ask an administrator/).waitFor();
  expect(await bob.watched.violations()).toEqual([]);
  expect(bob.watched.complaints).toEqual([]);
  await bob.page.getByRole('link', { name: 'Back to the sign-in' }).click();
  await bob.page.getByRole('link', { name: 'Sign in with Example login' }).waitFor();
  await bob.page.context().close();

  await page.reload();
  await page.getByRole('textbox', { name: 'Role there 2' }).waitFor();
  expect(
    await page
      .getByRole('textbox', { name: /^Role there/ })
      .evaluateAll((all) => all.map((one) => (one as HTMLInputElement).value)),
  ).toEqual(['data-ops', 'platform']);
  await page.getByRole('button', { name: 'Remove platform' }).click();
  await page.getByRole('button', { name: 'Store the mappings' }).click();
  await page.getByText('Stored.').waitFor();
  expect(await stage.call<{ name: string }[]>('GET', '/security/role-mappings')).toHaveLength(1);
  expect(me.complaints).toEqual([]);
});
