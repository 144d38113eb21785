/** A webhook is given to a task, called, changed, gets another URL, and is taken away. */

import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { launch, signedIn } from './pages';
import { Stage } from './stage';

let browser: Browser;
let stage: Stage;

beforeAll(async () => {
  [browser, stage] = await Promise.all([launch(), Stage.start()]);
});

afterAll(async () => {
  await browser?.close();
  await stage?.stop();
});

async function call(url: string): Promise<number> {
  const answer = await fetch(url, { method: 'POST', headers: { 'content-type': 'text/plain' }, body: 'order 7' });
  return answer.status;
}

it('starts a task by its URL, says when it was called, and stops with it', async () => {
  const engine = await stage.engine('forge-01');
  const task = await stage.task('Take orders', await stage.publish('orders', 'script-hello'), engine.id);
  const runs = async () =>
    (await stage.call<{ total: number }>('GET', `/processing/executables/tasks/${task}/executions`)).total;
  const me = await signedIn(browser, stage);
  const { page } = me;
  const dialog = page.getByRole('dialog');
  const url = async () => (await page.locator('.code pre').textContent()) ?? '';

  await me.go(`/tasks/${task}`);
  await page.getByRole('button', { name: 'Give it a webhook' }).click();
  await dialog.getByRole('textbox', { name: 'Name', exact: true }).fill('orders');
  await dialog.getByRole('textbox', { name: 'Calls for a start' }).fill('0');
  await dialog.getByRole('button', { name: 'Save' }).click();
  await dialog.getByText('Must be from 1 to').waitFor();
  await dialog.getByRole('textbox', { name: 'Calls for a start' }).fill('2');
  await dialog.getByRole('textbox', { name: 'Seconds at most' }).fill('3600');
  expect(await me.violations()).toEqual([]);
  await dialog.getByRole('button', { name: 'Save' }).click();
  await page.getByText('after 2 calls, or 3600 s after the first').waitFor();
  const first = await url();
  expect(await call(first)).toBe(204);
  expect(await runs()).toBe(0);
  await page.reload();
  await page.getByText('Calls that wait').waitFor();
  expect(await call(first)).toBe(204);
  expect(await runs()).toBe(1);
  expect(await me.violations()).toEqual([]);

  await page.getByText('Last due starts').waitFor();
  await page.getByRole('link', { name: 'Its run' }).click();
  await page.waitForURL(/\/runs\//);
  await me.go(`/tasks/${task}`);

  await page.getByText('without an end', { exact: true }).waitFor();
  await page.getByRole('combobox', { name: 'From now on it may be called' }).click();
  await page.getByRole('option', { name: 'for 7 days' }).click();
  await page.getByRole('button', { name: 'Begin this term' }).click();
  await page.getByText(/^until /).waitFor();

  await page.getByRole('button', { name: 'Change the webhook' }).click();
  expect(await dialog.getByRole('textbox', { name: 'Seconds at most' }).inputValue()).toBe('3600');
  await dialog.getByRole('textbox', { name: 'Calls for a start' }).fill('1');
  await dialog.getByRole('button', { name: 'Save' }).click();
  await page.getByText('with every call').waitFor();
  expect(await url()).toBe(first);
  expect(await call(first)).toBe(204);
  expect(await runs()).toBe(2);

  await page.getByRole('button', { name: 'Make a new URL' }).click();
  await page
    .getByRole('dialog', { name: 'Make a new URL for the webhook orders?' })
    .getByRole('button', { name: 'Make a new URL' })
    .click();
  await page.getByText(first, { exact: true }).waitFor({ state: 'detached' });
  const second = await url();
  expect([await call(first), await call(second)]).toEqual([404, 204]);

  await page.getByRole('button', { name: 'Remove the webhook' }).click();
  await dialog.getByRole('button', { name: 'Remove the webhook' }).click();
  await page.getByRole('button', { name: 'Give it a webhook' }).waitFor();
  expect(await call(second)).toBe(404);
  // All else of how it runs has stayed.
  const config = await stage.call('GET', `/orchestration/executables/tasks/${task}/run-config`);
  expect(config).toMatchObject({
    runtime: { id: engine.id },
    parallelExecutionAllowed: true,
    trigger: { type: 'MANUAL' },
  });
  expect(me.complaints).toEqual([]);
});
