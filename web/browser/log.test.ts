/** Logs of a size that nobody likes: a line of 10 MB, and 100,000 lines. */

import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { launch, signedIn } from './pages';
import { Stage, until } from './stage';
import { zipped } from './zip';

let browser: Browser;
let stage: Stage;
let me: Awaited<ReturnType<typeof signedIn>>;
let engine: { id: string; key: string };

/** Publishes a script, runs it, and gives the id of its ended run. */
async function ran(name: string, script: string): Promise<string> {
  const query = new URLSearchParams({ workspaceId: stage.workspaceId, name, version: '0.1.0' });
  const bytes = zipped({ 'run.sh': `#!/bin/sh\n${script}\n` });
  const made = await stage.call('POST', `/stoker/v1/artifacts?${query}`, bytes, 'application/zip');
  const run = await stage.run(await stage.task(name, String(made.id), engine.id));
  await stage.ended(run);
  return run;
}

beforeAll(async () => {
  [browser, stage] = await Promise.all([launch(), Stage.start()]);
  engine = await stage.engine('forge-01');
  [me] = await Promise.all([signedIn(browser, stage), stage.pair(engine.id, engine.key)]);
});

afterAll(async () => {
  await browser?.close();
  await stage?.stop();
});

describe('a log', () => {
  it('with a line of 10 MB is shown in pieces, each short until all of it is wanted', async () => {
    const { page } = me;
    const run = await ran('one long line', 'echo before; head -c 10485760 /dev/zero | tr "\\0" x; echo; echo after');
    await me.go(`/runs/${run}`);
    await page.locator('.log-text', { hasText: 'before' }).waitFor();
    const more = page.getByRole('button', { name: /more characters/ });
    await more.first().waitFor();
    await more.first().click();
    await until('the whole piece', async () =>
      (await page.locator('.log-text').allTextContents()).some((text) => text.length > 60_000) ? true : undefined,
    );
    // The page is still quick to answer.
    await page.getByRole('textbox', { name: 'Search the log' }).fill('after');
    await page.locator('.log-text', { hasText: 'after' }).waitFor();
    expect(await page.locator('.log-line').count()).toBe(1);
    expect(await page.evaluate(() => document.documentElement.scrollWidth <= window.innerWidth)).toBe(true);
    expect(me.complaints).toEqual([]);
  });

  it('of 100,000 lines is all there: found, filtered, and at its first error in one step', {
    timeout: 150_000,
  }, async () => {
    const { page } = me;
    const run = await ran(
      'many lines',
      'seq -f "line %.0f" 1 60000; echo "the disk is full" >&2; seq -f "line %.0f" 60001 99999',
    );
    await me.go(`/runs/${run}`);
    await page.getByText('100000 lines', { exact: true }).waitFor({ timeout: 100_000 });
    expect(await page.locator('.log-line').count()).toBeLessThan(200);
    await page.getByRole('textbox', { name: 'Search the log' }).fill('line 7777');
    await page.getByText('11 of 100000 lines').waitFor();
    await page.getByRole('textbox', { name: 'Search the log' }).fill('');
    await page.getByRole('button', { name: 'First error' }).click();
    await page.locator('.log-text', { hasText: 'the disk is full' }).waitFor();
    expect(page.url()).toContain('line=');
    await page.getByRole('combobox', { name: 'Level' }).click();
    await page.getByRole('option', { name: 'Errors' }).click();
    await page.getByText('1 of 100000 lines').waitFor();
    expect(me.complaints).toEqual([]);
  });
});
