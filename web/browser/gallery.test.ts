/** Every dialog and form, and the pages that the other tests do not look at, over content that is hard to show. */

import { mkdirSync } from 'node:fs';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Crowd, crowded } from './gallery-content';
import { LOOKS, launch, signedIn, somebody, Watched } from './pages';
import { Stage, until } from './stage';
import { allowing, type Hard, hardProject, target } from './tester-content';

let browser: Browser;
let stage: Stage;
let crowd: Crowd;
let hard: Hard;
let called: Awaited<ReturnType<typeof target>>;
const folder = process.env.STOKER_SHOTS;
/** Otherwise a fifth of the views is enough; the others wait for the night. */
const whole = Boolean(folder ?? process.env.STOKER_GALLERY);
/** Only views whose names begin so, for somebody who works on them. */
const only = process.env.STOKER_GALLERY_ONLY ?? '';

beforeAll(async () => {
  called = await target();
  [browser, stage] = await Promise.all([launch(), Stage.start(allowing(called))]);
  [crowd, hard] = await Promise.all([crowded(stage), hardProject(stage, called.url)]);
  if (folder) mkdirSync(folder, { recursive: true });
});

afterAll(async () => {
  await browser?.close();
  await stage?.stop();
  called?.stop();
});

/** Instead of a button: the keys of the palette. */
const KEYS = 'Control+K';

/** A view: where it is, and what is pressed there. */
type View = [name: string, path: string, ...buttons: string[]];

/** The tester over its own hard content. */
function testerViews(phone: boolean): View[] {
  // On a phone the tree makes room for what is chosen until it is asked for.
  const tree = phone ? ['Repository'] : [];
  const here = `/tester/projects/${hard.project}`;
  const parts = ['query', 'headers', 'auth', 'body', 'checks', 'extract', 'flow', 'settings', 'code'];
  const seen = ['rtl', 'html', 'picture', 'bytes', 'xml', 'many', 'huge', 'lost', 'refused', 'empty'];
  return [
    ['tester-new', '/tester', 'New project'],
    ['tester-import', '/tester', 'Import'],
    ['tester-projects', '/tester'],
    ['tester-history', '/tester/history'],
    ['tester-no-run', '/tester/history?find=nothing'],
    ['tester-reference', '/tester/reference'],
    ['tester-project', `/tester/projects/${crowd.tester}`],
    ['tester-hard', here],
    ['tester-gone', `${here}?at=gone`],
    ...parts.map((part): View => [`tester-${part}`, `${here}?at=full&part=${part}`]),
    ...seen.map((id): View => [`tester-at-${id}`, `${here}?at=${id}`]),
    ['tester-scenario', `${here}?at=walk`],
    ['tester-run', `/tester/runs/${hard.runs.walk}`],
    ['tester-environments', here, 'Environments'],
    ['tester-share', here, 'Share'],
    ['tester-export', here, 'Export'],
    ['tester-add', here, 'Add'],
    ['tester-menu', `${here}?at=plain`, ...tree, 'Actions for Invoices'],
  ];
}

function views(phone: boolean): View[] {
  const c = crowd;
  return [
    ['engines-many', '/engines'],
    ['engine-new', '/engines', 'New engine'],
    ['engine-profiles', `/engines/${c.engine}?tab=profiles`],
    ['engine-manage', `/engines/${c.engine}?tab=manage`],
    ['engine-unpair', `/engines/${c.engine}?tab=manage`, 'Unpair'],
    ['clusters', '/clusters'],
    ['cluster', `/clusters/${c.cluster}`],
    ['cluster-new', '/clusters', 'New cluster'],
    ['cluster-join', `/clusters/${c.cluster}`, 'Add an engine'],
    ['cluster-delete', `/clusters/${c.cluster}`, 'Delete'],
    ['profiles', '/run-profiles'],
    ['profile-new', '/run-profiles', 'New run profile'],
    ['profile', '/run-profiles', 'Large heap'],
    ['gen2s', '/gen2-engines'],
    ['gen2', `/gen2-engines/${c.gen2}`],
    ['gen2-new', '/gen2-engines', 'New Gen2 engine'],
    ['gen2-key', `/gen2-engines/${c.gen2}`, 'Make a new key'],
    ['dynamics', '/dynamic-engines'],
    ['dynamic', `/dynamic-engines/${c.dynamic}`],
    ['dynamic-new', '/dynamic-engines', 'New Dynamic Engine'],
    ['dynamic-edit', `/dynamic-engines/${c.dynamic}`, 'Edit'],
    ['dynamic-assign', `/dynamic-engines/${c.dynamic}`, 'Assign an environment'],
    ['places', '/dynamic-environments'],
    ['place', `/dynamic-environments/${c.place}`],
    ['place-new', '/dynamic-environments', 'New environment'],
    ['place-edit', `/dynamic-environments/${c.place}`, 'Edit'],
    ['tasks-many', '/tasks'],
    ['task-long', `/tasks/${c.task}`],
    ['task-run', `/tasks/${c.task}?run=1`],
    ['task-edit', `/tasks/${c.task}/edit`],
    ['task-delete', `/tasks/${c.task}`, 'Delete'],
    ['run-long', `/runs/${c.run}`],
    ['run-again', `/runs/${c.run}`, 'Run again'],
    ['runs-filters', '/runs', 'More filters'],
    ['runs-views', '/runs', 'Views'],
    ['runs-grid', '/runs?view=grid'],
    ['runs-gantt', '/runs?view=engines'],
    ['runs-coming', '/runs?view=coming'],
    ['plan-long', `/plans/${c.plan}`],
    ['plan-edit', `/plans/${c.plan}/edit`],
    ['plan-run-ask', `/plans/${c.plan}`, 'Run'],
    ['artifacts-none', '/artifacts'],
    ['connection-long', `/manage/connections/${c.connection}`],
    ['connection-new', '/manage/connections', 'New connection'],
    ['connection-edit', `/manage/connections/${c.connection}`, 'Edit'],
    ['connection-move', `/manage/connections/${c.connection}`, 'Move'],
    ['resource-new', '/manage/resources', 'New resource'],
    ['environment-long', `/manage/environments/${c.environment}`],
    ['environment-new', '/manage/environments', 'New environment'],
    ['environment-edit', `/manage/environments/${c.environment}`, 'Edit'],
    ['workspace-new', `/manage/environments/${c.environment}`, 'New workspace'],
    ['promotion-new', '/manage/promotions', 'New promotion'],
    ['promotion-long', `/manage/promotions/${c.promotion}`],
    ['project-new', '/manage/projects', 'New project'],
    ['project-long', `/manage/projects/${c.project}`],
    ['user-long', `/manage/users/${c.user}`],
    ['user-new', '/manage/users', 'New user'],
    ['users-long', '/manage/users'],
    ['group-long', `/manage/groups/${c.group}`],
    ['group-new', '/manage/groups', 'New group'],
    ['service-new', '/manage/service-accounts', 'New service account'],
    ['setting-edit', '/manage/settings', 'Change: Log lines are kept for'],
    ['setting-list-edit', '/manage/settings', 'Change: API tests may be sent to'],
    ['role-delete', `/manage/roles/${c.role}`, 'Delete'],
    ['rights-long', '/manage/rights'],
    ['profile-token', '/profile', 'New token'],
    ...testerViews(phone),
    ['palette', '/', KEYS],
    ['user-menu', '/', 'Admin'],
  ];
}

async function open(page: Page, path: string, buttons: string[]): Promise<void> {
  await page.goto(stage.url + path);
  await page.getByRole('heading', { level: 1 }).first().waitFor();
  for (const name of buttons) {
    if (name === KEYS) {
      await page.keyboard.press(KEYS);
      await page.getByRole('dialog').waitFor();
      continue;
    }
    const button = page.getByRole('button', { name: new RegExp(`^${name.replace(/[()]/g, '.')}`) });
    await button.first().click();
  }
  await page.getByText('Loading…').first().waitFor({ state: 'detached' });
}

/** Lists of menus hang outside of the page's landmarks, with borders for the focus: as the design system makes them. */
const ours = (violation: string) =>
  !/^(region|aria-required-children): <div (data-portal|class="m_38a85659)/.test(violation);

/** Texts that are cut off without a sign of it, and buttons that stand over each other. */
function broken(page: Page): Promise<string[]> {
  return page.evaluate(() => {
    const seen = (one: Element) => {
      const { width, height } = one.getBoundingClientRect();
      return width > 0 && height > 0;
    };
    const wide = document.documentElement.scrollWidth - window.innerWidth;
    const found = wide > 0 ? [`${wide} px wider than the window`] : [];
    for (const one of document.querySelectorAll('button, .state, dt, h1, h2, label')) {
      if (!seen(one)) continue;
      const style = getComputedStyle(one);
      const cut =
        one.scrollWidth - one.clientWidth > 1 && style.overflow !== 'visible' && style.textOverflow !== 'ellipsis';
      if (cut) found.push(`cut off: ${(one.textContent ?? '').slice(0, 60)}`);
    }
    const dialog = document.querySelector('[role=dialog]')?.getBoundingClientRect();
    if (dialog && (dialog.left < 0 || dialog.right > window.innerWidth)) found.push('the dialog leaves the window');
    return found;
  });
}

/** What somebody meets who may only look at one workspace: every page says so, or shows nothing to change. */
const REFUSED = [
  '/engines',
  '/clusters',
  '/run-profiles',
  '/gen2-engines',
  '/dynamic-engines',
  '/dynamic-environments',
  '/tasks',
  '/plans',
  '/schedules',
  '/artifacts',
  '/manage/connections',
  '/manage/resources',
  '/manage/environments',
  '/manage/promotions',
  '/manage/projects',
  '/manage/users',
  '/manage/groups',
  '/manage/roles',
  '/manage/rights',
  '/manage/service-accounts',
  '/manage/audit',
];

describe.each(folder ? LOOKS : [LOOKS[3]])('$name', (look) => {
  it('tells somebody who may only look so, on every page', { timeout: 200_000 }, async () => {
    const page = await somebody(browser, stage, `nobody-${look?.name}`, ['VIEW'], ['TMC_ENGINE_USE']);
    page.setDefaultTimeout(5_000);
    await page.setViewportSize({ width: look?.width ?? 1440, height: look?.height ?? 900 });
    await page.emulateMedia({ colorScheme: look?.dark ? 'dark' : 'light' });
    const watched = new Watched(page, stage.url);
    const found: string[] = [];
    const making = /^(New|Add|Edit|Delete|Import|Choose a file)/;
    for (const path of REFUSED) {
      const name = `refused${path.replaceAll('/', '-')}`;
      try {
        await open(page, path, []);
      } catch (error) {
        found.push(`${name}: ${(error as Error).message.slice(0, 300)}; ${await page.getByRole('main').innerText()}`);
      }
      if (folder) await page.screenshot({ path: `${folder}/g-${name}-${look?.name}.png` });
      const buttons = await page.getByRole('main').getByRole('button', { name: making }).allTextContents();
      found.push(...buttons.map((one) => `${name}: the button ${one}`));
      found.push(...(await broken(page)).map((one) => `${name}: ${one}`));
      found.push(...(await watched.violations()).filter(ours).map((one) => `${name}: ${one}`));
    }
    await page.context().close();
    expect(found).toEqual([]);
    expect(watched.complaints).toEqual([]);
  });
});

describe.each(folder ? LOOKS : [LOOKS[3]])('$name', (look) => {
  it('shows every dialog and form whole and without a violation', { timeout: 400_000 }, async () => {
    const watched = await signedIn(browser, stage, look);
    const { page } = watched;
    const found: string[] = [];
    for (const [name, path, ...buttons] of views((look?.width ?? 1440) < 1_000).filter(
      ([name], place) => name.startsWith(only) && (whole || place % 5 === 0),
    )) {
      try {
        await open(page, path, buttons);
        if (folder)
          await page.screenshot({ path: `${folder}/g-${name}-${look?.name}.png`, fullPage: buttons.length === 0 });
        // What hangs on a field follows a moment later.
        await until(`${name} to be whole`, async () => ((await broken(page)).length === 0 ? true : undefined), 2).catch(
          () => undefined,
        );
        found.push(...(await broken(page)).map((one) => `${name}: ${one}`));
        found.push(...(await watched.violations()).filter(ours).map((one) => `${name}: ${one}`));
        found.push(...(await page.getByRole('alert').allTextContents()).map((one) => `${name}: ${one}`));
      } catch (error) {
        found.push(`${name}: ${(error as Error).message.slice(0, 300)}`);
      }
    }
    await watched.context.close();
    expect(found).toEqual([]);
    expect(watched.complaints).toEqual([]);
  });
});
