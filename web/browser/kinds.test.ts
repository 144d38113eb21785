/** Gen2 engines, Dynamic Engines and their environments: made, changed, assigned, removed; their state told as it is. */

import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { launch, signedIn } from './pages';
import { Stage } from './stage';

let browser: Browser;
let stage: Stage;
let me: Awaited<ReturnType<typeof signedIn>>;

beforeAll(async () => {
  [browser, stage] = await Promise.all([launch(), Stage.start()]);
  me = await signedIn(browser, stage);
});

afterAll(async () => {
  await browser?.close();
  await stage?.stop();
});

describe('a Gen2 engine', () => {
  it('is made, gets a new key, holds a task, and is removed once nothing needs it', async () => {
    const { page } = me;
    await me.go('/engines');
    await page.getByRole('link', { name: 'Gen2 engines' }).click();
    await page.getByText('No Gen2 engine yet').waitFor();
    await page.getByRole('button', { name: 'New Gen2 engine' }).first().click();
    await page.getByRole('button', { name: 'Create', exact: true }).click();
    await page.locator('[id$=-error]').first().waitFor();
    await page.getByRole('textbox', { name: 'Name', exact: true }).fill('Spark <b>one</b>');
    await page.getByRole('button', { name: 'Create', exact: true }).click();
    await page.getByRole('heading', { name: 'Spark <b>one</b>', level: 1 }).waitFor();
    await page.getByText('No program can pair with this engine').waitFor();
    const id = page.url().split('/').at(-1) ?? '';
    const key = async () =>
      String((await stage.call('GET', `/processing/runtimes/pipeline-engines/${id}`)).preAuthorizedKey);
    const first = await key();
    await page.getByText(first, { exact: true }).waitFor();
    expect(await me.violations()).toEqual([]);
    await page.getByRole('button', { name: 'Make a new key' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Make a new key' }).click();
    await page.getByText(first, { exact: true }).waitFor({ state: 'detached' });
    expect(await key()).not.toBe(first);

    const artifact = await stage.publish('customers', 'script-hello');
    const made = await stage.call('POST', '/orchestration/executables/tasks', {
      name: 'Bound to Gen2',
      workspaceId: stage.workspaceId,
      environmentId: stage.environmentId,
      artifact: { id: artifact, version: '0.1.0' },
    });
    const task = String(made.id);
    await stage.call('PUT', `/orchestration/executables/tasks/${task}/run-config`, {
      trigger: { type: 'MANUAL' },
      runtime: { type: 'PIPELINE_ENGINE', id },
    });
    await page.getByRole('link', { name: 'Bound to Gen2' }).waitFor();
    await page.getByRole('button', { name: 'Delete the engine' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Delete the engine' }).click();
    await page.getByRole('dialog').getByRole('alert').waitFor();
    await stage.call('DELETE', `/orchestration/executables/tasks/${task}`);
    await page.getByRole('dialog').getByRole('button', { name: 'Delete the engine' }).click();
    await page.getByText('No Gen2 engine yet').waitFor();
    expect(me.complaints).toEqual([]);
  });
});

describe('a Dynamic Engine', () => {
  it('is made, changed, given an environment, and removed after that', async () => {
    const { page } = me;
    await me.go('/dynamic-engines');
    await page.getByRole('button', { name: 'New Dynamic Engine' }).first().click();
    await page.getByRole('textbox', { name: 'Name', exact: true }).fill('cluster-a');
    await page.getByRole('button', { name: 'Create', exact: true }).click();
    await page.getByRole('heading', { name: 'cluster-a', level: 1 }).waitFor();
    await page.getByText('Not connected').first().waitFor();
    await page.getByText('Not deployed').waitFor();
    await page.getByRole('button', { name: 'Edit' }).click();
    await page.getByRole('textbox', { name: 'Description' }).fill('In the cellar');
    await page.getByRole('button', { name: 'Save' }).click();
    await page.getByText('In the cellar').waitFor();
    expect(await me.violations()).toEqual([]);

    await page.getByRole('link', { name: 'Dynamic environments' }).click();
    await page.getByRole('button', { name: 'New environment' }).first().click();
    await page.getByRole('textbox', { name: 'Name', exact: true }).fill('stage-k');
    await page.getByRole('textbox', { name: 'First workspace' }).fill('Shared');
    await page.getByRole('combobox', { name: 'Logs go to' }).click();
    await page.getByRole('option', { name: 'This server' }).click();
    await page.getByRole('button', { name: 'Create', exact: true }).click();
    await page.getByRole('heading', { name: 'stage-k', level: 1 }).waitFor();
    const place = page.url().split('/').at(-1) ?? '';
    await page.getByRole('button', { name: 'Assign to an engine' }).click();
    await page.getByRole('dialog').getByRole('combobox', { name: 'Dynamic Engine' }).click();
    await page.getByRole('option', { name: 'cluster-a' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Assign to an engine' }).click();
    await page.getByText('It is assigned, and waits for an installation').waitFor();
    expect(await me.violations()).toEqual([]);
    const stored = await stage.call('GET', `/orchestration/dynamic-engine-environments/${place}`);
    expect([stored.status, stored.logStrategy]).toEqual(['SET_UP_REQUIRED', 'CONTROL_PLANE']);

    // Somebody else changes it while it is edited.
    await page.getByRole('button', { name: 'Edit' }).click();
    await page.getByRole('textbox', { name: 'Description' }).fill('mine');
    await stage.call('PUT', `/orchestration/dynamic-engine-environments/${place}`, { description: 'theirs' });
    await page.getByText('Somebody else has changed this meanwhile').waitFor();
    await page.getByRole('button', { name: 'Save' }).click();
    await page.getByText('mine', { exact: true }).waitFor();

    await page.getByRole('link', { name: 'cluster-a' }).click();
    await page.getByRole('button', { name: 'Delete the engine' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Delete the engine' }).click();
    await page.getByRole('dialog').getByText('unassign it first').waitFor();
    await page.keyboard.press('Escape');
    await page.getByRole('button', { name: 'Take off' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Take off' }).click();
    await page.getByText('No environment is assigned to it.').waitFor();
    await page.getByRole('button', { name: 'Delete the engine' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Delete the engine' }).click();
    await page.getByText('No Dynamic Engine yet').waitFor();
    await me.go(`/dynamic-environments/${place}`);
    await page.getByRole('button', { name: 'Delete the environment' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Delete the environment' }).click();
    await page.getByText('No environment of a Dynamic Engine yet').waitFor();
    expect(me.complaints).toEqual([]);
  });
});
