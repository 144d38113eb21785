/** What people come for, from an empty server on: in a real browser, against a real server with a real engine. */

import { readFileSync } from 'node:fs';
import type { Browser } from 'playwright-core';
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

async function find(kind: 'tasks' | 'artifacts', name: string): Promise<string> {
  const path = kind === 'tasks' ? '/orchestration/executables/tasks' : '/orchestration/artifacts';
  const page = await stage.call<{ items: { id?: string; executable?: string; name: string }[] }>('GET', path);
  const found = page.items.find((one) => one.name === name);
  return String(found?.executable ?? found?.id);
}

describe('signing in', () => {
  it('says what is wrong and keeps the address it was asked at', async () => {
    const context = await browser.newContext();
    const page = await context.newPage();
    const watched = new Watched(page, stage.url);
    await watched.go('/runs?status=execution_failed');
    await page.getByText('Access token', { exact: true }).click();
    await page.getByRole('button', { name: 'Sign in' }).click();
    await page.getByText('Paste a personal access token first.').waitFor();
    await page.getByLabel('Personal access token').fill('wrong');
    await page.getByRole('button', { name: 'Sign in' }).click();
    await page.getByText('This token is not known').waitFor();
    expect(await watched.violations()).toEqual([]);
    await page.getByLabel('Personal access token').fill(stage.token);
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { name: 'Runs', level: 1 }).waitFor();
    expect(page.url()).toBe(`${stage.url}/runs?status=execution_failed`);
    const cookies = await context.cookies();
    expect(cookies.map((one) => [one.name, one.httpOnly, one.sameSite])).toEqual([['stoker_session', true, 'Strict']]);
    // Signed out everywhere, this page notices by itself.
    const second = await signedIn(browser, stage);
    await second.page.getByRole('button', { name: 'Admin' }).click();
    await second.page.getByRole('menuitem', { name: 'Sign out everywhere' }).click();
    await second.page.getByLabel('Personal access token').waitFor();
    await page.getByLabel('Personal access token').waitFor();
    expect(watched.complaints).toEqual([]);
    await context.close();
    await second.context.close();
    await me.context.close();
    me = await signedIn(browser, stage);
  });
});

describe('the first five minutes', () => {
  it('lead from an empty server to a run with its log', async () => {
    const { page } = me;
    await page.getByText('The first five minutes').waitFor();
    expect(await page.getByLabel('to do').count()).toBe(4);

    await page.getByRole('link', { name: 'Publish an artifact' }).click();
    await page.locator('input[type=file]').setInputFiles({
      name: 'greetings_1.2.zip',
      mimeType: 'application/zip',
      buffer: readFileSync(stage.fixture('script-hello')),
    });
    expect(await page.getByLabel('Name', { exact: false }).last().inputValue()).toBe('greetings');
    await page.getByRole('button', { name: 'Publish' }).click();
    await page.getByText('greetings 1.2 was published.').waitFor();
    await page.getByRole('link', { name: 'greetings' }).waitFor();

    await page.getByRole('link', { name: 'Engines' }).click();
    await page.getByRole('button', { name: 'New engine' }).first().click();
    await page.getByRole('textbox', { name: 'Name', exact: true }).fill('forge-01');
    await page.getByRole('button', { name: 'Create' }).click();
    await page.getByRole('heading', { name: 'Pair it' }).waitFor();
    const key = (await page.locator('.code pre').first().textContent()) ?? '';
    expect(key).toMatch(/^[0-9A-F]{64}$/);
    const id = page.url().split('/').at(-1) ?? '';
    await stage.pairBy(id, (await page.locator('.code pre').last().textContent()) ?? '');
    // Nothing was reloaded: the page heard of it.
    await page.getByText('It is paired').waitFor();
    await page.getByText('Available').first().waitFor();

    await page.getByRole('link', { name: 'Tasks', exact: true }).click();
    await page.getByRole('link', { name: 'New task' }).first().click();
    // The list, which has a field of this name too, stays until the form is there.
    await page.getByRole('heading', { name: 'New task' }).waitFor();
    await page.getByRole('combobox', { name: 'Artifact' }).click();
    await page.getByRole('option', { name: 'greetings' }).click();
    await page.getByRole('textbox', { name: 'Name', exact: true }).fill('Greet & go <i>now</i>');
    await page.getByRole('button', { name: 'Next' }).click();
    expect(await me.violations()).toEqual([]);
    // Whoever is called away keeps what was typed as a draft, which says that it cannot run yet.
    await page.getByRole('button', { name: 'Save as a draft' }).click();
    await page.getByRole('heading', { name: 'Greet & go <i>now</i>', level: 1 }).waitFor();
    await page.getByText('Draft', { exact: true }).first().waitFor();
    expect(await page.getByRole('button', { name: 'Run', exact: true }).count()).toBe(0);
    await page.getByRole('link', { name: 'Finish the task' }).click();
    await page.getByRole('button', { name: 'Next' }).click();
    await page.getByRole('combobox', { name: 'Runs on' }).click();
    await page.getByRole('option', { name: 'forge-01' }).click();
    await page.getByRole('checkbox', { name: 'Several runs at once' }).check();
    await page.getByRole('button', { name: 'Next' }).click();
    await page.getByRole('button', { name: 'Create the task' }).click();
    await page.getByRole('heading', { name: 'Greet & go <i>now</i>', level: 1 }).waitFor();

    await page.getByRole('button', { name: 'Run', exact: true }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Run', exact: true }).click();
    await page.getByRole('heading', { name: 'Run of Greet & go <i>now</i>' }).waitFor();
    await page.getByText('Succeeded').first().waitFor();
    await page.locator('.log-line').first().waitFor();
    await page.getByRole('link', { name: 'Stoker' }).click();
    await page.getByText('Nothing failed in the last 24 hours.').waitFor();
    await page.getByText('The first five minutes').waitFor({ state: 'hidden' });
    expect(me.complaints).toEqual([]);
  });
});

describe('a failed run', () => {
  it('shows its first error, can be searched, downloaded and repeated', async () => {
    const { page } = me;
    const engines = await stage.call<{ id: string }[]>('GET', '/processing/runtimes/remote-engines');
    const task = await stage.task('Export', await stage.publish('export', 'script-fail'), String(engines[0]?.id));
    const run = await stage.run(task);
    await stage.ended(run);
    await me.go(`/runs/${run}`);
    await page.getByText('exit code 3').first().waitFor();
    await page.getByRole('button', { name: 'First error' }).click();
    await page.waitForURL(/line=1/);
    await page.getByLabel('Search the log').fill('ABOUT');
    await page.locator('mark', { hasText: 'about' }).waitFor();
    expect(await page.locator('.log-line').count()).toBe(1);
    // The address holds what is shown.
    await page.reload();
    await page.locator('mark', { hasText: 'about' }).waitFor();
    const [download] = await Promise.all([
      page.waitForEvent('download'),
      page.getByRole('button', { name: 'Download' }).click(),
    ]);
    expect(readFileSync(await download.path(), 'utf8')).toContain('this script always fails');
    await page.getByRole('button', { name: 'Run again' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Run again' }).click();
    await page.waitForURL((url) => !url.pathname.endsWith(run));
    await page.getByText('exit code 3').first().waitFor();
  });

  it('loses its log when somebody deletes it, and says who did', async () => {
    const { page } = me;
    await page.locator('.log-line').first().waitFor();
    await page.getByRole('button', { name: 'Delete the log' }).click();
    const dialog = page.getByRole('dialog', { name: 'Delete the log of this run of Export?' });
    expect(await me.violations()).toEqual([]);
    await dialog.getByRole('button', { name: 'Delete the log' }).click();
    await page.getByText('admin deleted the log.').waitFor();
    expect(await page.locator('.log-line').count()).toBe(0);
    expect(await page.getByRole('button', { name: 'Delete the log' }).count()).toBe(0);
    // What happened to the run says it too, and both are still there when it is opened again.
    await page.reload();
    await page.getByText('admin deleted the log.').waitFor();
    await page.getByRole('listitem').getByText('admin deleted the log', { exact: true }).waitFor();
    expect(me.complaints).toEqual([]);
  });
});

describe('a long run', () => {
  it('is seen live in the list, and is stopped by a named confirmation', async () => {
    const { page } = me;
    const engines = await stage.call<{ id: string }[]>('GET', '/processing/runtimes/remote-engines');
    const task = await stage.task('Slow one', await stage.publish('slow', 'script-sleep'), String(engines[0]?.id));
    await me.go('/runs?status=executing');
    await page.getByText('No run fits these filters').waitFor();
    const run = await stage.run(task);
    await page.getByRole('link', { name: 'Slow one' }).click();
    await page.getByRole('heading', { name: 'Run of Slow one' }).waitFor();
    // The log comes while the job runs.
    await page.locator('.log-line', { hasText: 'sleeping for 60 s' }).waitFor();
    await page.getByText('Running').first().waitFor();
    await page.getByRole('button', { name: 'Stop' }).click();
    const dialog = page.getByRole('dialog', { name: 'Stop this run of Slow one?' });
    expect(await me.violations()).toEqual([]);
    await dialog.getByRole('button', { name: 'Stop' }).click();
    await page.getByText('Stopped').first().waitFor();
    expect(await stage.ended(run)).toBe('terminated');
    await page.getByText('admin asked it to stop').waitFor();
    await page.locator('.log-line', { hasText: 'stopping politely' }).waitFor();
  });
});

describe('a task', () => {
  it('is paused and resumed, and says why it cannot run', async () => {
    const { page } = me;
    await me.go(`/tasks/${await find('tasks', 'Slow one')}`);
    await page.getByRole('button', { name: 'Pause' }).click();
    await page.getByText('Paused by admin').waitFor();
    expect(await page.getByRole('button', { name: 'Run', exact: true }).count()).toBe(0);
    await page.getByText('Slow one is paused.').waitFor();
    expect(await me.violations()).toEqual([]);
    // Taken back with the button, then by the key, and on another page than where it was done.
    await page.getByRole('button', { name: 'Undo' }).click();
    await page.getByText('Undone.').waitFor();
    await page.getByRole('button', { name: 'Run', exact: true }).waitFor();
    await page.getByRole('button', { name: 'Pause' }).click();
    await page.getByText('Paused by admin').waitFor();
    await page.getByRole('button', { name: 'Resume' }).click();
    await page.getByText('Slow one is resumed.').waitFor();
    await page.getByRole('link', { name: 'Tasks', exact: true }).click();
    const row = page.getByRole('row', { name: /Slow one/ });
    await row.getByText('Ready').waitFor();
    await page.keyboard.press('u');
    await row.getByText('Paused').waitFor();
    expect(await page.getByRole('button', { name: 'Undo' }).count()).toBe(0);
    await row.getByRole('link', { name: 'Slow one' }).click();
    await page.getByRole('button', { name: 'Resume' }).click();
    await page.getByRole('button', { name: 'Run', exact: true }).waitFor();
  });

  it('whose pausing is refused says why, and offers nothing to take back', async () => {
    const { page } = me;
    const id = await find('tasks', 'Slow one');
    await me.go(`/tasks/${id}`);
    await page.getByRole('button', { name: 'Pause' }).waitFor();
    await page.route('**/pause', (route) =>
      route.fulfill({ status: 403, json: { status: 403, message: 'Somebody took your right away.' } }),
    );
    await page.getByRole('button', { name: 'Pause' }).click();
    await page.getByRole('alert').getByText('Somebody took your right away.').waitFor();
    expect(await page.getByRole('button', { name: 'Undo' }).count()).toBe(0);
    await page.getByRole('button', { name: 'Close' }).click();
    await page.getByRole('alert').waitFor({ state: 'detached' });
    await page.unroute('**/pause');
  });

  it('that was removed elsewhere says so', async () => {
    const { page } = me;
    const engines = await stage.call<{ id: string }[]>('GET', '/processing/runtimes/remote-engines');
    const id = await stage.task('Brief', await find('artifacts', 'slow'), String(engines[0]?.id));
    await me.go(`/tasks/${id}`);
    await page.getByRole('heading', { name: 'Brief' }).waitFor();
    await stage.call('DELETE', `/orchestration/executables/tasks/${id}`);
    await page.getByText('It is not there any more').waitFor();
  });

  it('refuses a name that is taken, at the form', async () => {
    const { page } = me;
    await me.go(`/tasks/new?artifact=${await find('artifacts', 'slow')}`);
    await page.getByRole('textbox', { name: 'Name', exact: true }).fill('Slow one');
    await page.getByRole('button', { name: 'Next' }).click();
    await page.getByRole('button', { name: 'Next' }).click();
    await page.getByRole('combobox', { name: 'Runs on' }).click();
    await page.getByRole('option', { name: 'forge-01' }).click();
    await page.getByRole('button', { name: 'Next' }).click();
    await page.getByRole('button', { name: 'Create the task' }).click();
    // The refusal names a field of another step: the form goes back to it.
    await page.getByRole('textbox', { name: 'Name', exact: true }).waitFor();
    await page.locator('input[aria-invalid="true"]').waitFor();
    await page.getByRole('textbox', { name: 'Name', exact: true }).fill('Slow two');
    await page.getByRole('button', { name: 'Next' }).click();
    await page.getByRole('button', { name: 'Next' }).click();
    await page.getByRole('button', { name: 'Next' }).click();
    await page.getByRole('button', { name: 'Create the task' }).click();
    await page.getByRole('heading', { name: 'Slow two', level: 1 }).waitFor();
  });
});

describe('the keyboard', () => {
  it('is enough to get from the start to a run', async () => {
    const { page } = me;
    await me.go('/runs');
    await page.getByRole('link', { name: 'Export' }).first().waitFor();
    await page.keyboard.press('Tab');
    expect(await page.evaluate(() => document.activeElement?.textContent)).toBe('Skip to the content');
    await until('the focus on a run', async () => {
      await page.keyboard.press('Tab');
      const focused = await page.evaluate(() => document.activeElement?.className ?? '');
      return focused.includes('row-link') ? true : undefined;
    });
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { level: 1, name: /^Run of/ }).waitFor();
  });
});

describe('a server that is restarted', () => {
  it('is heard again by a page that stayed open', async () => {
    const { page } = me;
    await me.go('/engines');
    await page.getByRole('status').getByText('Live').waitFor();
    await stage.restart(async () => {
      await page.getByRole('status').getByText('Every 5 s').waitFor();
    });
    await page.getByRole('status').getByText('Live').waitFor();
    await stage.engine('made after the restart');
    await page.getByRole('link', { name: 'made after the restart' }).waitFor();
  });
});
