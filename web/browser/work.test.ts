/** Runs, plans and schedules as people work with them, against a real server with a real engine. */

import { mkdirSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import type { Browser } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { launch, signedIn } from './pages';
import { Stage, until } from './stage';

let browser: Browser;
let stage: Stage;
type Signed = Awaited<ReturnType<typeof signedIn>>;
let me: Signed;
let good: string;
let bad: string;
const folder = process.env.STOKER_SHOTS;

beforeAll(async () => {
  if (folder) mkdirSync(folder, { recursive: true });
  [browser, stage] = await Promise.all([launch(), Stage.start()]);
  const engine = await stage.engine('forge-01');
  await stage.pair(engine.id, engine.key);
  good = await stage.task('Load customers', await stage.publish('customers', 'script-hello'), engine.id);
  bad = await stage.task('Export invoices', await stage.publish('invoices', 'script-fail'), engine.id);
  me = await signedIn(browser, stage);
});

afterAll(async () => {
  await browser?.close();
  await stage?.stop();
});

afterEach(async ({ task }) => {
  if (folder && task.result?.state === 'fail')
    await me.page.screenshot({ path: `${folder}/failed-${task.name.slice(0, 20)}.png` });
});

async function shot(name: string): Promise<void> {
  if (!folder) return;
  for (const [look, width, height, scheme] of [
    ['light', 1440, 900, 'light'],
    ['dark', 1440, 900, 'dark'],
    ['phone', 390, 844, 'light'],
    ['phone-dark', 390, 844, 'dark'],
  ] as const) {
    await me.page.setViewportSize({ width, height });
    await me.page.emulateMedia({ colorScheme: scheme });
    await me.page.screenshot({ path: `${folder}/work-${name}-${look}.png` });
  }
  await me.page.setViewportSize({ width: 1440, height: 900 });
  await me.page.emulateMedia({ colorScheme: 'light' });
}

/** No violation, and nothing wider than the window on a phone. */
async function sound(name: string): Promise<void> {
  expect(await me.violations(), name).toEqual([]);
  const chosen = me.page.locator('nav.tabs [aria-current="page"]');
  expect(await chosen.count(), `tabs of ${name}`).toBeLessThanOrEqual(1);
  await me.page.setViewportSize({ width: 390, height: 844 });
  await me.page.emulateMedia({ colorScheme: 'dark' });
  // What hangs on a field, such as an open list, follows a moment later.
  await until(
    `${name} fits on a phone`,
    async () => {
      const over = await me.page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
      return over <= 0 ? true : undefined;
    },
    3,
  );
  expect(await me.violations(), `${name}, dark, on a phone`).toEqual([]);
  await me.page.setViewportSize({ width: 1440, height: 900 });
  await me.page.emulateMedia({ colorScheme: 'light' });
  await shot(name);
}

describe('a plan', () => {
  it('of two steps is built in the editor, fails, and is run again from what failed', async () => {
    const { page } = me;
    await me.go('/plans');
    await page.getByRole('link', { name: 'New plan' }).first().click();
    await page.getByRole('textbox', { name: 'Name', exact: true }).fill('Month end');
    // A step without a task is refused, at that step.
    await page.getByRole('button', { name: 'Create the plan' }).click();
    await page.getByText('must hold at least one task').first().waitFor();
    await page.getByRole('combobox', { name: 'Tasks, side by side' }).click();
    await page.getByRole('option', { name: 'Export invoices' }).click();
    await page.keyboard.press('Escape');
    await page.getByRole('button', { name: 'Add a step' }).click();
    await page.getByRole('combobox', { name: 'Tasks, side by side' }).nth(1).click();
    await page.getByRole('option', { name: 'Load customers' }).last().click();
    await page.keyboard.press('Escape');
    await page.getByRole('textbox', { name: 'Name of the step, Step 2' }).fill('Load');
    await page.getByRole('button', { name: 'Move step 2 up' }).click();
    await page.getByText('Load is step 1 now').waitFor();
    await sound('plan-new');
    await page.getByRole('button', { name: 'Create the plan' }).click();
    await page.getByRole('heading', { name: 'Month end', level: 1 }).waitFor();
    const plan = page.url().split('/').at(-1) ?? '';
    const made = await stage.call<{ chart: { name: string; nextStep: { name: string } } }>(
      'GET',
      `/orchestration/executables/plans/${plan}`,
    );
    expect([made.chart.name, made.chart.nextStep.name]).toEqual(['Load', 'Step 1']);
    await sound('plan');

    await page.getByRole('button', { name: 'Run', exact: true }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Run', exact: true }).click();
    await page.getByRole('heading', { name: 'Run of the plan Month end' }).waitFor();
    await page.getByText('Failed').first().waitFor();
    await page.getByText('exit code 3: this script always fails').waitFor();
    await sound('plan-run');
    await page.getByRole('button', { name: 'Run again' }).click();
    await page.getByRole('checkbox', { name: 'Only what failed' }).check();
    expect(await me.violations()).toEqual([]);
    const first = page.url();
    await page.getByRole('dialog').getByRole('button', { name: 'Run again' }).click();
    await page.waitForURL((url) => url.href !== first);
    await page.getByText('It repeats').waitFor();
    await page.getByRole('button', { name: 'Run again' }).waitFor();
    // Only the failed task ran anew.
    const runs = await stage.call<{ total: number }>('GET', `/processing/executables/tasks/${good}/executions`);
    expect(runs.total).toBe(1);
    expect(me.complaints).toEqual([]);
  });

  it('is changed, and says so when somebody else changed it meanwhile', async () => {
    const { page } = me;
    const list = await stage.call<{ items: { executable: string }[] }>('GET', '/orchestration/executables/plans');
    const id = String(list.items[0]?.executable);
    await me.go(`/plans/${id}/edit`);
    await page.getByRole('textbox', { name: 'Name', exact: true }).fill('Month end, mine');
    await stage.call('PUT', `/orchestration/executables/plans/${id}`, {
      name: 'Month end, theirs',
      workspaceId: stage.workspaceId,
      steps: [{ name: 'Load', condition: 'ALL_SUCCEEDED', taskIds: [good] }],
    });
    await page.getByText('Somebody else has changed this meanwhile').waitFor();
    expect(await page.getByRole('textbox', { name: 'Name', exact: true }).inputValue()).toBe('Month end, mine');
    await page.getByRole('checkbox', { name: 'Several runs at once' }).check();
    // On a phone the buttons of a step are in one menu.
    await page.setViewportSize({ width: 390, height: 844 });
    await page.getByRole('button', { name: 'Remove step 2' }).waitFor({ state: 'detached' });
    await page.getByRole('button', { name: 'More for step 2' }).click();
    await page.getByRole('menuitem', { name: 'Remove step 2' }).waitFor();
    expect(await me.violations()).toEqual([]);
    await page.getByRole('menuitem', { name: 'Move step 2 up' }).click();
    await page.getByText('Step 1 is step 1 now').waitFor();
    await page.setViewportSize({ width: 1440, height: 900 });
    await page.getByRole('button', { name: 'Save the plan' }).click();
    await page.getByRole('heading', { name: 'Month end, mine', level: 1 }).waitFor();
    const config = `/orchestration/executables/plans/${id}/run-config`;
    expect((await stage.call(`GET`, config)).parallelExecutionAllowed).toBe(true);
    await page.getByText('allowed', { exact: true }).waitFor();
  });

  it('is copied with its steps, and the task says which plans run it', async () => {
    const { page } = me;
    await page.getByRole('button', { name: 'Copy', exact: true }).click();
    const dialog = page.getByRole('dialog', { name: 'Copy the plan Month end, mine' });
    await dialog.getByRole('textbox', { name: 'Name' }).fill('Quarter end');
    expect(await me.violations()).toEqual([]);
    await dialog.getByRole('button', { name: 'Make the copy' }).click();
    await page.getByRole('heading', { name: 'Quarter end', level: 1 }).waitFor();
    await page.getByText('allowed', { exact: true }).waitFor();
    await page
      .getByRole('listitem')
      .filter({ hasText: 'Step 1' })
      .getByRole('link', { name: 'Export invoices' })
      .click();
    const panel = page.locator('section.panel', { has: page.getByRole('heading', { name: 'Plans that run it' }) });
    await panel.getByRole('link', { name: 'Month end, mine' }).waitFor();
    await panel.getByRole('link', { name: 'Quarter end' }).waitFor();
    await me.go('/plans');
    await page
      .getByRole('row', { name: /Quarter end/ })
      .getByText('never')
      .waitFor();
    await page
      .getByRole('row', { name: /Month end, mine/ })
      .getByRole('link', { name: 'Failed' })
      .waitFor();
    await page.getByRole('checkbox', { name: 'Choose Quarter end' }).check();
    await page.keyboard.press('p');
    await page.getByRole('dialog', { name: 'Pause 1 plan?' }).getByRole('button', { name: 'Pause' }).click();
    await page.getByText('Done: 1.').waitFor();
    await page.getByRole('button', { name: 'Close' }).last().click();
    await page
      .getByRole('row', { name: /Quarter end/ })
      .getByText('Paused')
      .waitFor();
    await sound('plans');
    expect(me.complaints).toEqual([]);
  });
});

describe('a schedule', () => {
  it('shows the right dates over a change of the clocks', async () => {
    const { page } = me;
    await me.go('/schedules');
    await page.getByRole('link', { name: 'New schedule' }).first().click();
    // The list, which has a field of this name too, stays until the form is there.
    await page.getByRole('heading', { name: 'New schedule', level: 1 }).waitFor();
    await page.getByRole('textbox', { name: 'Description' }).fill('Every night');
    await page.getByRole('combobox', { name: 'Time zone' }).click();
    await page.getByRole('combobox', { name: 'Time zone' }).fill('America/New_York');
    await page.getByRole('option', { name: 'America/New_York' }).click();
    await page.getByLabel('From the day').fill('2027-03-01');
    await page.getByRole('textbox', { name: 'HH:MM, separated by commas' }).fill('25:00');
    await page.getByRole('button', { name: 'Create the schedule' }).click();
    await page.getByText('is no time of the day').first().waitFor();
    await page.getByRole('textbox', { name: 'HH:MM, separated by commas' }).fill('02:30');
    await page.getByText('Every day at 02:30, America/New_York').waitFor();
    // Before anything is stored: the dates, and both changes of the clocks in words.
    const preview = page.getByRole('region', { name: 'Its next dates, before it is saved' });
    await preview.getByText('Mon, 1 Mar 2027, 02:30:00').waitFor();
    await preview.getByText('02:30 does not exist and fires at 03:00 instead').waitFor();
    expect(await stage.call<{ total: number }>('GET', '/orchestration/schedules').then((all) => all.total)).toBe(0);
    await sound('schedule-new');
    await page.getByRole('button', { name: 'Create the schedule' }).click();
    await page.getByRole('heading', { name: 'Every night', level: 1 }).waitFor();

    // In spring 02:30 does not exist on 14 March, so it is due when the clocks have moved; in autumn it is due once.
    await page.getByLabel('Show dates from').fill('2027-03-12');
    await page.getByText('Sun, 14 Mar 2027, 03:00:00').waitFor();
    await page.getByText('Mon, 15 Mar 2027, 02:30:00').waitFor();
    await page.getByText('The clocks change before this one: UTC-5 → UTC-4').waitFor();
    await page.getByText('Sat, 13 Mar 2027, 08:30:00').waitFor();
    await page.getByLabel('Show dates from').fill('2027-11-05');
    await page.getByText('The clocks change before this one: UTC-4 → UTC-5').waitFor();
    expect(await page.getByText('Sun, 7 Nov 2027, 02:30:00').count()).toBe(1);
    await sound('schedule');
    expect(me.complaints).toEqual([]);
  });

  it('gets a second trigger, starts a task, and is in the calendar', async () => {
    const { page } = me;
    await me.go('/schedules');
    await page.getByRole('link', { name: 'Every night' }).click();
    await page.getByRole('button', { name: 'Add a trigger' }).click();
    await page.getByRole('combobox', { name: 'How often' }).click();
    await page.getByRole('option', { name: 'By a cron expression' }).click();
    await page.getByRole('textbox', { name: 'Cron expression' }).fill('0 12 ? * MON-FRI *');
    await page.getByRole('button', { name: 'Save the trigger' }).click();
    await page.getByText(/By the cron expression 0 12 .*trigger-2/).waitFor();

    await page.getByRole('combobox', { name: 'Attach it to' }).click();
    await page.getByRole('option', { name: 'Load customers' }).click();
    await page.getByRole('button', { name: 'Attach', exact: true }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Attach', exact: true }).click();
    // Nobody is asked: what was taken off can be put back.
    await page.getByRole('button', { name: 'Detach' }).click();
    await page.getByText('Every night does not start Load customers any more.').waitFor();
    await page.getByText('nothing yet').waitFor();
    await page.getByRole('button', { name: 'Undo' }).click();
    await page.getByRole('button', { name: 'Detach' }).waitFor();

    await me.go('/runs?view=coming');
    await page.getByRole('link', { name: 'Load customers' }).first().waitFor();
    await sound('runs-coming');
    await me.go('/schedules?view=calendar&month=2027-04');
    await page.getByText('April 2027').waitFor();
    await page.getByRole('link', { name: 'Load customers' }).first().waitFor();
    await sound('calendar');
    await me.go('/schedules');
    await page.getByRole('link', { name: 'Every night' }).waitFor();
    await sound('schedules');
    expect(me.complaints).toEqual([]);
  });
});

describe('the page of runs', () => {
  it('are asked for once, in the chosen environment alone', async () => {
    const fresh = await signedIn(browser, stage);
    const asked: unknown[] = [];
    fresh.page.on('request', (request) => {
      if (request.url().endsWith('/executions/search')) asked.push(request.postDataJSON().environmentId);
    });
    await fresh.go('/runs');
    await fresh.page.locator('.list-row .row-link').first().waitFor();
    await fresh.context.close();
    expect(asked).toEqual([stage.environmentId]);
  });

  it('keeps a view for a new browser, filters, and gives the file', async () => {
    const { page } = me;
    await me.go('/runs');
    await page.getByRole('link', { name: 'Export invoices' }).first().waitFor();
    await sound('runs');
    await page.getByRole('combobox', { name: 'State' }).click();
    await page.getByRole('option', { name: 'Failed' }).click();
    await page.getByRole('button', { name: 'More filters' }).click();
    await page.getByRole('textbox', { name: 'Name contains' }).fill('invoices');
    await page.waitForURL(/name=invoices/);
    await page.getByRole('link', { name: 'Export invoices' }).first().waitFor();
    expect(await page.getByRole('link', { name: 'Load customers' }).count()).toBe(0);
    await sound('runs-filters');
    await page.getByRole('button', { name: 'Views' }).click();
    await page.getByRole('menuitem', { name: 'Save this view' }).click();
    await page.getByRole('textbox', { name: 'Name of the view' }).fill('Failed exports');
    await page.getByRole('button', { name: 'Save', exact: true }).click();
    await page.getByRole('dialog').waitFor({ state: 'detached' });

    await page.getByRole('button', { name: 'Views' }).click();
    await page.getByRole('button', { name: 'Remove the view Failed exports' }).click();
    await page.getByText('The view Failed exports is removed.').waitFor();
    await page.getByText('No view yet').waitFor();
    await page.getByRole('button', { name: 'Undo' }).click();
    await page.getByText('Undone.').waitFor();

    const other = await signedIn(browser, stage);
    await other.go('/runs');
    await other.page.getByRole('button', { name: 'Views' }).click();
    await other.page.getByRole('menuitem', { name: 'Failed exports' }).click();
    await other.page.waitForURL(/status=execution_failed&name=invoices/);
    await other.context.close();

    const [file] = await Promise.all([
      page.waitForEvent('download'),
      page.getByRole('button', { name: 'Download these runs as CSV' }).click(),
    ]);
    const lines = (await readFile(await file.path(), 'utf8')).trim().split('\n');
    expect(lines[0]).toContain('runStartTime');
    expect(lines.length).toBeGreaterThan(1);
    expect(lines.slice(1).every((line) => line.includes('Export invoices'))).toBe(true);

    await me.go('/runs?view=grid');
    await page.getByRole('img', { name: /2 runs, Failed/ }).waitFor();
    await sound('runs-grid');
    await me.go('/runs?view=engines');
    await page
      .getByRole('link', { name: /Export invoices: Failed/ })
      .first()
      .waitFor();
    await sound('runs-engines');
    expect(me.complaints).toEqual([]);
  });

  it('repeats a failed run', async () => {
    const { page } = me;
    const run = await stage.run(bad);
    await stage.ended(run);
    await me.go(`/runs/${run}`);
    await page.getByRole('button', { name: 'Run again' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Run again' }).click();
    await page.waitForURL((url) => !url.pathname.endsWith(run));
    await page.getByText('exit code 3').first().waitFor();
    await page.getByRole('heading', { name: 'Components' }).waitFor();
    await sound('run');
  });
});

describe('a task', () => {
  it('is changed with its place and time limit; a refusal stands at its field', async () => {
    const { page } = me;
    await me.go(`/tasks/${bad}`);
    await page.getByRole('link', { name: 'Edit' }).click();
    await page.getByRole('textbox', { name: 'Time limit (minutes)' }).fill('0');
    await page.getByRole('button', { name: 'Save' }).last().click();
    await page.locator('[id$=-error]').first().waitFor();
    await sound('task-edit');
    await page.getByRole('textbox', { name: 'Time limit (minutes)' }).fill('30');
    await page.getByRole('button', { name: 'Save' }).last().click();
    await page.getByText('Saved').waitFor();
    await page.getByRole('textbox', { name: 'Tags' }).fill('finance, weekly');
    await page.getByRole('button', { name: 'Save' }).first().click();
    await page.getByText('Saved').nth(1).waitFor();
    expect(await page.getByText('Somebody else changed').count()).toBe(0);
    await page.getByRole('link', { name: 'Back to the task' }).click();
    await page.getByText('30 min').waitFor();
    await page.getByText('finance, weekly').waitFor();
    await sound('task');
  });
});

describe('the keyboard alone', () => {
  it('signs in, opens the palette, runs a task and reads its log', async () => {
    const context = await browser.newContext({ viewport: { width: 1440, height: 900 }, reducedMotion: 'reduce' });
    const page = await context.newPage();
    page.setDefaultTimeout(15_000);
    await page.goto(stage.url);
    await page.getByRole('heading', { name: 'Sign in', level: 1 }).waitFor();
    const focus = (type: string, key: string) =>
      until(`the focus on a ${type} field`, async () => {
        const found = await page.evaluate(() => (document.activeElement as HTMLInputElement | null)?.type);
        if (found === type) return true;
        await page.keyboard.press(key);
        return undefined;
      });
    await focus('radio', 'Shift+Tab');
    await page.keyboard.press('ArrowRight');
    await page.getByLabel('Personal access token').waitFor();
    await focus('password', 'Tab');
    await page.keyboard.type(stage.token);
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { name: 'Overview', level: 1 }).waitFor();
    await page.keyboard.press('?');
    await page.getByRole('dialog', { name: 'Keyboard' }).waitFor();
    await page.keyboard.press('Escape');
    await page.getByRole('dialog').waitFor({ state: 'detached' });
    await page.keyboard.press('Control+k');
    await page.getByRole('combobox', { name: /Find a page/ }).waitFor();
    await page.keyboard.type('run load cust');
    await page.getByRole('option', { name: 'Run Load customers' }).waitFor();
    await page.keyboard.press('Enter');
    await page.getByRole('dialog', { name: 'Run Load customers' }).waitFor();
    await until('the focus on Run', async () => {
      const text = await page.evaluate(() => document.activeElement?.textContent);
      if (text === 'Run') return true;
      await page.keyboard.press('Tab');
      return undefined;
    });
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { name: 'Run of Load customers' }).waitFor();
    await page.locator('.log-line').first().waitFor();
    await page.keyboard.press('g');
    await page.keyboard.press('r');
    await page.getByRole('heading', { name: 'Runs', level: 1 }).waitFor();
    await page.getByRole('link', { name: 'Load customers' }).first().waitFor();
    await page.keyboard.press('j');
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { name: 'Run of Load customers' }).waitFor();
    await context.close();
  });
});

describe('the overview', () => {
  it('says what failed, what waits and why, and what comes; each leads on, and news come by themselves', async () => {
    const { page } = me;
    const spare = await stage.engine('forge-02');
    const far = await stage.task('Far away', await stage.publish('far', 'script-hello'), spare.id);
    await stage.run(far);
    const at = new Date(Date.now() + 5 * 3_600_000);
    const trigger = {
      name: 'soon',
      type: 'CRON',
      cronExpression: `${at.getUTCMinutes()} ${at.getUTCHours()} ? * * *`,
      timeZone: 'UTC',
    };
    const { environmentId } = stage;
    const made = await stage.call('POST', '/orchestration/schedules', { environmentId, description: 'Soon', trigger });
    await stage.call('PUT', `/orchestration/executables/tasks/${bad}/schedule`, { scheduleId: made.id });
    await me.go('/');
    const panel = (title: string) =>
      page.locator('section.panel', { has: page.getByRole('heading', { name: title, level: 2 }) });
    await panel('What waits, and why').getByRole('listitem').filter({ hasText: 'Far away' }).waitFor();
    await panel('What waits, and why').getByText('has never connected').waitFor();
    await panel('Engines').getByRole('listitem').filter({ hasText: 'forge-01' }).getByText('Available').waitFor();
    await panel('Engines').getByRole('listitem').filter({ hasText: 'forge-02' }).getByText('Not paired').waitFor();
    await panel('What comes in the next 24 hours').getByRole('link', { name: 'Export invoices' }).waitFor();

    const failures = page.getByRole('navigation', { name: 'Overview' }).getByRole('link', { name: /Failed/ });
    const count = Number(await failures.locator('strong').textContent());
    expect(count).toBeGreaterThan(0);
    await stage.ended(await stage.run(bad));
    await failures.getByText(String(count + 1), { exact: true }).waitFor();
    // One line for each task, however often it failed; the hour leads to its runs.
    const wrong = panel('What failed in the last 24 hours')
      .getByRole('listitem')
      .filter({ hasText: 'Export invoices' });
    await wrong.getByText(`${count + 1} times · exit code 3`).waitFor();
    expect(await wrong.count()).toBe(1);
    await panel('Engines')
      .getByText(/^[01] of 3$/)
      .waitFor();
    await panel('What ended in the last 24 hours')
      .getByRole('link', { name: /\d failed/ })
      .last()
      .click();
    await page.waitForURL(/from=.*to=/);
    await page.getByRole('link', { name: 'Export invoices' }).first().waitFor();
    await page.goBack();
    await failures.click();
    await page.waitForURL(/status=execution_failed/);
    expect(await page.getByRole('combobox', { name: 'State' }).inputValue()).toBe('Went wrong');
    await page.getByRole('link', { name: 'Export invoices' }).first().waitFor();
    expect(await page.getByRole('link', { name: 'Load customers' }).count()).toBe(0);
    await page.goBack();
    await panel('What failed in the last 24 hours').getByRole('link', { name: 'Export invoices' }).first().click();
    await page.getByRole('heading', { name: 'Run of Export invoices' }).waitFor();
    await stage.call('DELETE', `/orchestration/executables/tasks/${bad}/schedule`);
    expect(me.complaints).toEqual([]);
  });
});
