/** A task made in all its steps: connection, resource, run profile, schedule; and a refusal in the middle of it. */

import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { launch, signedIn } from './pages';
import { Stage } from './stage';
import { zipped } from './zip';

let browser: Browser;
let stage: Stage;
let me: Awaited<ReturnType<typeof signedIn>>;
let artifact: string;

beforeAll(async () => {
  [browser, stage] = await Promise.all([launch(), Stage.start()]);
  const query = new URLSearchParams({ workspaceId: stage.workspaceId, name: 'orders', version: '0.1.0' });
  const bytes = zipped({
    'run.sh': '#!/bin/sh\ncat "$STOKER_CONTEXT_FILE"\n',
    'contexts/Default.properties': 'connection_crm_host=\nconnection_crm_user_name=\nresource_file_input=\ntimes=1\n',
  });
  artifact = String((await stage.call('POST', `/stoker/v1/artifacts?${query}`, bytes, 'application/zip')).id);
  const engine = await stage.engine('forge-01');
  await stage.call('POST', `/processing/runtimes/remote-engines/${engine.id}/run-profiles`, {
    name: 'much memory',
    jvmArguments: ['-Xmx2g'],
    type: 'JOB_SERVER',
  });
  await stage.call('POST', '/orchestration/connections', {
    name: 'customers of the north',
    app: 'crm',
    workspaceId: stage.workspaceId,
    parameters: [{ name: 'host', value: 'crm.example', encrypted: false }],
  });
  [me] = await Promise.all([signedIn(browser, stage), stage.pair(engine.id, engine.key)]);
  // A resource, as somebody uploads one.
  await me.go('/manage/resources');
  await me.page.getByRole('button', { name: 'New resource' }).first().click();
  const file = { name: 'orders.csv', mimeType: 'text/csv', buffer: Buffer.from('1;2') };
  await me.page.locator('input[type=file]').setInputFiles(file);
  await me.page.getByRole('button', { name: 'Upload' }).click();
  await me.page.getByRole('heading', { name: 'orders.csv', level: 1 }).waitFor();
});

afterAll(async () => {
  await browser?.close();
  await stage?.stop();
});

describe('the task wizard', () => {
  it('stores connection, resource, run profile and a new schedule; a refused trigger leaves the rest as it is', async () => {
    const { page } = me;
    await me.go(`/tasks/new?artifact=${artifact}`);
    await page.getByRole('textbox', { name: 'Name', exact: true }).fill('Orders of the day');
    await page.getByRole('button', { name: 'Next' }).click();
    await page.getByText('Fills connection_crm_host, connection_crm_user_name').waitFor();
    await page.getByRole('combobox', { name: 'Connection crm' }).click();
    await page.getByRole('option', { name: /customers of the north/ }).click();
    await page.getByRole('combobox', { name: 'File resource_file_input' }).click();
    await page.getByRole('option', { name: 'orders.csv' }).click();
    await page.getByRole('textbox', { name: 'times' }).fill('3');
    expect(await page.getByRole('textbox', { name: 'connection_crm_host' }).count()).toBe(0);
    expect(await me.violations()).toEqual([]);
    await page.getByRole('button', { name: 'Next' }).click();
    await page.getByRole('combobox', { name: 'Runs on' }).click();
    await page.getByRole('option', { name: 'forge-01' }).click();
    await page.getByRole('combobox', { name: 'Run profile' }).click();
    await page.getByRole('option', { name: 'much memory' }).click();
    await page.getByRole('button', { name: 'Next' }).click();
    await page.getByRole('radio', { name: 'By a new schedule' }).check();
    await page.getByRole('textbox', { name: 'Description' }).fill('Every morning');
    await page.getByRole('textbox', { name: 'HH:MM, separated by commas' }).fill('25:00');
    await page.getByRole('button', { name: 'Create the task' }).click();
    await page.getByText('is no time of the day').first().waitFor();
    await page.getByText('The task is stored as it was typed').waitFor();
    await page.getByRole('textbox', { name: 'HH:MM, separated by commas' }).fill('06:15');
    expect(await me.violations()).toEqual([]);
    await page.getByRole('button', { name: 'Create the task' }).click();
    await page.getByRole('heading', { name: 'Orders of the day', level: 1 }).waitFor();
    await page.getByRole('link', { name: 'Every morning' }).waitFor();

    const id = new URL(page.url()).pathname.split('/').at(-1) ?? '';
    const made = await stage.call<Record<'connections' | 'resources' | 'parameters', Record<string, string>>>(
      'GET',
      `/orchestration/executables/tasks/${id}`,
    );
    expect(Object.keys(made.connections)).toEqual(['crm']);
    expect(Object.keys(made.resources)).toHaveLength(1);
    expect(made.parameters.times).toBe('3');
    const config = await stage.call<{ runtime: { runProfileId?: string } }>(
      'GET',
      `/orchestration/executables/tasks/${id}/run-config`,
    );
    expect(config.runtime.runProfileId).toBeTruthy();
    const all = await stage.call<{ total: number }>('GET', '/orchestration/executables/tasks');
    const schedules = await stage.call<{ total: number }>('GET', '/orchestration/schedules');
    expect([all.total, schedules.total]).toEqual([1, 1]);

    // The form shows them again, and takes the profile off.
    await page.getByRole('link', { name: 'Edit' }).click();
    expect(await page.getByRole('combobox', { name: 'Run profile' }).inputValue()).toBe('much memory');
    await page.locator('button[aria-label="The usual settings"]').click();
    await page.getByRole('button', { name: 'Save' }).last().click();
    await page.getByText('Saved').first().waitFor();
    const after = await stage.call<{ runtime: { runProfileId?: string } }>(
      'GET',
      `/orchestration/executables/tasks/${id}/run-config`,
    );
    expect(after.runtime.runProfileId).toBeFalsy();
    // What the connection gives reaches the job.
    const run = await stage.run(id);
    expect(await stage.ended(run)).toBe('execution_successful');
    await me.go(`/runs/${run}`);
    await page.locator('.log-text', { hasText: 'crm.example' }).waitFor();
    expect(me.complaints).toEqual([]);
  });
});
