/** Who sends the requests of the API tester: this server, or an engine. */

import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { launch, signedIn } from './pages';
import { Stage } from './stage';

let browser: Browser;
let stage: Stage;
let me: Awaited<ReturnType<typeof signedIn>>;

beforeAll(async () => {
  [browser, stage] = await Promise.all([launch(), Stage.start()]);
  const [near, far] = [await stage.engine('near'), await stage.engine('far')];
  [me] = await Promise.all([signedIn(browser, stage), stage.pair(near.id, near.key)]);
  expect(far.id).not.toBe(near.id);
});

afterAll(async () => {
  await browser?.close();
  await stage?.stop();
});

it('lets an engine send, remembers the choice, and takes it back', { timeout: 90_000 }, async () => {
  const { page } = me;
  await me.go('/tester');
  await page.getByRole('button', { name: 'Import' }).click();
  await page.getByLabel('Or its text').fill(`curl ${stage.url}/health/ready`);
  await page.getByRole('button', { name: 'Take in' }).click();
  const sender = page.getByRole('combobox', { name: 'Sent by' });
  await sender.waitFor();
  expect(await sender.inputValue()).toBe('this server');
  await page
    .getByRole('link', { name: /health/ })
    .first()
    .click();
  const response = page.getByRole('region', { name: 'Response' });
  await page.getByRole('button', { name: 'Send' }).click();
  await response.getByText('200 OK').waitFor();

  await sender.click();
  // One that is not paired is not offered.
  expect(await page.getByRole('option', { name: 'engine far' }).count()).toBe(0);
  await page.getByRole('option', { name: 'engine near' }).click();
  await page.getByRole('button', { name: 'Send' }).click();
  // The engine does not call its own machine unless its operator says so: the refusal is its own.
  await response.getByText('this engine sends nothing there').waitFor();
  await response.getByText('engine near').waitFor();
  expect(await me.violations()).toEqual([]);

  await page.reload();
  await sender.waitFor();
  expect(await sender.inputValue()).toBe('engine near');
  await sender.click();
  await page.getByRole('option', { name: 'this server' }).click();
  await page.getByRole('button', { name: 'Send' }).click();
  await response.getByText('200 OK').waitFor();
  expect(me.complaints).toEqual([]);
});
