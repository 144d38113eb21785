/** A browser, and what every test does in it. */

import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { type Browser, type BrowserContext, chromium, type Page } from 'playwright-core';
import type { Stage } from './stage';

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

/** Widths and themes in which pages are looked at. */
export const LOOKS = [
  { name: 'light', width: 1440, height: 900, dark: false },
  { name: 'dark', width: 1440, height: 900, dark: true },
  { name: 'phone-light', width: 390, height: 844, dark: false },
  { name: 'phone-dark', width: 390, height: 844, dark: true },
];

/** Debian's Chromium; nothing is downloaded. */
export function launch(): Promise<Browser> {
  return chromium.launch({
    executablePath: process.env.STOKER_CHROMIUM ?? '/usr/bin/chromium',
    args: ['--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage'],
  });
}

/** What a page must not do: fail in a script, break its policy, or ask for something that is not there. */
export class Watched {
  readonly complaints: string[] = [];

  constructor(
    readonly page: Page,
    readonly url: string,
  ) {
    page.on('pageerror', (error) => this.complaints.push(`script: ${error.message}`));
    page.on('console', (message) => {
      // Chromium writes refusals of the API here too; pages show them themselves.
      if (message.type() === 'error' && !message.text().startsWith('Failed to load resource')) {
        this.complaints.push(`console: ${message.text()}`);
      }
    });
    page.on('request', (request) => {
      if (!request.url().startsWith(url) && !request.url().startsWith('data:')) {
        this.complaints.push(`third party: ${request.url()}`);
      }
    });
  }

  async go(path: string): Promise<void> {
    await this.page.goto(this.url + path);
  }

  /** Every violation that axe finds, as text; empty when all is well. */
  async violations(): Promise<string[]> {
    // Through the debugger, which the policy of the page does not bind.
    await this.page.evaluate(axe);
    return this.page.evaluate(async () => {
      interface Found {
        violations: { id: string; nodes: { html: string; failureSummary?: string }[] }[];
      }
      const run = (window as unknown as { axe: { run: (options: object) => Promise<Found> } }).axe;
      const found = await run.run({ resultTypes: ['violations'] });
      return found.violations.map(
        (one) =>
          `${one.id}: ${one.nodes.map((node) => `${node.html.slice(0, 160)} ${node.failureSummary ?? ''}`).join(' | ')}`,
      );
    });
  }
}

/** A signed-in page in a browser of its own. */
export async function signedIn(
  browser: Browser,
  stage: Stage,
  options: { width?: number; height?: number; dark?: boolean } = {},
): Promise<Watched & { context: BrowserContext }> {
  const context = await browser.newContext({
    viewport: { width: options.width ?? 1440, height: options.height ?? 900 },
    colorScheme: options.dark ? 'dark' : 'light',
    reducedMotion: 'reduce',
    locale: 'en-GB',
    timezoneId: 'Europe/Berlin',
  });
  const page = await context.newPage();
  page.setDefaultTimeout(15_000);
  const watched = Object.assign(new Watched(page, stage.url), { context });
  await watched.go('/');
  await page.getByText('Access token', { exact: true }).click();
  await page.getByLabel('Personal access token').fill(stage.token);
  await page.getByRole('button', { name: 'Sign in' }).click();
  await page.getByRole('heading', { name: 'Overview', level: 1 }).waitFor();
  return watched;
}

/** Signs somebody in who has these permissions, and only these rights on the workspace. */
export async function somebody(
  browser: Browser,
  stage: Stage,
  login: string,
  rights: string[],
  permissions = ['TMC_OPERATOR', 'TMC_ENGINE_USE'],
): Promise<Page> {
  const role = await stage.call('POST', '/account/roles', { name: `Role of ${login}`, permissions });
  const person = { login, email: `${login}@example.com`, firstName: login, lastName: 'Ewer', roleIds: [role.id] };
  const user = await stage.call('POST', '/account/users', person);
  const password = 'correct horse battery';
  await stage.call('PUT', `/stoker/v1/users/${user.id}/password`, { newPassword: password });
  if (rights.length > 0) {
    await stage.call('POST', `/security/workspaces/${stage.workspaceId}/users/${user.id}/permissions`, rights);
  }
  const page = await (await browser.newContext({ locale: 'en-GB', reducedMotion: 'reduce' })).newPage();
  page.setDefaultTimeout(15_000);
  await page.goto(stage.url);
  await page.evaluate(
    (body) => fetch('/stoker/v1/session', { method: 'POST', headers: { 'content-type': 'application/json' }, body }),
    JSON.stringify({ login, password }),
  );
  await page.goto(stage.url);
  await page.getByRole('heading', { name: 'Overview', level: 1 }).waitFor();
  return page;
}
