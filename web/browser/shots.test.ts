/** Pictures of every page in both themes and widths, for looking at; no violation of accessibility rules on any. */

import { mkdirSync } from 'node:fs';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { LOOKS, launch, signedIn } from './pages';
import { Snapshots, settle } from './snapshots';
import { type Content, filled, Stage } from './stage';

let browser: Browser;
let stage: Stage;
let content: Content;
let kept: Snapshots;
const folder = process.env.STOKER_SHOTS;

beforeAll(async () => {
  [browser, stage] = await Promise.all([launch(), Stage.start()]);
  [content, kept] = await Promise.all([filled(stage), Snapshots.open(browser)]);
  if (folder) mkdirSync(folder, { recursive: true });
});

afterAll(async () => {
  await browser?.close();
  await stage?.stop();
});

/** Pages that move by themselves while they are looked at. */
const MOVING = new Set(['run-live', 'run-waiting']);

/** Places of the main blocks of a page, in pixels. */
function boxes(page: Page): Promise<{ what: string; box: number[] }[]> {
  return page.evaluate(() =>
    [...document.querySelectorAll('header, nav, main, main h1, main h2, main .panel, main .list, main .notice')].map(
      (one) => {
        const { left, top, width, height } = one.getBoundingClientRect();
        const what = `${one.tagName.toLowerCase()} ${(one.textContent ?? '').slice(0, 24)}`;
        return { what, box: [left, top, width, height].map(Math.round) };
      },
    ),
  );
}

/**
 * What stands elsewhere, or has another size, in the other theme: a theme may change colours and nothing else. And what
 * looks other than in the kept picture of either theme.
 */
async function themeMoves(page: Page, name: string, look: (typeof LOOKS)[number]): Promise<string[]> {
  const width = look.width < 1_000 ? `${name}-phone` : name;
  await settle(page);
  const before = await boxes(page);
  const wrong = await kept.differs(look.dark ? `${width}-dark` : width, page);
  await page.emulateMedia({ colorScheme: look.dark ? 'light' : 'dark' });
  await settle(page);
  const after = await boxes(page);
  wrong.push(...(await kept.differs(look.dark ? width : `${width}-dark`, page)));
  await page.emulateMedia({ colorScheme: look.dark ? 'dark' : 'light' });
  if (after.length !== before.length) return [`${before.length} blocks in one theme, ${after.length} in the other`];
  const moved = before.flatMap((one, index) => {
    const other = after[index]?.box ?? [];
    const far = one.box.some((value, side) => Math.abs(value - (other[side] ?? 0)) > 2);
    return far ? [`${one.what}: ${one.box} in one theme, ${other} in the other`] : [];
  });
  return [...wrong, ...moved];
}

// Two of the four find what axe finds; pictures are made of all.
describe.each(folder ? LOOKS : [LOOKS[0], LOOKS[3]])('$name', (look) => {
  it('shows every page without a violation', { timeout: 180_000 }, async () => {
    const watched = await signedIn(browser, stage, look);
    const { page } = watched;
    const places: [string, string, string][] = [
      ['overview', '/', 'Export invoices'],
      ['runs', '/runs', 'Load customers'],
      ['run-failed', `/runs/${content.failedRun}`, 'exit code 3'],
      ['run-waiting', `/runs/${content.waitingRun}`, 'It waits'],
      ['run-live', `/runs/${content.sleepingRun}`, 'The job started'],
      ['tasks', '/tasks', 'Export invoices'],
      ['task', `/tasks/${content.hello}`, 'Last runs'],
      ['task-new', `/tasks/new?artifact=${content.helloArtifact}`, 'Save as a draft'],
      ['schedule-new', '/schedules/new', 'When the clocks change'],
      ['plans', '/plans', 'Month end'],
      ['plan', `/plans/${content.plan}`, 'Report'],
      ['plan-run', `/plan-runs/${content.planRun}`, 'Not reached: Load goes on when all its tasks succeeded.'],
      ['schedules', '/schedules', 'Every night'],
      ['artifacts', '/artifacts', 'warehouse'],
      ['artifact', `/artifacts/${content.helloArtifact}`, 'Make a task of it'],
      ['engines', '/engines', 'forge-01'],
      ['engine', `/engines/${content.engine}`, 'It is paired'],
      ['engine-pairing', `/engines/${content.spare}`, 'Pairing key'],
      ['nowhere', '/runs/a/b', 'There is no such page'],
    ];
    const found: string[] = [];
    for (const [name, path, text] of places) {
      await watched.go(path);
      await page.getByText(text).first().waitFor();
      await page.waitForLoadState('domcontentloaded');
      await page.getByText('Loading…').first().waitFor({ state: 'detached' });
      if (folder) await page.screenshot({ path: `${folder}/${name}-${look.name}.png` });
      found.push(...(await watched.violations()).map((one) => `${name}: ${one}`));
      found.push(...(await page.getByRole('alert').allTextContents()).map((one) => `${name}: ${one}`));
      if (!MOVING.has(name)) found.push(...(await themeMoves(page, name, look)).map((one) => `${name}: ${one}`));
      const overflow = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
      if (overflow > 0) found.push(`${name}: ${overflow} px wider than the window`);
    }
    await watched.context.close();
    expect(found).toEqual([]);
    expect(watched.complaints).toEqual([]);
  });
});
