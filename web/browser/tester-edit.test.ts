// biome-ignore-all lint/suspicious/noTemplateCurlyInString: expressions of the tester.
/** Editing in the API tester, as somebody who tries everything does it: by keys, with others, and without a connection. */

import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { launch, signedIn, somebody } from './pages';
import { Stage, until } from './stage';
import { allowing, ran, request, target } from './tester-content';

let browser: Browser;
let stage: Stage;
let called: Awaited<ReturnType<typeof target>>;
let me: Awaited<ReturnType<typeof signedIn>>;
let page: Page;

beforeAll(async () => {
  called = await target();
  [browser, stage] = await Promise.all([launch(), Stage.start(allowing(called))]);
  me = await signedIn(browser, stage);
  page = me.page;
});

afterAll(async () => {
  const folder = process.env.STOKER_SHOTS;
  if (folder) await page?.screenshot({ path: `${folder}/tester-edit-last.png`, fullPage: true });
  await browser?.close();
  await stage?.stop();
  called?.stop();
});

interface Stored {
  id: string;
  version: number;
  name: string;
  document: { entities: { entity: { id: string; name: string }; children?: { entity: Record<string, unknown> }[] }[] };
}

const path = (id: string) => `/stoker/v1/tester/projects/${id}`;
const stored = (id: string) => stage.call<Stored>('GET', path(id));

/** A project of a scenario with these requests. */
async function project(name: string, ...children: ReturnType<typeof request>[]): Promise<string> {
  const variables = { v: { name: 'who', value: 'ann', enabled: true, createdAt: '2026-01-01T00:00:00Z' } };
  const document = {
    version: 6,
    entities: [{ entity: { type: 'Scenario', id: 's', name: 'Walk' }, children }],
    environments: [{ id: 'e', name: 'here', variables }],
  };
  const body = { name, format: 'native', text: JSON.stringify(document) };
  return (await stage.call<{ id: string }>('POST', '/stoker/v1/tester/imports', body)).id;
}

const answer = () => page.getByRole('region', { name: 'Response' });
const url = () => page.getByRole('combobox', { name: 'Address' });
const part = (name: string) => page.getByRole('link', { name, exact: true }).click();
const unsaved = (state: 'visible' | 'detached') => page.getByText('Not saved yet', { exact: true }).waitFor({ state });

it('takes an address letter by letter, offers names in a body, and signs in', { timeout: 90_000 }, async () => {
  const id = await project('Typed', request('r', 'First', `${called.url}/ok`));
  await me.go(`/tester/projects/${id}?at=s`);
  await page.getByRole('button', { name: 'Add', exact: true }).click();
  await page.getByRole('menuitem', { name: 'New request' }).click();
  await page.getByRole('textbox', { name: 'Name', exact: true }).last().fill('Second');
  await page.keyboard.press('Enter');
  const line = `${called.url}/echo?a=1&b=\${"x".upper()}`;
  await url().click();
  await page.keyboard.type(line);
  expect(await url().inputValue()).toBe(line);
  expect(await page.getByRole('textbox', { name: 'Name Query 2' }).inputValue()).toBe('b');
  // A row that is off leaves the line, and stays a row.
  await page.getByRole('checkbox', { name: 'On Query 1' }).uncheck();
  expect(await url().inputValue()).toBe(`${called.url}/echo?b=\${"x".upper()}`);

  await page.getByRole('combobox', { name: 'Method' }).fill('post');
  await part('Body');
  const body = page.getByRole('textbox', { name: 'Body' });
  await body.fill('{"n":12345678901234567890,"w":"x"}');
  await body.press('ControlOrMeta+End');
  await body.press('ArrowLeft');
  await body.press('ArrowLeft');
  await page.keyboard.type('${wh');
  await page.getByRole('option', { name: /^who/ }).waitFor();
  await body.press('ArrowDown');
  await body.press('Enter');
  await page.keyboard.type('}');
  await page.getByRole('button', { name: 'Format' }).click();
  expect(await body.inputValue()).toBe('{\n  "n": 12345678901234567890,\n  "w": "x${who}"\n}');
  expect(await me.violations()).toEqual([]);

  await part('Authorization');
  await page.getByRole('combobox', { name: 'Kind' }).click();
  await page.getByRole('option', { name: /Basic/ }).click();
  await page.getByRole('combobox', { name: 'User' }).fill('${who}');
  await page.getByRole('combobox', { name: 'Password' }).fill('pw');
  await page.keyboard.press('ControlOrMeta+Enter');
  await answer().getByText('200 OK').waitFor();
  const shown = answer().locator('pre');
  await shown.getByText(`"Basic ${Buffer.from('ann:pw').toString('base64')}"`).waitFor();
  await shown.getByText('"/echo?b=X"').waitFor();
  // Numbers stay as they are, whatever a browser makes of them.
  await shown.getByText('12345678901234567890').first().waitFor();
  await page.getByRole('textbox', { name: 'Find in the body' }).fill('authorization');
  await page.getByText('1 of 1').waitFor();
  expect(await me.violations()).toEqual([]);
  expect(me.complaints).toEqual([]);
});

it('finds, moves, removes and takes back by keys', { timeout: 60_000 }, async () => {
  const names = ['One', 'Two', 'Three'];
  const id = await project('Moved', ...names.map((name, at) => request(`r${at}`, name, `${called.url}/ok`)));
  await me.go(`/tester/projects/${id}`);
  const tree = page.getByRole('navigation', { name: 'Repository' });
  const order = () => tree.locator('.tester-node bdi').allTextContents();
  await tree.getByRole('link', { name: /One/ }).press('Alt+ArrowDown');
  expect(await order()).toEqual(['Walk', 'Two', 'One', 'Three']);
  await tree.getByRole('link', { name: /Three/ }).dragTo(tree.getByRole('link', { name: /Two/ }));
  expect(await order()).toEqual(['Walk', 'Three', 'Two', 'One']);
  await tree.getByRole('link', { name: /Two/ }).press('F2');
  await page.getByRole('textbox', { name: 'Name', exact: true }).last().fill('Deux');
  await page.keyboard.press('Enter');
  await tree.getByText('Deux').waitFor();
  await tree.getByRole('link', { name: /Deux/ }).press('Delete');
  await page.getByText('Deux was removed from the project.').waitFor();
  expect(await order()).toEqual(['Walk', 'Three', 'One']);
  await page.getByRole('status').getByRole('button', { name: 'Undo' }).click();
  await tree.getByText('Deux').waitFor();
  expect(await order()).toEqual(['Walk', 'Three', 'Deux', 'One']);
  await tree.getByRole('textbox', { name: 'Find in the project' }).fill('deu');
  await until('only what fits', async () => ((await order()).join() === 'Walk,Deux' ? true : undefined));
  await tree.getByRole('textbox', { name: 'Find in the project' }).fill('');
  await until('all of it', async () => ((await order()).length === 4 ? true : undefined));
  await tree.getByRole('button', { name: 'Fold Walk' }).click();
  expect(await order()).toEqual(['Walk']);
  await tree.getByRole('link', { name: /Walk/ }).press('ArrowRight');
  expect(await order()).toHaveLength(4);
  // Back to where it began, and forth again.
  const undo = page.getByRole('main').getByRole('button', { name: 'Undo' });
  while (await undo.isEnabled()) await undo.click();
  expect(await order()).toEqual(['Walk', ...names]);
  await unsaved('detached');
  await page.getByRole('button', { name: 'Redo' }).click();
  expect(await order()).toEqual(['Walk', 'Two', 'One', 'Three']);
  await page.keyboard.press('ControlOrMeta+S');
  await unsaved('detached');
  const kept = await stored(id);
  expect(kept.document.entities[0]?.children?.map((one) => one.entity.name)).toEqual(['Two', 'One', 'Three']);
  expect(me.complaints).toEqual([]);
});

it('loses nothing when one goes elsewhere, when others save, and when it is deleted', { timeout: 90_000 }, async () => {
  const id = await project(
    'Kept',
    request('r', 'Mine', `${called.url}/ok`),
    request('t', 'Theirs', `${called.url}/ok`),
  );
  await me.go(`/tester/projects/${id}?at=r`);
  await url().fill(`${called.url}/typed`);
  await unsaved('visible');
  await page.getByRole('link', { name: 'API tester' }).click();
  const list = page.getByRole('table', { name: 'API tester' });
  await list.getByText('Not saved').waitFor();
  await page.getByRole('link', { name: 'Kept' }).click();
  await page.getByRole('link', { name: /Mine/ }).click();
  expect(await url().inputValue()).toBe(`${called.url}/typed`);

  // Without a connection what was typed stays, and is saved when there is one.
  await me.context.setOffline(true);
  await page.getByRole('button', { name: 'Save' }).click();
  await page.getByRole('alert').waitFor();
  expect(await url().inputValue()).toBe(`${called.url}/typed`);
  await me.context.setOffline(false);

  const now = await stored(id);
  const [scenario] = now.document.entities;
  const renamed = {
    ...now.document,
    entities: [
      {
        ...scenario,
        children: scenario?.children?.map((one) =>
          one.entity.id === 't' ? { entity: { ...one.entity, name: 'Changed by them' } } : one,
        ),
      },
    ],
  };
  await stage.call('PUT', path(id), { version: now.version, name: now.name, document: renamed });
  await page.getByRole('button', { name: 'Save' }).click();
  await page.getByText('Somebody saved another version meanwhile').waitFor();
  expect(await me.violations()).toEqual([]);
  await page.getByRole('button', { name: 'Put both together' }).click();
  await page.getByText('Put together, not saved yet').waitFor();
  await page.getByText('Changed by them').first().waitFor();
  expect(await url().inputValue()).toBe(`${called.url}/typed`);
  await page.getByRole('button', { name: 'Save' }).click();
  await unsaved('detached');
  const both = await stored(id);
  expect(
    both.document.entities[0]?.children?.map((one) => [one.entity.name, (one.entity.uri as { path: string }).path]),
  ).toEqual([
    ['Mine', '/typed'],
    ['Changed by them', '/ok'],
  ]);

  await url().fill(`${called.url}/later`);
  await stage.call('DELETE', path(id));
  await page.getByRole('button', { name: 'Save' }).click();
  await page.getByText('The project is not there any more').waitFor();
  await page.getByRole('button', { name: 'Make a copy of my own' }).click();
  await page.getByRole('heading', { name: 'Kept (mine)', level: 1 }).waitFor();
  await page.getByRole('link', { name: /Mine/ }).click();
  expect(await url().inputValue()).toBe(`${called.url}/later`);
  expect(me.complaints).toEqual([]);
});

it('shows pictures and bytes, compares answers, and runs again', { timeout: 90_000 }, async () => {
  const id = await project(
    'Answers',
    request('p', 'Picture', `${called.url}/picture`),
    request('b', 'Bytes', `${called.url}/bytes`),
    request('e', 'Echo', `${called.url}/echo`),
    request('m', 'Many', `${called.url}/many`),
  );
  await ran(stage, id, 'e', 'e');
  await me.go(`/tester/projects/${id}?at=e`);
  // The last answer is there without another request.
  await answer().getByText('200 OK').waitFor();
  await url().fill(`${called.url}/echo?who=\${who}`);
  await page.getByRole('button', { name: 'Send' }).click();
  await answer().getByText('"/echo?who=ann"').waitFor();
  await page.getByRole('combobox', { name: 'Compare with' }).click();
  await page.getByRole('option').last().click();
  await answer().getByText('-   "url": "/echo",').waitFor();
  await answer().getByText('+   "url": "/echo?who=ann",').waitFor();
  expect(await me.violations()).toEqual([]);

  // A value that is typed and not saved is seen by previews.
  await page.getByRole('button', { name: 'Environments' }).click();
  await page.getByLabel('Value who').fill('bob');
  await page.keyboard.press('Escape');
  await page.getByText('/echo?who=bob').waitFor();

  await page.getByRole('link', { name: /Picture/ }).click();
  await page.getByRole('button', { name: 'Send' }).click();
  const picture = page.getByRole('img', { name: 'Picture', exact: true });
  await picture.waitFor();
  expect(await picture.evaluate((one: HTMLImageElement) => one.decode().then(() => one.naturalWidth))).toBe(320);
  await page.getByRole('link', { name: /Bytes/ }).click();
  await page.getByRole('button', { name: 'Send' }).click();
  await answer().getByText('00000010').waitFor();
  await page.getByRole('link', { name: /Many/ }).click();
  await page.getByRole('button', { name: 'Send' }).click();
  await answer().getByText('The body is long').waitFor();
  expect(await me.violations()).toEqual([]);

  await me.go('/tester/history?find=echo');
  await page.getByRole('link', { name: 'Echo' }).first().waitFor();
  // Two runs and the head.
  expect(await page.getByRole('row').count()).toBe(3);
  await page.getByRole('link', { name: 'Echo' }).first().click();
  await page.getByRole('heading', { name: 'Echo', level: 1 }).waitFor();
  const before = page.url();
  await page.getByRole('button', { name: 'Run again' }).click();
  await page.waitForURL((now) => now.href !== before);
  await page.getByText('1 done, 0 not Ok').waitFor();
  expect(me.complaints).toEqual([]);
});

it('shows who may only look no edit, and gives a copy', { timeout: 60_000 }, async () => {
  const id = await project('Shared with all', request('r', 'Look', `${called.url}/ok`));
  const { version } = await stored(id);
  await stage.call('PUT', `${path(id)}/workspace`, { version, workspaceId: stage.workspaceId });
  const viewer = await somebody(browser, stage, 'looker', ['VIEW']);
  await viewer.goto(`${stage.url}/tester/projects/${id}?at=r&part=headers`);
  await viewer.getByText('You may read and run this project').waitFor();
  const changing = /^(Save|Undo|Redo|Add|As text|Share|Environments|Remove)/;
  expect(await viewer.getByRole('main').getByRole('button', { name: changing }).count()).toBe(0);
  expect(await viewer.getByRole('combobox', { name: 'Address' }).isDisabled()).toBe(true);
  await viewer.getByRole('button', { name: 'Actions for Look' }).click();
  await viewer.getByRole('menuitem', { name: 'Run' }).waitFor();
  expect(await viewer.getByRole('menuitem').allTextContents()).toEqual(['Run']);
  await viewer.keyboard.press('Escape');
  await viewer.getByRole('button', { name: 'Send' }).click();
  await viewer.getByRole('region', { name: 'Response' }).getByText('200 OK').waitFor();
  await viewer.getByRole('button', { name: 'Make a copy of my own' }).click();
  await viewer.getByRole('heading', { name: 'Shared with all (mine)', level: 1 }).waitFor();
  await viewer.getByRole('link', { name: /Look/ }).click();
  await viewer.getByRole('combobox', { name: 'Address' }).fill(`${called.url}/echo`);
  await viewer.getByText('Not saved yet').waitFor();
  await viewer.context().close();
});
