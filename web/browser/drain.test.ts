/** An engine is drained, is worked on, and is put back. */

import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { launch, signedIn } from './pages';
import { Stage } from './stage';

let browser: Browser;
let stage: Stage;
let me: Awaited<ReturnType<typeof signedIn>>;
let forge: { id: string; key: string };

beforeAll(async () => {
  [browser, stage] = await Promise.all([launch(), Stage.start()]);
  forge = await stage.engine('forge-01');
  [me] = await Promise.all([signedIn(browser, stage), stage.pair(forge.id, forge.key)]);
});

afterAll(async () => {
  await browser?.close();
  await stage?.stop();
});

it('takes an engine out of work, tells what is left, and puts it back', { timeout: 120_000 }, async () => {
  const { page } = me;
  const sleep = await stage.task('Warehouse', await stage.publish('warehouse', 'script-sleep'), forge.id);
  const hello = await stage.task('Customers', await stage.publish('customers', 'script-hello'), forge.id);
  const running = await stage.run(sleep);
  await me.go(`/engines/${forge.id}`);
  await page.getByRole('heading', { name: 'forge-01', level: 1 }).waitFor();
  await page.getByText('Available').first().waitFor();
  await page.getByRole('button', { name: 'Drain' }).click();
  const dialog = page.getByRole('dialog', { name: 'Drain the engine forge-01?' });
  await dialog.getByLabel('Reason').fill('x'.repeat(256));
  await dialog.getByRole('button', { name: 'Drain' }).click();
  // The refusal stands at its field.
  await dialog.getByText('must have at most 255 characters').waitFor();
  await dialog.getByLabel('Reason').fill('new disk');
  expect(await me.violations()).toEqual([]);
  await dialog.getByRole('button', { name: 'Drain' }).click();
  await dialog.waitFor({ state: 'detached' });
  await page.getByText('Draining: 1 run left').first().waitFor();
  await page.getByText('Drained by admin: new disk').waitFor();
  expect(await me.violations()).toEqual([]);

  // What is meant for it waits, and says for whom.
  const waiting = await stage.run(hello);
  await me.go(`/runs/${waiting}`);
  await page.getByText(/It waits.*forge-01 was drained .* by admin: new disk/).waitFor();
  await me.go('/');
  await page.getByText('Draining: 1 run left').waitFor();
  await page.getByText('0/1').waitFor();
  expect(await me.violations()).toEqual([]);

  const cluster = await stage.call('POST', '/processing/runtimes/remote-engine-clusters', {
    name: 'night shift',
    environmentId: stage.environmentId,
    workspaceId: stage.workspaceId,
    description: '',
    remoteEngines: [forge.id],
  });
  await me.go(`/clusters/${cluster.id}`);
  await page.getByText('Draining: 1 run left').waitFor();

  // The list follows by itself when the last run ends, and after a restart of the server.
  await me.go('/engines?state=drained');
  await page.getByText('Draining: 1 run left').waitFor();
  await stage.call('DELETE', `/processing/executions/${running}`);
  await stage.ended(running);
  await page.getByText('Drained', { exact: true }).first().waitFor();
  await page.getByText('Draining').waitFor({ state: 'detached' });
  await stage.restart(async () => {});
  await page.reload();
  await page.getByRole('link', { name: 'forge-01' }).click();
  await page.getByText('Nothing is left on it.').waitFor();
  expect((await stage.call('GET', `/processing/executions/${waiting}`)).status).toBe('dispatching');

  await page.getByRole('button', { name: 'Put back to work' }).click();
  await page.getByText('forge-01 takes runs again.').waitFor();
  await page.getByRole('button', { name: 'Drain' }).waitFor();
  expect(await stage.ended(waiting)).toBe('execution_successful');
  // Taken back, it is drained for the same reason.
  await page.keyboard.press('u');
  await page.getByText('Drained by admin: new disk').waitFor();
  expect(await me.violations()).toEqual([]);
  expect(me.complaints).toEqual([]);
});
