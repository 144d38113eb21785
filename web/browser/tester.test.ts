/** The API tester as people work with it, against a real server that it tests. */

import { mkdirSync } from 'node:fs';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { launch, signedIn } from './pages';
import { Stage, until } from './stage';

let browser: Browser;
let stage: Stage;
let me: Awaited<ReturnType<typeof signedIn>>;
const folder = process.env.STOKER_SHOTS;

beforeAll(async () => {
  if (folder) mkdirSync(folder, { recursive: true });
  [browser, stage] = await Promise.all([launch(), Stage.start()]);
  me = await signedIn(browser, stage);
});

afterAll(async () => {
  if (folder) await me?.page.screenshot({ path: `${folder}/tester-last.png` });
  await browser?.close();
  await stage?.stop();
});

/** No violation, nothing wider than a phone, and a picture in both themes and widths. */
async function sound(name: string): Promise<void> {
  expect(await me.violations(), name).toEqual([]);
  for (const [look, width, scheme] of [
    ['light', 1440, 'light'],
    ['dark', 1440, 'dark'],
    ['phone', 390, 'light'],
    ['phone-dark', 390, 'dark'],
  ] as const) {
    await me.page.setViewportSize({ width, height: 900 });
    await me.page.emulateMedia({ colorScheme: scheme });
    if (folder) await me.page.screenshot({ path: `${folder}/tester-${name}-${look}.png`, fullPage: true });
    // The frame needs a moment to fold.
    await until(`${name} to fit at ${width}`, () =>
      me.page.evaluate(() => (document.documentElement.scrollWidth <= window.innerWidth ? true : undefined)),
    );
  }
  expect(await me.violations(), `${name}, dark, on a phone`).toEqual([]);
  await me.page.setViewportSize({ width: 1440, height: 900 });
  await me.page.emulateMedia({ colorScheme: 'light' });
}

const status = (value: string) => ({ subject: 'ResponseStatus', path: 'code', comparison: 'Equals', value });

/** A file as an API tester exports it. */
function file(): string {
  const request = (id: string, name: string, path: string, wanted: string) => ({
    entity: {
      type: 'Request',
      id,
      name,
      method: { name: 'GET' },
      uri: { scheme: { name: 'http' }, host: new URL(stage.url).host, path },
      headers: [],
      body: { bodyType: 'Text' },
      assertions: [status(wanted)],
    },
  });
  const children = [
    request('r1', 'Is it ready', '/health/ready', '503'),
    // biome-ignore lint/suspicious/noTemplateCurlyInString: an expression of the tester.
    request('r2', 'Again', '/health/${"live"}', '200'),
  ];
  const scenario = { entity: { type: 'Scenario', id: 's', name: 'Health' }, children };
  const project = { entity: { type: 'Project', id: 'p', name: 'Watch' }, children: [scenario] };
  return JSON.stringify({ version: 6, entities: [project] });
}

it('takes in a project, shows what fails, and runs the corrected scenario', { timeout: 90_000 }, async () => {
  const { page } = me;
  await page.getByRole('link', { name: 'API tester' }).click();
  await page.getByText('No project yet').waitFor();
  await sound('projects');
  await page.getByRole('button', { name: 'Import' }).click();
  await page.getByLabel('Or its text').fill(file());
  await page.getByRole('button', { name: 'Take in' }).click();
  await page.getByRole('heading', { name: 'Watch', level: 1 }).waitFor();

  await page.getByRole('link', { name: /Is it ready/ }).click();
  await page.getByRole('button', { name: 'Send' }).click();
  const response = page.getByRole('region', { name: 'Response' });
  await response.getByText('expected Equals `503`, received `200`').waitFor();
  await sound('failure');

  await page.getByRole('link', { name: 'Assertions', exact: true }).click();
  const request = page.getByRole('region', { name: 'Is it ready' });
  await request.getByText('expected Equals `503`, received `200`').waitFor();
  await page.getByRole('combobox', { name: 'Expected Assertions 1' }).fill('200');
  await page.getByText('Not saved yet').waitFor();
  // Nothing needs to be sent to see that it holds now.
  await request.getByText('holds: 200').waitFor();
  await page.getByRole('button', { name: 'Send' }).click();
  await response.getByText('200 OK').waitFor();
  await page.getByText('expected Equals').first().waitFor({ state: 'detached' });

  // What an expression becomes stands below its field; a wrong name is told with the right one.
  await page.getByRole('link', { name: /Again/ }).click();
  await page.getByText('Becomes').waitFor();
  await page.getByRole('combobox', { name: 'Address' }).fill(`${stage.url}/health/\${"live".uper()}`);
  await page.getByText('Did you mean upper?').waitFor();
  await page.getByRole('button', { name: 'Undo' }).click();

  await page.getByRole('link', { name: /Health/ }).click();
  await page.getByRole('region', { name: 'Health' }).getByRole('button', { name: 'Run' }).click();
  await page.getByText('2 done, 0 not Ok').waitFor();
  await sound('scenario');

  // Values, loops and rows of data are set here and act in the run.
  await page.getByRole('link', { name: /Again/ }).click();
  await page.getByRole('link', { name: 'Flow', exact: true }).click();
  await page.getByRole('button', { name: 'Add a value' }).click();
  await page.getByRole('textbox', { name: 'Variable Flow 1' }).fill('word');
  await page.getByRole('combobox', { name: 'Value Flow 1' }).fill('live');
  await page.getByRole('checkbox', { name: 'Once for each element of a list' }).check();
  await page.getByRole('combobox', { name: 'List (a JSON array)' }).fill('[1,2]');
  await page.getByRole('combobox', { name: 'Address' }).fill(`${stage.url}/health/\${word}`);
  await page.getByText('Not saved yet').waitFor();
  // What is typed and not saved is known to previews.
  await page.getByText(/Becomes .*‹word›/).waitFor();
  await sound('flow');
  await page.getByRole('link', { name: /Health/ }).click();
  await page.getByRole('checkbox', { name: 'Once for each row of data' }).check();
  await page.getByRole('textbox', { name: 'Rows' }).fill('who\nann\nbob\n');
  await page.getByRole('region', { name: 'Health' }).getByRole('button', { name: 'Run' }).click();
  // Two rows, each with the first request once and the second one twice.
  await page.getByText('6 done, 0 not Ok').waitFor();

  await page.getByRole('link', { name: 'API tester' }).click();
  await page.getByRole('link', { name: 'History' }).click();
  await page.getByRole('link', { name: 'Health' }).first().click();
  await page.getByRole('heading', { name: 'Health', level: 1 }).waitFor();
  await page.getByText('Is it ready').first().waitFor();
  await sound('run');
  expect(me.complaints).toEqual([]);
});

it('keeps secrets, takes in the sample, and tries an operation of the API', { timeout: 90_000 }, async () => {
  const { page } = me;
  await me.go('/tester');
  await page.getByRole('button', { name: 'Sample: the procedures' }).click();
  await page.getByRole('heading', { name: 'Procedures', level: 1 }).waitFor();
  await page.getByRole('button', { name: 'Environments' }).click();
  await page.getByLabel('Value token').fill(stage.token);
  await sound('environments');
  await page.keyboard.press('Escape');
  await page.getByRole('link', { name: /Create an engine/ }).click();
  await page.getByRole('region', { name: 'Create an engine' }).getByRole('button', { name: 'Run' }).click();
  await page.getByText(/\d done, 0 not Ok/).waitFor();
  await page
    .getByText('Finished')
    .or(page.getByText('Ok', { exact: true }))
    .first()
    .waitFor();
  expect(await page.content()).not.toContain(stage.token);

  await me.go('/tester/reference?document=core&find=workspaces');
  await page
    .getByRole('button', { name: /^Try it get \/orchestration\/workspaces/ })
    .first()
    .click();
  await page.getByRole('heading', { name: 'API reference', level: 1 }).waitFor();
  await page.getByRole('combobox', { name: 'Address' }).waitFor();
  await sound('try');
  expect(me.complaints).toEqual([]);
});
