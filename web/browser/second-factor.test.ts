/** Somebody adds an authenticator, signs in with its code, and ends another session. */

import { createHmac } from 'node:crypto';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { launch, Watched } from './pages';
import { Stage } from './stage';

const PASSWORD = 'correct horse battery';
let browser: Browser;
let stage: Stage;

beforeAll(async () => {
  [browser, stage] = await Promise.all([launch(), Stage.start()]);
  const made = await stage.call('POST', '/account/users', {
    login: 'ada',
    firstName: 'Ada',
    lastName: 'Byron',
    email: 'ada@example.com',
    preferredLanguage: 'en',
    timezone: 'Etc/UTC',
    roleIds: [],
  });
  const roles = await stage.call<{ id: string; name: string }[]>('GET', '/account/roles');
  const operator = roles.find((role) => role.name === 'Operator');
  await stage.call('POST', `/account/users/${made.id}/roles`, [operator?.id]);
  await stage.call('PUT', `/stoker/v1/users/${made.id}/password`, { newPassword: PASSWORD });
});

afterAll(async () => {
  await browser?.close();
  await stage?.stop();
});

/** RFC 6238 with SHA-1, six digits and 30 seconds, some periods from now. */
function code(secret: string, later: number): string {
  const letters = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';
  const bits = [...secret].map((letter) => letters.indexOf(letter).toString(2).padStart(5, '0')).join('');
  const key = Buffer.from((bits.match(/.{8}/g) ?? []).map((byte) => Number.parseInt(byte, 2)));
  const counter = Buffer.alloc(8);
  counter.writeBigUInt64BE(BigInt(Math.floor(Date.now() / 30_000) + later));
  const mac = createHmac('sha1', key).update(counter).digest();
  const at = (mac[19] ?? 0) & 15;
  return String((mac.readUInt32BE(at) & 0x7fffffff) % 1_000_000).padStart(6, '0');
}

async function open(path = '/profile'): Promise<{ page: Page; watched: Watched }> {
  const context = await browser.newContext({ reducedMotion: 'reduce' });
  const page = await context.newPage();
  page.setDefaultTimeout(15_000);
  const watched = new Watched(page, stage.url);
  await watched.go(path);
  await page.getByLabel('Login').fill('ada');
  await page.getByRole('textbox', { name: 'Password' }).fill(PASSWORD);
  await page.getByRole('button', { name: 'Sign in' }).click();
  return { page, watched };
}

it('is added, asked for at the sign-in, and removed', async () => {
  const { page, watched } = await open();
  await page.getByRole('button', { name: 'Add an authenticator' }).click();
  const dialog = page.getByRole('dialog');
  const secret = ((await dialog.locator('code').textContent()) ?? '').replaceAll(' ', '');
  await dialog.getByRole('textbox', { name: 'Code' }).fill('000000');
  await dialog.getByRole('button', { name: 'Confirm' }).click();
  await dialog.getByText('not what the authenticator shows', { exact: false }).waitFor();
  expect(await watched.violations()).toEqual([]);
  await dialog.getByRole('textbox', { name: 'Code' }).fill(code(secret, 0));
  await dialog.getByRole('button', { name: 'Confirm' }).click();
  await page.getByRole('dialog', { name: 'Recovery codes' }).waitFor();
  const codes = ((await page.getByRole('dialog').locator('pre').textContent()) ?? '').split('\n');
  expect(codes.length).toBe(10);
  await page.keyboard.press('Escape');
  await page.getByText('Recovery codes left').waitFor();

  // From now on the password alone is not enough.
  const second = await open('/');
  await second.page.getByRole('textbox', { name: 'Code' }).fill(code(secret, 1));
  await second.page.getByRole('button', { name: 'Sign in' }).click();
  await second.page.getByRole('heading', { name: 'Overview', level: 1 }).waitFor();

  // The other browser is in the list, and is signed out from here.
  await page.reload();
  await page.getByText('this one').waitFor();
  await page.getByRole('button', { name: 'Sign out at 127.0.0.1' }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Sign out' }).click();
  await second.page.getByRole('heading', { name: 'Sign in', level: 1 }).waitFor();

  await page.getByRole('button', { name: 'Remove', exact: true }).click();
  await page.getByRole('dialog').getByLabel('Your password').fill(PASSWORD);
  await page.getByRole('dialog').getByRole('button', { name: 'Remove' }).click();
  await page.getByRole('button', { name: 'Add an authenticator' }).waitFor();
  expect(watched.complaints).toEqual([]);
});
