/** Lists that are longer than what is fetched at once: found by the server, scrolled to their end, never cut in silence. */

import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { launch, signedIn } from './pages';
import { Stage, until } from './stage';

/** More than one page of every list. */
const TASKS = 130;
const CONNECTIONS = 110;
/** Tasks that use one connection, more than its page names. */
const USING = 25;

let browser: Browser;
let stage: Stage;
let me: Awaited<ReturnType<typeof signedIn>>;
let shared: string;

beforeAll(async () => {
  [browser, stage] = await Promise.all([launch(), Stage.start()]);
  const artifact = await stage.publish('customers', 'script-hello');
  const engine = await stage.engine('forge-01');
  const body = { workspaceId: stage.workspaceId, environmentId: stage.environmentId };
  const connected = { workspaceId: stage.workspaceId, app: 'Custom', parameters: [] };
  const used = await stage.call('POST', '/orchestration/connections', { ...connected, name: 'Zulu time' });
  shared = String(used.id);
  for (let number = 1; number <= TASKS; number += 1) {
    const name = `Load ${String(number).padStart(3, '0')}`;
    // The last ones by name: whoever looked into the first tasks only would miss them.
    const connections = number > TASKS - USING ? { clock: shared } : {};
    const made = { ...body, name, connections, artifact: { id: artifact, version: '0.1.0' } };
    await stage.call('POST', '/orchestration/executables/tasks', made);
  }
  await stage.task('Zero hour', artifact, engine.id, { tags: ['night'] });
  const place = await stage.call('POST', '/orchestration/workspaces', {
    name: 'Finance',
    environmentId: stage.environmentId,
  });
  await stage.call('POST', '/orchestration/executables/tasks', {
    ...body,
    workspaceId: place.id,
    name: 'Ledger',
    artifact: { id: artifact, version: '0.1.0' },
  });
  for (let number = 1; number <= CONNECTIONS; number += 1) {
    const name = `link ${String(number).padStart(3, '0')}`;
    await stage.call('POST', '/orchestration/connections', { ...connected, name });
  }
  me = await signedIn(browser, stage);
});

afterAll(async () => {
  await browser?.close();
  await stage?.stop();
});

describe('a list of more connections than a page', () => {
  it('is scrolled to its end and searched by the server', async () => {
    const { page } = me;
    await me.go('/manage/connections');
    await page.getByRole('link', { name: 'Zulu time' }).waitFor();
    await page.getByText(String(CONNECTIONS + 1), { exact: true }).waitFor();
    expect(await page.getByRole('link', { name: 'link 110' }).count()).toBe(0);
    await page.locator('.list').evaluate((list) => list.scrollTo({ top: list.scrollHeight }));
    await page.getByRole('link', { name: 'link 110' }).waitFor();
    await page.getByLabel('Filter by name').fill('INK 10');
    await until('the rows that fit', async () =>
      (await page.locator('a.row-link').count()) === 10 ? true : undefined,
    );
    await page.getByRole('link', { name: 'link 109' }).waitFor();
    await page.getByLabel('Filter by name').fill('nothing');
    await page.getByText('No connection has that in its name').waitFor();
    expect(me.complaints).toEqual([]);
  });

  it('leads from one of them to every task that uses it', async () => {
    const { page } = me;
    await me.go(`/manage/connections/${shared}`);
    await page.getByRole('link', { name: 'Load 106' }).waitFor();
    await page.getByRole('link', { name: `${USING - 20} more tasks` }).click();
    await page.waitForURL(/connection=/);
    await page.getByText(String(USING), { exact: true }).waitFor();
    await page.getByRole('link', { name: 'Load 130' }).waitFor();
    await until('the name of the connection', async () =>
      (await page.getByRole('combobox', { name: 'Uses the connection' }).inputValue()).startsWith('Zulu time')
        ? true
        : undefined,
    );
    expect(await me.violations()).toEqual([]);
    await page.getByRole('button', { name: 'Clear' }).last().click();
    await page.getByRole('link', { name: 'Load 001' }).waitFor();
    expect(await page.getByRole('combobox', { name: 'Uses the connection' }).count()).toBe(0);
  });
});

describe('a list of more tasks than a page', () => {
  it('is scrolled to its end, searched and filtered by the server, with all of it in the address', async () => {
    const { page } = me;
    await me.go('/tasks');
    await page.getByRole('link', { name: 'Load 001' }).waitFor();
    await page.getByText(String(TASKS + 2), { exact: true }).waitFor();
    expect(await page.getByRole('link', { name: 'Zero hour' }).count()).toBe(0);
    await page.locator('.list').evaluate((list) => list.scrollTo({ top: list.scrollHeight }));
    await page.getByRole('link', { name: 'Zero hour' }).waitFor();
    await page.getByLabel('Filter by name').fill('AD 12');
    await page.getByRole('link', { name: 'Load 129' }).waitFor();
    await until('the rows that fit', async () =>
      (await page.locator('a.row-link').count()) === 10 ? true : undefined,
    );
    await page.getByRole('button', { name: 'Clear' }).last().click();
    await page.getByRole('combobox', { name: 'Runs on' }).click();
    await page.getByRole('option', { name: 'forge-01' }).click();
    await until('the one row', async () => ((await page.locator('a.row-link').count()) === 1 ? true : undefined));
    await page.getByLabel('Filter by tag').fill('night');
    await page.waitForURL(/place=.*tag=night/);
    await page.reload();
    await page.getByRole('link', { name: 'Zero hour' }).waitFor();
    expect(await page.locator('a.row-link').count()).toBe(1);
    await page.getByLabel('Filter by tag').fill('day');
    await page.getByText('No task fits these filters').waitFor();
    expect(await me.violations()).toEqual([]);
  });

  it('shows those of the one workspace that is chosen, here and where something is picked', async () => {
    const { page } = me;
    await me.go('/tasks');
    await page.getByRole('link', { name: 'Load 001' }).waitFor();
    const choose = async (name: string) => {
      await page.getByRole('combobox', { name: 'Workspace' }).click();
      await page.getByRole('option', { name, exact: true }).click();
    };
    await choose('Finance');
    await until('the one row', async () => ((await page.locator('a.row-link').count()) === 1 ? true : undefined));
    await page.getByRole('link', { name: 'Ledger' }).waitFor();
    await page.getByLabel('Filter by name').fill('load');
    await page.getByText('No task fits these filters').waitFor();
    await page.getByRole('button', { name: 'Clear' }).last().click();
    await choose('Shared');
    await page.getByText(String(TASKS + 1), { exact: true }).waitFor();
    expect(await page.getByRole('link', { name: 'Ledger' }).count()).toBe(0);
    // The choice stays, also over a reload, and counts for the field of tasks on the page of runs.
    await choose('Finance');
    await page.getByRole('link', { name: 'Ledger' }).waitFor();
    await me.go('/runs');
    await page.getByRole('combobox', { name: 'Task' }).click();
    await page.getByRole('option', { name: 'Ledger' }).waitFor();
    expect(await page.getByRole('option').count()).toBe(1);
    expect(await page.getByRole('alert').count()).toBe(0);
    await page.keyboard.press('Escape');
    await choose('All workspaces');
    expect(me.complaints).toEqual([]);
  });

  it('offers those that are typed, and says how many more there are', async () => {
    const { page } = me;
    await me.go('/runs');
    const field = page.getByRole('combobox', { name: 'Task' });
    await field.click();
    await page.getByRole('option', { name: 'and 32 more: type a part of the name' }).waitFor();
    await field.fill('zero');
    await page.getByRole('option', { name: 'Zero hour' }).click();
    await page.waitForURL(/task=/);
    await page.reload();
    await until('the name of the chosen one', async () =>
      (await page.getByRole('combobox', { name: 'Task' }).inputValue()) === 'Zero hour' ? true : undefined,
    );
    await page.keyboard.press('Control+k');
    await page.getByRole('combobox', { name: /Find a page/ }).fill('zero');
    await page.getByRole('option', { name: 'Task Zero hour' }).click();
    await page.getByRole('heading', { name: 'Zero hour', level: 1 }).waitFor();
    expect(me.complaints).toEqual([]);
  });
});
