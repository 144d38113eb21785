/** What goes wrong around a page, and people who may only look: against a real server. */

import type { Browser } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { launch, signedIn, somebody } from './pages';
import { Stage, until } from './stage';

/** Markup, right to left, emoji, and a mark that turns the direction. */
const ODD = '<img src=x onerror=alert(1)> שלום 🚀 مرحبا';

let browser: Browser;
let stage: Stage;
let me: Awaited<ReturnType<typeof signedIn>>;
let task: string;
let plan: string;
let schedule: string;
let connection: string;

beforeAll(async () => {
  [browser, stage] = await Promise.all([launch(), Stage.start()]);
  const engine = await stage.engine('forge-01');
  const artifact = await stage.publish('customers', 'script-hello');
  task = await stage.task('Load customers', artifact, engine.id);
  const steps = [{ name: 'Load', condition: 'ALL_SUCCEEDED', taskIds: [task] }];
  const { workspaceId, environmentId } = stage;
  plan = String(
    (await stage.call('POST', '/orchestration/executables/plans', { name: 'Nightly', workspaceId, steps })).id,
  );
  const trigger = { name: 'night', type: 'CRON', cronExpression: '30 2 ? * * *', timeZone: 'Europe/Berlin' };
  schedule = String(
    (await stage.call('POST', '/orchestration/schedules', { environmentId, description: 'Night', trigger })).id,
  );
  const parameters = [{ name: 'host', value: 'db.example', encrypted: false }];
  const made = await stage.call('POST', '/orchestration/connections', {
    name: 'Sales',
    app: 'Custom',
    workspaceId,
    parameters,
  });
  connection = String(made.id);
  me = await signedIn(browser, stage);
});

afterAll(async () => {
  await browser?.close();
  await stage?.stop();
});

afterEach(async ({ task: test }) => {
  const folder = process.env.STOKER_SHOTS;
  if (folder && test.result?.state === 'fail') await me.page.screenshot({ path: `${folder}/failed-rough.png` });
});

describe('somebody with permissions but few rights', () => {
  it('sees no edit where only looking is allowed, and gets it with the right', async () => {
    const page = await somebody(browser, stage, 'viewer', ['VIEW']);
    const places: [string, string][] = [
      [`/tasks/${task}`, 'Load customers'],
      [`/plans/${plan}`, 'Nightly'],
      [`/schedules/${schedule}`, 'Night'],
      [`/manage/connections/${connection}`, 'Sales'],
      ['/tasks', 'Tasks'],
      ['/plans', 'Plans'],
      ['/artifacts', 'Artifacts'],
      ['/manage/connections', 'Connections'],
    ];
    const changing = /^(Edit|Run|Pause|Delete|Rename|Move|Attach|Detach|Add|New|Copy|Choose a file|Create)/;
    for (const [path, heading] of places) {
      await page.goto(stage.url + path);
      await page.getByRole('heading', { name: heading, level: 1 }).waitFor();
      await page.getByText('Loading…').first().waitFor({ state: 'detached' });
      const main = page.getByRole('main');
      const found = await main
        .getByRole('button', { name: changing })
        .or(main.getByRole('link', { name: changing }))
        .all();
      const names = await Promise.all(
        found.map(async (one) => (await one.textContent()) || (await one.getAttribute('aria-label'))),
      );
      // Ids may be copied by anybody.
      expect(
        names.filter((name) => !/^Copy\b/.test(name ?? '')),
        path,
      ).toEqual([]);
    }
    await page.goto(`${stage.url}/tasks/${task}/edit`);
    await page.getByText('You may look at this task').waitFor();
    // The right arrives while the page is open.
    await page.goto(`${stage.url}/tasks/${task}`);
    await page.getByRole('heading', { name: 'Load customers', level: 1 }).waitFor();
    const user = (await stage.call<{ items?: { id: string; login: string }[] }>(
      'GET',
      '/account/users?query=login==viewer',
    )) as never as { id: string; login: string }[];
    const id = user.find((one) => one.login === 'viewer')?.id;
    const rights = `/security/workspaces/${stage.workspaceId}/users/${id}/permissions`;
    await stage.call('PUT', rights, ['VIEW', 'AUTHOR']);
    await page.getByRole('link', { name: 'Edit', exact: true }).waitFor({ timeout: 30_000 });
    expect(await page.getByRole('button', { name: 'Run', exact: true }).count()).toBe(0);
    await page.context().close();
  });
});

describe('names that people really give', () => {
  it('are shown as they are, and nothing in them is carried out', async () => {
    const { page } = me;
    let asked = 0;
    page.on('dialog', (dialog) => {
      asked += 1;
      void dialog.dismiss();
    });
    const body = { name: ODD, app: 'Custom', workspaceId: stage.workspaceId, parameters: [] };
    const made = await stage.call('POST', '/orchestration/connections', body);
    await me.go('/manage/connections');
    await page.getByRole('link', { name: ODD }).click();
    await page.getByRole('heading', { name: ODD, level: 1 }).waitFor();
    expect(page.url()).toContain(String(made.id));
    expect(await page.locator('main img').count()).toBe(0);
    await page.getByRole('button', { name: 'Delete' }).click();
    await page.getByRole('dialog').getByText(ODD).waitFor();
    expect(await me.violations()).toEqual([]);
    expect(asked).toBe(0);
  });
});

describe('a zip', () => {
  it('that is chosen while a task is made is published and taken', async () => {
    const { page } = me;
    await me.go('/tasks/new');
    await page.locator('input[type="file"]').setInputFiles(stage.fixture('script-true'));
    const dialog = page.getByRole('dialog');
    await dialog.getByRole('textbox', { name: 'Name', exact: true }).fill('dropped');
    await dialog.getByLabel('Version').fill('one');
    await dialog.getByRole('button', { name: 'Publish' }).click();
    // The refusal of the server stands at its field.
    await dialog.getByText('Must start with a digit').waitFor();
    expect(await dialog.getByRole('alert').count()).toBe(0);
    await dialog.getByLabel('Version').fill('0.1.0');
    await dialog.getByRole('button', { name: 'Publish' }).click();
    await dialog.waitFor({ state: 'detached' });
    await until('the artifact to be chosen', async () =>
      (await page.getByRole('combobox', { name: 'Artifact' }).inputValue()) === 'dropped' ? true : undefined,
    );
    await page.getByRole('textbox', { name: 'Name', exact: true }).fill('From a zip');
    await page.getByRole('button', { name: 'Save as a draft' }).click();
    await page.getByRole('heading', { name: 'From a zip', level: 1 }).waitFor();
    await me.go('/tasks');
    await page
      .getByRole('row', { name: /From a zip/ })
      .getByText('Draft')
      .waitFor();
  });
});

describe('an artifact', () => {
  it('that is used is not deleted, and the refusal names the task; a version that nobody uses is', async () => {
    const { page } = me;
    const list = await stage.call<{ items: { id: string; name: string }[] }>('GET', '/orchestration/artifacts');
    const id = list.items.find((one) => one.name === 'customers')?.id;
    await stage.publish('customers', 'script-true', '0.2.0');
    await me.go(`/artifacts/${id}`);
    await page.getByRole('button', { name: 'Delete', exact: true }).click();
    const dialog = page.getByRole('dialog', { name: 'Delete the artifact customers with all its versions?' });
    await dialog.getByRole('button', { name: 'Delete' }).click();
    await dialog.getByText('in use by task Load customers').waitFor();
    await dialog.getByRole('button', { name: 'Cancel' }).click();
    await page.getByRole('button', { name: 'Delete 0.2.0' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Delete 0.2.0' }).click();
    await page.getByRole('dialog').waitFor({ state: 'detached' });
    await page.getByRole('heading', { name: 'Parameters of 0.1.0' }).waitFor();
    const left = await stage.call<{ versions: string[] }>('GET', `/orchestration/artifacts/${id}`);
    expect(left.versions).toEqual(['0.1.0']);
  });
});

describe('a large file', () => {
  it('tells how much of it is sent, and is given up when its form is closed', async () => {
    const { page } = me;
    const slow = await page.context().newCDPSession(page);
    const limit = (uploadThroughput: number) =>
      slow.send('Network.emulateNetworkConditions', {
        offline: false,
        latency: 0,
        downloadThroughput: -1,
        uploadThroughput,
      });
    await slow.send('Network.enable');
    await me.go('/manage/resources');
    await page.getByRole('button', { name: 'New resource' }).first().click();
    const file = { name: 'large.bin', mimeType: 'application/octet-stream', buffer: Buffer.alloc(4_000_000, 7) };
    await page.locator('input[type=file]').setInputFiles(file);
    await limit(1_000_000);
    await page.getByRole('button', { name: 'Upload' }).click();
    const bar = page.getByRole('progressbar', { name: 'Upload' });
    const percent = async () => Number(await bar.getAttribute('aria-valuenow'));
    const part = await until('a part of it', async () => {
      const now = await percent();
      return now > 0 && now < 100 ? now : undefined;
    });
    await page.getByText(/^\d+ % sent$/).waitFor();
    await until('more of it', async () => ((await percent()) > part ? true : undefined));
    await page.getByRole('button', { name: 'Cancel' }).click();
    await page.getByRole('dialog').waitFor({ state: 'detached' });
    await limit(-1);
    // The server kept nothing of it.
    expect((await stage.call<{ total: number }>('GET', '/orchestration/resources')).total).toBe(0);
    await page.getByRole('button', { name: 'New resource' }).first().click();
    await page.locator('input[type=file]').setInputFiles(file);
    await page.getByRole('button', { name: 'Upload' }).click();
    await page.getByRole('heading', { name: 'large.bin', level: 1 }).waitFor();
  });
});

describe('a connection that is lost in the middle', () => {
  it('leaves what is shown and typed, and what was typed can be saved when it is back', async () => {
    const { page } = me;
    await me.go(`/tasks/${task}/edit`);
    await page.getByLabel('Description').fill('typed before the server went away');
    await stage.restart(async () => {
      await page.getByRole('button', { name: 'Save', exact: true }).first().click();
      await page.getByText('The server does not answer').first().waitFor();
      expect(await page.getByLabel('Description').inputValue()).toBe('typed before the server went away');
    });
    await page.getByRole('button', { name: 'Save', exact: true }).first().click();
    await page.getByText('Saved', { exact: true }).first().waitFor();
    const stored = await stage.call('GET', `/orchestration/executables/tasks/${task}`);
    expect(stored.description).toBe('typed before the server went away');
  });
});
