/** WebSockets and shared projects of the API tester, as people work with them. */

import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { launch, signedIn } from './pages';
import { socketServer } from './socket';
import { Stage } from './stage';

let browser: Browser;
let stage: Stage;
let socket: Awaited<ReturnType<typeof socketServer>>;
let me: Awaited<ReturnType<typeof signedIn>>;

beforeAll(async () => {
  socket = await socketServer();
  const settings = { testerTargets: [`http://127.0.0.1:${socket.port}`], testerNetworks: ['127.0.0.1/32'] };
  [browser, stage] = await Promise.all([launch(), Stage.start(settings)]);
  me = await signedIn(browser, stage);
});

afterAll(async () => {
  await browser?.close();
  await stage?.stop();
  socket?.stop();
});

it('talks over a WebSocket, shows the messages, and shares the project', { timeout: 90_000 }, async () => {
  const { page } = me;
  await me.go('/tester');
  await page.getByRole('button', { name: 'Import' }).click();
  await page.getByLabel('Or its text').fill(`curl http://127.0.0.1:${socket.port}/chat`);
  await page.getByRole('button', { name: 'Take in' }).click();
  await page
    .getByRole('link', { name: /GET|chat/ })
    .first()
    .click();
  await page.getByRole('combobox', { name: 'Address' }).fill(`ws://127.0.0.1:${socket.port}/chat`);
  await page.getByRole('link', { name: 'Flow', exact: true }).click();
  await page.getByRole('checkbox', { name: 'Talk over a WebSocket' }).check();
  await page.getByRole('textbox', { name: 'Message 1 (Turn 1)' }).fill('hello');
  await page.getByRole('checkbox', { name: 'Wait for a message that is so (Turn 1)' }).check();
  await page.getByRole('textbox', { name: /JSON path, or nothing/ }).fill('$.type');
  await page.getByRole('combobox', { name: 'Expected: Turn 1' }).fill('ack');
  await page.getByText('Not saved yet').waitFor();
  await page.getByRole('button', { name: 'Send' }).click();
  const said = page.getByRole('list', { name: 'Messages' });
  await said.getByText('{"type":"ack"}').waitFor();
  expect(await said.getByRole('listitem').count()).toBe(3);
  await page.getByRole('region', { name: 'Response' }).getByText('101 Switching Protocols').waitFor();
  expect(await me.violations()).toEqual([]);

  // What does not come is told, with what came.
  await page.getByRole('combobox', { name: 'Expected: Turn 1' }).fill('nack');
  await page.getByRole('textbox', { name: 'Most milliseconds (Turn 1)' }).fill('300');
  await page.getByRole('button', { name: 'Send' }).click();
  await page.getByText('no message has $.type Equals `nack`; 2 came, then after 300 ms').waitFor();

  await page.getByRole('button', { name: 'Share', exact: true }).click();
  const share = page.getByRole('dialog');
  await share.getByRole('combobox', { name: 'Workspace' }).click();
  await page.getByRole('option', { name: 'Shared' }).click();
  expect(await me.violations()).toEqual([]);
  await share.getByRole('button', { name: 'Move' }).click();
  await page.getByRole('dialog').waitFor({ state: 'detached' });
  await page.getByRole('link', { name: 'API tester' }).click();
  await page.getByText('shared', { exact: true }).waitFor();
  expect(me.complaints).toEqual([]);
});
