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
let zero: string;

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
  zero = await stage.task('Zero hour', artifact, engine.id, { tags: ['night'] });
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

describe('many rows at once', () => {
  /** Answers the question that is open, and waits for its end. */
  async function answered(question: string, label: string, over: string): Promise<void> {
    const dialog = me.page.getByRole('dialog', { name: question });
    expect(await me.violations()).toEqual([]);
    await dialog.getByRole('button', { name: label, exact: true }).click();
    await dialog.getByText(over).waitFor();
    await dialog.getByRole('button', { name: 'Close' }).last().click();
    await dialog.waitFor({ state: 'detached' });
  }

  it('are chosen, and it is said of each what will happen and what has happened', async () => {
    const { page } = me;
    await me.go('/tasks?name=load%2012');
    await page.getByRole('link', { name: 'Load 129' }).waitFor();
    await page.getByRole('checkbox', { name: 'Choose all rows that are loaded' }).check();
    await page.getByText('10 chosen').waitFor();
    // The choice outlives the filter.
    await page.getByLabel('Filter by name').fill('zero');
    await page.getByRole('link', { name: 'Zero hour' }).waitFor();
    await page.getByRole('checkbox', { name: 'Choose Zero hour' }).check();
    await page.getByText('11 chosen').waitFor();
    await page.getByRole('button', { name: 'Run', exact: true }).click();
    const dialog = page.getByRole('dialog', { name: 'Run 1 task?' });
    const left = dialog.getByRole('region', { name: '10 left out' });
    expect(await left.getByText('it is a draft').count()).toBe(10);
    await answered('Run 1 task?', 'Run', 'Done: 1.');
    expect(await page.getByRole('region', { name: 'What is chosen' }).count()).toBe(0);
    await page
      .getByRole('row', { name: /Zero hour/ })
      .getByRole('link', { name: 'Waiting' })
      .waitFor();
    const runs = await stage.call<{ total: number }>('GET', `/processing/executables/tasks/${zero}/executions`);
    expect(runs.total).toBe(1);
    expect(me.complaints).toEqual([]);
  });

  it('are paused by the keyboard alone; what is refused stays chosen and says why', async () => {
    const { page } = me;
    await me.go('/tasks?name=load%2012');
    await page.getByRole('link', { name: 'Load 120' }).waitFor();
    await page.keyboard.press('j');
    await page.keyboard.press('x');
    await page.keyboard.press('j');
    await page.keyboard.press('x');
    await page.getByText('2 chosen').waitFor();
    await page.route('**/tasks/*/pause', async (route, request) => {
      const task = (await stage.call<{ name: string }>('GET', new URL(request.url()).pathname.replace(/\/pause$/, '')))
        .name;
      if (task !== 'Load 121') return route.continue();
      return route.fulfill({ status: 403, json: { status: 403, message: 'Somebody took your right away.' } });
    });
    await page.keyboard.press('p');
    const dialog = page.getByRole('dialog', { name: 'Pause 2 tasks?' });
    await dialog.getByRole('button', { name: 'Pause' }).click();
    await dialog.getByText('Done: 1. Refused: 1; these stay chosen.').waitFor();
    await dialog
      .getByRole('listitem')
      .filter({ hasText: 'Load 121' })
      .getByText('Somebody took your right away.')
      .waitFor();
    await dialog.getByRole('listitem').filter({ hasText: 'Load 120' }).getByText('done').waitFor();
    await page.unroute('**/tasks/*/pause');
    await page.keyboard.press('Escape');
    await page.getByText('1 chosen').waitFor();
    await page
      .getByRole('row', { name: /Load 120/ })
      .getByText('Paused')
      .waitFor();
    await page.getByRole('button', { name: 'Choose none' }).click();
    expect(me.complaints).toEqual([]);
  });

  it('take a newer version of their artifact, one or many', async () => {
    const { page } = me;
    await stage.publish('customers', 'script-fail', '0.2.0');
    await me.go('/tasks?name=load%2012');
    const row = (name: string) => page.getByRole('row', { name: new RegExp(name) });
    await row('Load 128').getByText('newer: 0.2.0').waitFor();
    await row('Load 128').getByRole('link', { name: 'Load 128' }).click();
    await page.getByRole('button', { name: 'Take the newest version' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Take the newest version' }).click();
    await page.getByRole('link', { name: 'customers 0.2.0' }).waitFor();
    await page.goBack();
    await row('Load 128').getByText('0.2.0', { exact: true }).waitFor();
    await page.getByRole('checkbox', { name: 'Choose all rows that are loaded' }).check();
    await page.getByRole('button', { name: 'Newest version' }).click();
    const left = page.getByRole('dialog').getByRole('region', { name: '1 left out' });
    await left.getByText('it has the newest version').waitFor();
    await answered('Let 9 tasks take the newest version?', 'Newest version', 'Done: 9.');
    await until('no newer version', async () => ((await page.getByText('newer: ').count()) === 0 ? true : undefined));
    expect(me.complaints).toEqual([]);
  });

  it('of runs are stopped together and run again', async () => {
    const { page } = me;
    await stage.run(zero);
    await me.go('/runs');
    const box = page.getByRole('checkbox', { name: 'Choose all rows that are loaded' });
    await until('both runs', async () => ((await page.locator('a.row-link').count()) === 2 ? true : undefined));
    await box.check();
    await page.getByRole('button', { name: 'Stop', exact: true }).click();
    await answered('Stop 2 runs?', 'Stop', 'Done: 2.');
    await until('both ends', async () =>
      (await page.locator('.list-row').getByText('Stopped', { exact: true }).count()) === 2 ? true : undefined,
    );
    await page.keyboard.press('j');
    await page.keyboard.press('r');
    await answered('Run 1 run again?', 'Run again', 'Done: 1.');
    await until('the third run', async () => ((await page.locator('a.row-link').count()) === 3 ? true : undefined));
    expect(me.complaints).toEqual([]);
  });
});

describe('the columns of a list', () => {
  it('are chosen once, and are so in every browser', async () => {
    const { page } = me;
    await me.go('/tasks');
    await page.getByRole('columnheader', { name: 'Tags' }).waitFor();
    await page.getByRole('button', { name: 'Columns' }).click();
    await page.getByRole('menuitemcheckbox', { name: 'Tags' }).click();
    await page.getByRole('menuitemcheckbox', { name: 'Id' }).click();
    await page.getByRole('columnheader', { name: 'Tags' }).waitFor({ state: 'detached' });
    expect(await me.violations()).toEqual([]);
    const other = await signedIn(browser, stage);
    await other.go('/tasks');
    await other.page.getByRole('columnheader', { name: 'Id', exact: true }).waitFor();
    await other.page
      .getByRole('row', { name: /Load 001/ })
      .getByRole('button', { name: 'Copy Id' })
      .waitFor();
    expect(await other.page.getByRole('columnheader', { name: 'Tags' }).count()).toBe(0);
    await other.context.close();
    await page.getByRole('menuitem', { name: 'The usual ones' }).click();
    await page.getByRole('columnheader', { name: 'Tags' }).waitFor();
    await page.keyboard.press('Escape');
    expect(me.complaints).toEqual([]);
  });
});

describe('a copy of a task', () => {
  const copied = async (id: string) => {
    const [it, config] = await Promise.all([
      stage.call<{ workspace: { name: string } }>('GET', `/orchestration/executables/tasks/${id}`),
      stage.call<{ trigger: { type: string }; runtime: { id?: string } }>(
        'GET',
        `/orchestration/executables/tasks/${id}/run-config`,
      ),
    ]);
    return [it.workspace.name, config.trigger.type, config.runtime.id];
  };

  it('runs where the task runs, and is not started by itself', async () => {
    const { page } = me;
    await me.go(`/tasks/${zero}`);
    await page.getByRole('button', { name: 'Copy', exact: true }).click();
    const dialog = page.getByRole('dialog', { name: 'Copy the task Zero hour' });
    await dialog.getByRole('button', { name: 'Make the copy' }).click();
    await page.getByRole('heading', { name: 'copy of Zero hour', level: 1 }).waitFor();
    const id = page.url().split('/').at(-1) ?? '';
    expect(await copied(id)).toEqual(['Shared', 'MANUAL', (await copied(zero))[2]]);
  });

  it('lies in another workspace; there the name is free, but the engine may not be', async () => {
    const { page } = me;
    await me.go(`/tasks/${zero}`);
    await page.getByRole('button', { name: 'Copy', exact: true }).click();
    const dialog = page.getByRole('dialog', { name: 'Copy the task Zero hour' });
    await dialog.getByRole('textbox', { name: 'Name' }).fill('Zero hour');
    await dialog.getByRole('button', { name: 'Make the copy' }).click();
    await dialog.locator('input[aria-invalid="true"]').waitFor();
    await dialog.getByRole('combobox', { name: 'Into the workspace' }).click();
    await page.getByRole('option', { name: 'Shared' }).waitFor();
    await page.getByRole('option', { name: 'Finance' }).click();
    await dialog.getByRole('button', { name: 'Make the copy' }).click();
    await dialog.getByText('The copy was made, but could not be told where it runs').waitFor();
    await dialog.getByRole('alert').getByText('another workspace').waitFor();
    expect(await me.violations()).toEqual([]);
    await dialog.getByRole('link', { name: 'Open the copy' }).click();
    await page.getByText('Draft', { exact: true }).first().waitFor();
    const id = page.url().split('/').at(-1) ?? '';
    const made = await stage.call<{ workspace: { name: string } }>('GET', `/orchestration/executables/tasks/${id}`);
    expect([made.workspace.name, id === zero]).toEqual(['Finance', false]);
    expect(me.complaints).toEqual([]);
  });
});
