/** Infrastructure and catalogue: clusters, run profiles, connections, resources, environments, promotions, projects. */

import { mkdirSync } from 'node:fs';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { launch, signedIn } from './pages';
import { Stage, until } from './stage';

let browser: Browser;
let stage: Stage;
type Signed = Awaited<ReturnType<typeof signedIn>>;
let me: Signed;
let artifact: string;
let forge: { id: string; key: string };
let spare: { id: string; key: string };
const folder = process.env.STOKER_SHOTS;

beforeAll(async () => {
  [browser, stage] = await Promise.all([launch(), Stage.start()]);
  if (folder) mkdirSync(folder, { recursive: true });
  forge = await stage.engine('forge-01');
  spare = await stage.engine('forge-02');
  artifact = await stage.publish('customers', 'script-hello');
  [me] = await Promise.all([signedIn(browser, stage), stage.pair(forge.id, forge.key)]);
});

afterAll(async () => {
  await browser?.close();
  await stage?.stop();
});

/** Nothing is wrong with the page as it stands; with a folder for pictures, also takes them in all looks. */
async function wellFormed(name: string): Promise<void> {
  const { page } = me;
  await page.getByText('Loading…').first().waitFor({ state: 'detached' });
  expect(await me.violations(), name).toEqual([]);
  expect(await page.getByRole('alert').allTextContents(), name).toEqual([]);
  for (const [look, width, height, colorScheme] of [
    ['light', 1440, 900, 'light'],
    ['dark', 1440, 900, 'dark'],
    ['phone-light', 390, 844, 'light'],
    ['phone-dark', 390, 844, 'dark'],
  ] as const) {
    if (!folder && look !== 'phone-dark') continue;
    await page.setViewportSize({ width, height });
    await page.emulateMedia({ colorScheme });
    if (folder) await page.screenshot({ path: `${folder}/${name}-${look}.png`, fullPage: width < 1000 });
    // The frame needs a moment to fold.
    await until(`${name} to fit into the window`, () =>
      page.evaluate(() => (document.documentElement.scrollWidth <= window.innerWidth ? true : undefined)),
    );
    expect(await me.violations(), `${name}, ${look}`).toEqual([]);
  }
  await page.setViewportSize({ width: 1440, height: 900 });
  await page.emulateMedia({ colorScheme: 'light' });
}

describe('processing', () => {
  it('finds engines by name and state, and keeps both in the address', async () => {
    const { page } = me;
    await me.go('/engines');
    await page.getByRole('link', { name: 'forge-02' }).waitFor();
    await page.getByRole('combobox', { name: 'State' }).click();
    await page.getByRole('option', { name: 'Available' }).click();
    await page.getByRole('link', { name: 'forge-02' }).waitFor({ state: 'detached' });
    await page.getByRole('link', { name: 'forge-01' }).waitFor();
    await page.getByLabel('Filter by name').fill('nothing');
    await page.getByText('No engine fits these filters').waitFor();
    expect(page.url()).toBe(`${stage.url}/engines?state=available&name=nothing`);
    await page.reload();
    await page.getByText('No engine fits these filters').waitFor();
    await page.getByLabel('Filter by name').fill('');
    await wellFormed('engines');
    await page.getByRole('link', { name: 'forge-01' }).click();
    await page.getByText('It is paired').waitFor();
    await page.locator('dd time').first().waitFor();
    await wellFormed('engine-overview');
    await page.getByRole('link', { name: 'Manage' }).click();
    await page.getByRole('button', { name: 'Unpair' }).waitFor();
    await wellFormed('engine-manage');
  });

  it('makes a cluster, puts a paired engine into it, and refuses to delete what is used', async () => {
    const { page } = me;
    await me.go('/clusters');
    await page.getByText('No cluster yet').waitFor();
    await wellFormed('clusters-empty');
    await page.getByRole('button', { name: 'New cluster' }).first().click();
    await page.getByRole('textbox', { name: 'Name', exact: true }).fill('night shift');
    expect(await me.violations()).toEqual([]);
    await page.getByRole('button', { name: 'Create' }).click();
    await page.getByRole('heading', { name: 'night shift', level: 1 }).waitFor();
    await page.getByText('No engine is in it').waitFor();
    await page.getByRole('button', { name: 'Add an engine' }).click();
    await page.getByRole('combobox', { name: 'Engines' }).click();
    await page.getByRole('option', { name: 'forge-01' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Add an engine' }).click();
    await page.getByRole('link', { name: 'forge-01' }).waitFor();
    await page.getByText('Available').first().waitFor();
    const id = page.url().split('/').at(-1) ?? '';
    const made = await stage.call<{ engines: string[] }>('GET', `/processing/runtimes/remote-engine-clusters/${id}`);
    expect(made.engines).toEqual([forge.id]);

    await page.getByRole('button', { name: 'New run profile' }).click();
    await page.getByRole('textbox', { name: 'Name', exact: true }).fill('large');
    await page.getByRole('textbox', { name: 'Arguments of the Java machine' }).fill('Xmx2g');
    await page.getByRole('button', { name: 'Create' }).click();
    // The refusal stands at its field, and what was typed is kept.
    await page.getByText('is not an argument of a Java machine').waitFor();
    await page.getByRole('textbox', { name: 'Arguments of the Java machine' }).fill('-Xmx2g\n-Xms1g');
    await page.getByRole('button', { name: 'Create' }).click();
    await page.getByRole('dialog').waitFor({ state: 'detached' });
    await page.getByText('-Xmx2g -Xms1g').waitFor();
    await wellFormed('cluster');

    const task = await stage.task('Nightly load', artifact, forge.id);
    await stage.call('PUT', `/orchestration/executables/tasks/${task}/run-config`, {
      trigger: { type: 'MANUAL' },
      runtime: { type: 'REMOTE_ENGINE_CLUSTER', id },
      parallelExecutionAllowed: true,
    });
    await page.getByRole('link', { name: 'Nightly load' }).waitFor();
    await page.getByRole('button', { name: 'Delete' }).click();
    const dialog = page.getByRole('dialog', { name: 'Delete the cluster night shift?' });
    await dialog.getByRole('button', { name: 'Delete' }).click();
    await dialog.getByText('is used by task Nightly load').waitFor();
    await dialog.getByRole('button', { name: 'Cancel' }).click();

    await page.getByRole('button', { name: 'Take out' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Take out' }).click();
    await page.getByText('No engine is in it').waitFor();
  });

  it('changes and removes run profiles of each kind', async () => {
    const { page } = me;
    await me.go('/run-profiles');
    await page.getByRole('button', { name: 'large' }).click();
    await page.getByRole('textbox', { name: 'Name', exact: true }).fill('larger');
    await page.getByRole('button', { name: 'Save' }).click();
    await page.getByRole('button', { name: 'larger' }).waitFor();
    await wellFormed('run-profiles');
    await page.getByRole('button', { name: 'larger' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Delete' }).click();
    const sure = page.getByRole('dialog', { name: 'Delete the run profile larger?' });
    await sure.getByRole('button', { name: 'Delete' }).click();
    await page.getByText('No run profile yet').waitFor();

    // Profiles of Gen2 engines are settings, of which the server checks each.
    const gen2 = { name: 'gen two', environmentId: stage.environmentId, workspaceId: stage.workspaceId };
    await stage.call('POST', '/processing/runtimes/pipeline-engines', gen2);
    await page.reload();
    await page.getByRole('button', { name: 'New run profile' }).first().click();
    await page.getByRole('dialog').getByRole('combobox', { name: 'For' }).click();
    await page.getByRole('option', { name: 'gen two' }).click();
    await page.getByRole('combobox', { name: 'Kind' }).click();
    await page.getByRole('option', { name: 'Standard' }).click();
    await page.getByRole('textbox', { name: 'Name', exact: true }).fill('spark');
    const settings = page.getByRole('textbox', { name: 'Settings' });
    const given = await settings.inputValue();
    await settings.fill(given.replace('"numberOfThreads": 4', '"numberOfThreads": 0'));
    await page.getByRole('button', { name: 'Create' }).click();
    await page.getByText('configuration.numberOfThreads').waitFor();
    await settings.fill(given.replace('"numberOfThreads": 4', '"numberOfThreads": 8'));
    await page.getByRole('button', { name: 'Create' }).click();
    await page.getByRole('button', { name: 'spark' }).click();
    await page.getByText('"numberOfThreads": 8').waitFor();
    await page.getByRole('dialog').getByRole('button', { name: 'Delete' }).click();
    await page
      .getByRole('dialog', { name: 'Delete the run profile spark?' })
      .getByRole('button', { name: 'Delete' })
      .click();
    await page.getByText('No run profile yet').waitFor();
  });
});

describe('catalogue', () => {
  it('keeps a connection with a secret, which is not removed while a task uses it', async () => {
    const { page } = me;
    await me.go('/manage/connections');
    await page.getByText('No connection yet').waitFor();
    await page.getByRole('button', { name: 'New connection' }).first().click();
    await page.getByRole('textbox', { name: 'Name', exact: true }).fill('crm');
    await page.getByLabel('Name of parameter 1').fill('host');
    await page.getByLabel('Value of parameter 1').fill('crm.example.com');
    await page.getByRole('button', { name: 'Add a parameter' }).click();
    await page.getByLabel('Name of parameter 2').fill('host');
    await page.getByLabel('Parameter 2 is secret').check();
    await page.getByLabel('Value of parameter 2').fill('s3cret!');
    await page.getByRole('button', { name: 'Create' }).click();
    await page.getByText('is there twice').waitFor();
    await page.getByLabel('Name of parameter 2').fill('password');
    expect(await me.violations()).toEqual([]);
    await page.getByRole('button', { name: 'Create' }).click();
    await page.getByRole('heading', { name: 'crm', level: 1 }).waitFor();
    await page.getByText('••••••').waitFor();
    expect(await page.content()).not.toContain('s3cret!');
    const id = page.url().split('/').at(-1) ?? '';
    await page.getByText('No task uses it yet.').waitFor();
    await stage.task('Read customers', artifact, spare.id, { connections: { crm: id } });
    await page.reload();
    await page.getByRole('link', { name: 'Read customers' }).waitFor();
    await wellFormed('connection');

    // Somebody else changes it while it is edited here.
    await page.getByRole('button', { name: 'Edit' }).click();
    await page.getByLabel('Value of parameter 1').fill('mine.example.com');
    await stage.call('PUT', `/orchestration/connections/${id}`, {
      parameters: [
        { name: 'host', value: 'theirs.example.com' },
        { name: 'password', encrypted: true },
      ],
    });
    await page.getByText('Somebody else has changed this meanwhile').waitFor();
    expect(await page.getByLabel('Value of parameter 1').inputValue()).toBe('mine.example.com');
    expect(await me.violations()).toEqual([]);
    await page.getByRole('button', { name: 'Keep mine' }).click();
    await page.getByRole('button', { name: 'Save' }).click();
    await page.getByText('mine.example.com').waitFor();

    await page.getByRole('button', { name: 'Delete' }).click();
    const dialog = page.getByRole('dialog', { name: 'Delete the connection crm?' });
    await dialog.getByRole('button', { name: 'Delete' }).click();
    await dialog.getByText('is in use by task Read customers').waitFor();
    await dialog.getByRole('button', { name: 'Cancel' }).click();
    await me.go('/manage/connections');
    await page.getByRole('link', { name: 'crm', exact: true }).waitFor();
    await wellFormed('connections');
  });

  it('keeps a resource, whose content is replaced and which is removed when nobody uses it', async () => {
    const { page } = me;
    await me.go('/manage/resources');
    await page.getByText('No resource yet').waitFor();
    await page.getByRole('button', { name: 'New resource' }).first().click();
    const file = { name: 'regions.csv', mimeType: 'text/csv', buffer: Buffer.from('north;south') };
    await page.locator('input[type=file]').setInputFiles(file);
    expect(await page.getByRole('textbox', { name: 'Name', exact: true }).inputValue()).toBe('regions.csv');
    await page.getByText('regions.csv, 11 bytes').waitFor();
    expect(await me.violations()).toEqual([]);
    await page.getByRole('button', { name: 'Upload' }).click();
    await page.getByRole('heading', { name: 'regions.csv', level: 1 }).waitFor();
    const id = page.url().split('/').at(-1) ?? '';
    await page.getByRole('button', { name: 'Replace the content' }).click();
    await page.locator('input[type=file]').setInputFiles({ ...file, buffer: Buffer.from('east;west') });
    await page.getByRole('dialog').getByRole('button', { name: 'Upload' }).click();
    await page.getByText('The content was replaced.').waitFor();

    const task = await stage.task('Sort regions', artifact, spare.id, { resources: { regions: id } });
    await page.reload();
    await page.getByRole('link', { name: 'Sort regions' }).waitFor();
    await wellFormed('resource');
    await page.getByRole('button', { name: 'Delete' }).click();
    const dialog = page.getByRole('dialog', { name: 'Delete the resource regions.csv?' });
    await dialog.getByRole('button', { name: 'Delete' }).click();
    await dialog.getByText('is in use by task Sort regions').waitFor();
    await stage.call('DELETE', `/orchestration/executables/tasks/${task}`);
    await dialog.getByRole('button', { name: 'Delete' }).click();
    await page.getByText('No resource yet').waitFor();
    await wellFormed('resources-empty');
  });
});

describe('stages', () => {
  it('makes an environment with workspaces', async () => {
    const { page } = me;
    await me.go('/manage/environments');
    await page.getByRole('button', { name: 'New environment' }).click();
    await page.getByRole('textbox', { name: 'Name', exact: true }).fill('production');
    await page.getByRole('textbox', { name: 'First workspace' }).fill('Sales');
    await page.getByRole('combobox', { name: 'Owner' }).fill('nobody');
    await page.getByRole('button', { name: 'Create' }).click();
    await page.getByText('there is no user nobody').waitFor();
    await page.getByRole('combobox', { name: 'Owner' }).fill('');
    await page.keyboard.press('Tab');
    await page.getByRole('button', { name: 'Create' }).click();
    await page.getByRole('heading', { name: 'production', level: 1 }).waitFor();
    await page.getByRole('button', { name: 'Edit Sales' }).click();
    await page.getByRole('switch').check();
    await page.getByRole('button', { name: 'Save' }).click();
    await page.getByText(/Owner: .* Tasks follow only artifacts published here/).waitFor();
    await page.getByText('Nothing that you may see.').waitFor();
    await wellFormed('environment');
    await me.go('/manage/environments');
    await page.getByRole('link', { name: 'production' }).waitFor();
    await wellFormed('environments');
  });

  it('promotes a task into another environment, with a readable report', async () => {
    const { page } = me;
    const permissions = ['TMC_PROMOTION_EXECUTION'];
    await stage.call('POST', '/account/service-accounts', { name: 'release robot', permissions });
    await me.go('/manage/promotions');
    await page.getByText('No promotion yet').waitFor();
    await page.getByRole('button', { name: 'New promotion' }).first().click();
    await page.getByRole('combobox', { name: 'To' }).click();
    await page.getByRole('option', { name: 'production' }).click();
    await page.getByRole('button', { name: 'Create' }).click();
    await page.getByRole('heading', { name: 'default → production', level: 1 }).waitFor();
    await page.getByText('You are not among those who may run it').waitFor();
    await page.getByRole('button', { name: 'Let me run it' }).click();
    await page.getByText('You are not among those who may run it').waitFor({ state: 'detached' });
    // Nobody is asked: whoever was taken off can be put back.
    await page.getByRole('button', { name: 'Remove admin' }).click();
    await page.getByText('admin may not run this promotion any more.').waitFor();
    await page.getByText('Nobody may run it yet.').waitFor();
    await page.getByRole('button', { name: 'Undo' }).click();
    await page.getByRole('button', { name: 'Remove admin' }).waitFor();
    // A program may run it too.
    await page.getByRole('combobox', { name: 'Add a service account' }).click();
    await page.getByRole('option', { name: 'release robot' }).click();
    await page.getByRole('button', { name: 'Add', exact: true }).last().click();
    await page.getByRole('button', { name: 'Remove release robot' }).waitFor();
    await page.getByRole('combobox', { name: 'What' }).click();
    await page.getByRole('option', { name: 'One task' }).click();
    await page.getByRole('combobox', { name: 'Task' }).click();
    await page.getByRole('option', { name: 'Read customers' }).click();
    await page.getByRole('textbox', { name: 'Note' }).fill('release 12');
    await page.getByRole('button', { name: 'Analyse' }).click();
    const report = page.getByRole('region', { name: 'Report' });
    await report.getByRole('row', { name: /new Task Read customers/ }).waitFor();
    await report.getByText('parameter password is secret').waitFor();
    await wellFormed('promotion-analysed');
    // Nothing has happened yet.
    const target = page.url();
    expect(target).toContain('?run=');

    await page.getByRole('button', { name: 'Promote' }).click();
    const dialog = page.getByRole('dialog', { name: /^Promote / });
    await dialog.getByRole('button', { name: 'Promote' }).click();
    await report.getByText('Promoted, with notes').waitFor();
    await report.getByRole('row', { name: /made Task Read customers/ }).waitFor();
    await wellFormed('promotion-done');
    await page.reload();
    await report.getByRole('row', { name: /made Task Read customers/ }).waitFor();
    // Both are in the list, and the first can still be read.
    expect(await page.getByRole('link', { name: 'release 12' }).count()).toBe(2);
    await page.getByRole('link', { name: 'release 12' }).last().click();
    await report.getByText('Analysed').waitFor();
    await page.goBack();
    await report.getByRole('link', { name: 'Read customers' }).click();
    await page.getByRole('heading', { name: 'Read customers', level: 1 }).waitFor();

    await me.go('/manage/promotions');
    await page.getByText('Promoted, with notes').waitFor();
    await wellFormed('promotions');
    await me.go('/manage/environments');
    await page.getByRole('link', { name: 'production' }).click();
    await page.getByRole('button', { name: 'Delete', exact: true }).last().waitFor();
    await page.locator('.page-head').getByRole('button', { name: 'Delete' }).click();
    const sure = page.getByRole('dialog', { name: 'Delete the environment production?' });
    await sure.getByRole('button', { name: 'Delete' }).click();
    await sure.getByRole('alert').waitFor();
    expect(await sure.getByRole('alert').textContent()).toContain('remove or re-assign its engine(s)');
    await sure.getByRole('button', { name: 'Cancel' }).click();
  });

  it('says what was removed while it is edited, and keeps what was typed', async () => {
    const { page } = me;
    const made = await stage.call('POST', '/orchestration/connections', {
      name: 'brief',
      app: 'Custom',
      workspaceId: stage.workspaceId,
      parameters: [],
    });
    await me.go(`/manage/connections/${made.id}`);
    await page.getByRole('button', { name: 'Edit' }).click();
    await page.getByRole('textbox', { name: 'Name', exact: true }).fill('typed with care');
    await stage.call('DELETE', `/orchestration/connections/${made.id}`);
    await page.getByText('Somebody else has removed this meanwhile').waitFor();
    expect(await page.getByRole('textbox', { name: 'Name', exact: true }).inputValue()).toBe('typed with care');
    expect(await page.getByRole('button', { name: 'Save' }).isDisabled()).toBe(true);
  });

  it('shows somebody who may only use engines no control, and says why', async () => {
    const role = await stage.call('POST', '/account/roles', { name: 'Looks on', permissions: ['TMC_ENGINE_USE'] });
    const person = { login: 'viewer', email: 'viewer@example.com', firstName: 'Vi', lastName: 'Ewer' };
    const user = await stage.call('POST', '/account/users', { ...person, roleIds: [role.id] });
    const password = 'correct horse battery';
    await stage.call('PUT', `/stoker/v1/users/${user.id}/password`, { newPassword: password });
    const rights = `/security/workspaces/${stage.workspaceId}/users/${user.id}/permissions`;
    await stage.call('POST', rights, ['VIEW']);
    const context = await browser.newContext();
    const page = await context.newPage();
    await page.goto(stage.url);
    const status = await page.evaluate(
      async (body) => {
        const headers = { 'content-type': 'application/json' };
        return (await fetch('/stoker/v1/session', { method: 'POST', headers, body })).status;
      },
      JSON.stringify({ login: 'viewer', password }),
    );
    expect(status).toBe(201);
    await page.goto(`${stage.url}/engines/${spare.id}`);
    await page.getByText('need the permission to manage engines').waitFor();
    expect(await page.content()).not.toContain(spare.key);
    expect(await page.getByRole('button', { name: 'Drain' }).count()).toBe(0);
    await page.goto(`${stage.url}/engines`);
    await page.getByRole('link', { name: 'forge-01' }).waitFor();
    expect(await page.getByRole('button', { name: 'New engine' }).count()).toBe(0);
    for (const [path, text] of [
      ['/run-profiles', 'You may not see the run profiles'],
      ['/manage/connections', 'You may not see the connections'],
      ['/manage/resources', 'You may not see the resources'],
      ['/manage/environments', 'needs the permission to manage them'],
      ['/manage/promotions', 'You may not see the promotions'],
      ['/manage/projects', 'You may not see the projects'],
    ]) {
      await page.goto(stage.url + path);
      await page.getByText(text ?? '').waitFor();
      expect(await page.getByRole('button', { name: /^New/ }).count(), path).toBe(0);
      expect(await page.getByRole('alert').count(), path).toBe(0);
    }
    await context.close();
  });

  it('keeps a project with its repository', async () => {
    const { page } = me;
    await stage.call('POST', '/account/groups', { name: 'Analysts' });
    await me.go('/manage/projects');
    await page.getByText('No project yet').waitFor();
    await page.getByRole('button', { name: 'New project' }).first().click();
    await page.getByRole('textbox', { name: 'Name', exact: true }).fill('Sales jobs');
    await page.getByRole('textbox', { name: 'Repository' }).fill('https://git.example.com/sales.git');
    await page.getByRole('button', { name: 'Create' }).click();
    await page.getByRole('heading', { name: 'Sales jobs', level: 1 }).waitFor();
    await page.getByText('https://git.example.com/sales.git').waitFor();
    await page.getByText('Nobody works on it yet.').waitFor();
    await page.getByRole('combobox', { name: 'Add somebody' }).click();
    await page.getByRole('option', { name: 'admin' }).click();
    await page.getByRole('button', { name: 'Add', exact: true }).first().click();
    await page.getByRole('button', { name: 'Remove admin' }).click();
    await page.getByText('admin does not work on this project any more.').waitFor();
    await page.getByText('Nobody works on it yet.').waitFor();
    await page.keyboard.press('u');
    await page.getByRole('button', { name: 'Remove admin' }).waitFor();
    const project = page.url().split('/').at(-1) ?? '';
    const users = `/orchestration/projects/${project}/users`;
    expect((await stage.call<{ userIds: string[] }>('GET', users)).userIds).toHaveLength(1);
    // A group is put on it and taken off in the same way.
    await page.getByText('No group works on it yet.').waitFor();
    await page.getByRole('combobox', { name: 'Add a group' }).click();
    await page.getByRole('option', { name: 'Analysts' }).click();
    await page.getByRole('button', { name: 'Add', exact: true }).last().click();
    await page.getByRole('button', { name: 'Remove Analysts' }).click();
    await page.getByText('Analysts does not work on this project any more.').waitFor();
    await page.getByText('No group works on it yet.').waitFor();
    await page.getByRole('button', { name: 'Undo' }).click();
    await page.getByRole('button', { name: 'Remove Analysts' }).waitFor();
    const teams = await stage.call<{ groupIds: string[] }>('GET', `/orchestration/projects/${project}/groups`);
    expect(teams.groupIds).toHaveLength(1);
    await wellFormed('project');
    await me.go('/manage/projects');
    await page.getByRole('link', { name: 'Sales jobs' }).waitFor();
    await wellFormed('projects');
    expect(me.complaints).toEqual([]);
  });
});
