/** The bars of the console, on a server with a long history. `npm run bars` writes bench/console.md. */

import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import lighthouse, { desktopConfig } from 'lighthouse';
import { type BrowserContext, chromium, type Page } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type Content, filled, Stage, until } from '../browser/stage';
import { quantile, Report } from './report';

const RUNS = Number(process.env.STOKER_BARS_RUNS ?? 1_000_000);
/** Changes a second while the list of runs is used. */
const CHANGES = 50;
const bench = process.env.STOKER_BENCH ?? resolve(import.meta.dirname, '../../target/release/stoker-bench');
const report = new Report();

let stage: Stage;
let content: Content;
let context: BrowserContext;

/** The browser, with a port for Lighthouse; its profile holds the session. */
async function launch(): Promise<BrowserContext> {
  return chromium.launchPersistentContext(join(stage.folder, 'profile'), {
    executablePath: process.env.STOKER_CHROMIUM ?? '/usr/bin/chromium',
    args: ['--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage', '--remote-debugging-port=0'],
    viewport: { width: 1440, height: 900 },
    locale: 'en-GB',
    timezoneId: 'Europe/Berlin',
  });
}

async function signIn(page: Page): Promise<void> {
  await page.goto(stage.url);
  await page.getByText('Access token', { exact: true }).click();
  await page.getByLabel('Personal access token').fill(stage.token);
  await page.getByRole('button', { name: 'Sign in' }).click();
  await page.getByRole('heading', { name: 'Overview', level: 1 }).waitFor();
}

beforeAll(async () => {
  stage = await Stage.start();
  content = await filled(stage);
  const grants = await stage.call<{ userId: string }[]>('GET', '/security/permissions');
  const until = String(Date.now() - 3_600_000);
  await stage.restart(async () => {
    const place = ['--data', join(stage.folder, 'data'), '--environment', stage.environmentId];
    const who = ['--user', String(grants[0]?.userId)];
    execFileSync(bench, ['fill', '--runs', String(RUNS), '--until', until, ...place, ...who], { stdio: 'inherit' });
  });
  await stage.call('GET', `/processing/executions/${content.failedRun}`);
  context = await launch();
  await signIn(context.pages()[0] ?? (await context.newPage()));
});

afterAll(async () => {
  await context?.close();
  await stage?.stop();
  report.notes.push(
    `The history holds ${RUNS} runs of 50,000 tasks in 200 workspaces beside the usual sample content.`,
  );
  report.write();
});

/** Shown when the page is read: its heading, and none of its parts waiting. */
async function usable(page: Page, heading: string): Promise<number> {
  await page.getByRole('heading', { name: heading, level: 1 }).waitFor();
  await page.waitForFunction(() => !document.querySelector('.mantine-Loader-root'), undefined, { polling: 'raf' });
  return page.evaluate(() => new Promise<number>((done) => requestAnimationFrame(() => done(performance.now()))));
}

it('the first load', async () => {
  const state = await context.storageState();
  const browser = await chromium.launch({
    executablePath: process.env.STOKER_CHROMIUM ?? '/usr/bin/chromium',
    args: ['--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage'],
  });
  for (const [path, heading] of [
    ['/', 'Overview'],
    ['/runs', 'Runs'],
  ] as const) {
    const times: number[] = [];
    const floors: number[] = [];
    for (let round = 0; round < 7; round += 1) {
      const cold = await browser.newContext({ storageState: state, viewport: { width: 1440, height: 900 } });
      const page = await cold.newPage();
      await page.goto(`${stage.url}/icon.svg`);
      floors.push(await page.evaluate(() => performance.now()));
      await page.goto(stage.url + path, { waitUntil: 'commit' });
      times.push(await usable(page, heading));
      await cold.close();
    }
    const slowest = Math.max(...times);
    const median = quantile(times, 0.5);
    const figure = `median ${median.toFixed(0)}, slowest of ${times.length} ${slowest.toFixed(0)} ms`;
    const floor = `a picture alone: ${quantile(floors, 0.5).toFixed(0)} ms`;
    report.row(`first load of ${path}, empty cache, to usable`, figure, floor, 'median <= 1000 ms', median <= 1000);
  }
  const cold = await browser.newContext({ storageState: state });
  const page = await cold.newPage();
  const sizes: Promise<number>[] = [];
  page.on('requestfinished', (request) => {
    if (request.url().endsWith('.js')) sizes.push(request.sizes().then((one) => one.responseBodySize));
  });
  await page.goto(stage.url);
  await usable(page, 'Overview');
  const bytes = (await Promise.all(sizes)).reduce((sum, one) => sum + one, 0);
  const figure = `${(bytes / 1024).toFixed(0)} kB in ${sizes.length} files`;
  report.row('scripts of the start route as sent', figure, '', '<= 350 kB', bytes <= 350 * 1024);
  await browser.close();
});

/** Starts runs that wait and stops them, so many times a second; gives what ends it and counts. */
async function changes(): Promise<() => Promise<number>> {
  const task = await stage.task('Waits for the bars', content.helloArtifact, content.spare);
  const open: string[] = [];
  const began = Date.now();
  let asked = 0;
  let done = 0;
  let failed: unknown;
  const change = async () => {
    try {
      const id = open.length > 20 ? open.shift() : undefined;
      if (id) await stage.call('DELETE', `/processing/executions/${id}`);
      else open.push(await stage.run(task));
      done += 1;
    } catch (error) {
      failed = error;
    }
  };
  // A timer that comes late makes up for it, so that there are as many changes as are told.
  const timer = setInterval(() => {
    for (const due = ((Date.now() - began) * CHANGES) / 1000; asked < due; asked += 1) void change();
  }, 1000 / CHANGES);
  return async () => {
    clearInterval(timer);
    if (failed) throw failed;
    return (done * 1000) / (Date.now() - began);
  };
}

/** Collects how long each interaction took to its next paint; short ones are not told by the browser, so they count as 16 ms. */
async function watchInteractions(page: Page): Promise<void> {
  await page.evaluate(() => {
    const seen = new Map<number, number>();
    const store = window as unknown as { interactions: Map<number, number>; frames: number[] };
    store.interactions = seen;
    new PerformanceObserver((list) => {
      for (const entry of list.getEntries() as (PerformanceEntry & { interactionId: number })[]) {
        if (!entry.interactionId) continue;
        seen.set(entry.interactionId, Math.max(seen.get(entry.interactionId) ?? 0, entry.duration));
      }
    }).observe({ type: 'event', durationThreshold: 16 } as PerformanceObserverInit);
  });
}

async function interactions(page: Page, asked: number): Promise<number[]> {
  await page.evaluate(() => new Promise((done) => requestAnimationFrame(() => setTimeout(done, 100))));
  const told = await page.evaluate(() => [
    ...(window as unknown as { interactions: Map<number, number> }).interactions.values(),
  ]);
  return [...told, ...Array.from({ length: Math.max(0, asked - told.length) }, () => 16)];
}

/** What somebody does in the list; answers how many interactions that were. */
async function useTheList(page: Page): Promise<number> {
  let count = 0;
  for (let round = 0; round < 6; round += 1) {
    for (let row = 0; row < 8; row += 1, count += 1) await page.keyboard.press('j');
    for (let row = 0; row < 4; row += 1, count += 1) await page.keyboard.press('k');
    await page.getByRole('button', { name: 'More filters' }).click();
    await page.getByRole('textbox', { name: 'Name contains' }).pressSequentially('task 77', { delay: 40 });
    await until('the filtered list', async () =>
      (await page.locator('.list-row .row-link').first().textContent())?.includes('task 77') ? true : undefined,
    );
    await page
      .getByRole('button', { name: /^Clear/ })
      .last()
      .click();
    await page.getByRole('button', { name: /More filters/ }).click();
    await page.getByRole('combobox', { name: 'State' }).click();
    await page.getByRole('option', { name: 'Failed' }).click();
    await page
      .getByRole('button', { name: /^Clear/ })
      .last()
      .click();
    count += 12;
  }
  return count;
}

it('interaction to paint in the list of runs', async () => {
  const page = await context.newPage();
  page.setDefaultTimeout(20_000);
  await page.goto(`${stage.url}/runs`);
  await usable(page, 'Runs');
  await page.locator('.list-row .row-link').first().waitFor();
  await watchInteractions(page);
  const end = await changes();
  const count = await useTheList(page);
  const times = await interactions(page, count);
  const frames = await scrolled(page);
  const rate = await end();
  const p95 = quantile(times, 0.95);
  const figure = `p50 ${quantile(times, 0.5).toFixed(0)}, p95 ${p95.toFixed(0)}, slowest ${Math.max(...times).toFixed(0)} ms of ${times.length}`;
  report.row(
    `interaction to paint, list of ${RUNS} runs, ${rate.toFixed(0)} changes/s`,
    figure,
    `nothing to do: ${await bareInteraction()} ms`,
    'p95 <= 100 ms',
    p95 <= 100,
  );
  const gap = quantile(frames, 0.95);
  const slowest = Math.max(...frames);
  report.row(
    'the same, scrolled by the wheel: time between frames',
    `p95 ${gap.toFixed(0)}, slowest ${slowest.toFixed(0)} ms`,
  );
  expect(rate).toBeGreaterThan(CHANGES * 0.95);
  await page.close();
});

async function scrolled(page: Page): Promise<number[]> {
  await page.locator('.list').hover();
  await page.evaluate(() => {
    const store = window as unknown as { frames: number[] };
    store.frames = [];
    let last = performance.now();
    const look = (now: number) => {
      store.frames.push(now - last);
      last = now;
      requestAnimationFrame(look);
    };
    requestAnimationFrame(look);
  });
  for (let turn = 0; turn < 60; turn += 1) await page.mouse.wheel(0, 400);
  return page.evaluate(() => (window as unknown as { frames: number[] }).frames);
}

/** What the browser needs on this machine for a button that does nothing. */
async function bareInteraction(): Promise<string> {
  const page = await context.newPage();
  await page.goto('about:blank');
  await page.setContent('<button>nothing</button>');
  await watchInteractions(page);
  for (let count = 0; count < 20; count += 1) await page.getByRole('button').click();
  const times = await interactions(page, 20);
  await page.close();
  return `p50 ${quantile(times, 0.5)}, p95 ${quantile(times, 0.95)}`;
}

it('Lighthouse', async () => {
  const port = Number(readFileSync(join(stage.folder, 'profile/DevToolsActivePort'), 'utf8').split('\n')[0]);
  for (const path of ['/', '/runs', `/runs/${content.failedRun}`, '/tasks', `/tasks/${content.greeting}/edit`]) {
    const found = await lighthouse(
      stage.url + path,
      {
        port,
        disableStorageReset: true,
        onlyCategories: ['performance', 'accessibility', 'best-practices'],
        logLevel: 'error',
        maxWaitForLoad: 20_000,
      },
      desktopConfig,
    );
    if (!found) throw new Error(`Lighthouse gave nothing for ${path}`);
    const { categories, audits } = found.lhr;
    const scores = Object.values(categories).map((one) => [one.title, Math.round((one.score ?? 0) * 100)] as const);
    const figure = scores.map(([title, score]) => `${title.toLowerCase()} ${score}`).join(', ');
    const name = path.replace(/[0-9a-f-]{24,36}/, '{id}');
    report.row(
      `Lighthouse, ${name}`,
      figure,
      '',
      'each >= 95',
      scores.every(([, score]) => score >= 95),
    );
    const parts = (
      audits['mainthread-work-breakdown']?.details as { items?: { groupLabel: string; duration: number }[] }
    )?.items;
    const spent = (parts ?? []).map((one) => `${one.groupLabel} ${one.duration.toFixed(0)}`).join(', ');
    process.stderr.write(`      benchmark index ${found.lhr.environment.benchmarkIndex}; main thread, ms: ${spent}\n`);
    for (const category of Object.values(categories)) {
      for (const { id, weight } of category.auditRefs) {
        const audit = audits[id];
        if (audit && weight > 0 && audit.score !== null && audit.score < 0.95) {
          process.stderr.write(`      ${category.id}: ${id} ${audit.score} ${audit.displayValue ?? ''}\n`);
        }
      }
    }
  }
  report.notes.push('Lighthouse 12 with its desktop settings, signed in, on the same server.');
});

it('all bars are met', () => {
  expect(report.missed).toEqual([]);
});
