// Writes which files each page begins with, so that the server can name them in the document: a browser then fetches
// them at once instead of after the first script has run.
import { readFile, rm, writeFile } from 'node:fs/promises';

const dist = new URL('../dist/files/', import.meta.url);
// Stands for a page that is in the files which all begin with, see `vite.config.ts`.
const BASE = undefined;
// Patterns of paths in the order in which they are tried; `*` stands for one part.
const PAGES = [
  ['', 'overview'],
  ['runs', 'runs'],
  ['runs/*', 'run'],
  ['plan-runs/*', 'plan-run'],
  ['tasks', 'tasks'],
  ['tasks/new', 'task-new'],
  ['tasks/*', 'task'],
  ['tasks/*/edit', 'task-edit'],
  ['plans', 'plans'],
  ['plans/new', 'plan-edit'],
  ['plans/*', 'plans'],
  ['plans/*/edit', 'plan-edit'],
  ['schedules', 'schedules'],
  ['schedules/new', 'schedule-new'],
  ['schedules/*', 'schedule'],
  ['artifacts', 'artifacts'],
  ['artifacts/*', 'artifacts'],
  ['engines', BASE],
  ['engines/*', 'engine'],
  ['clusters', 'clusters'],
  ['clusters/*', 'cluster'],
  ['run-profiles', 'run-profiles'],
  ['gen2-engines', 'gen2-engines'],
  ['gen2-engines/*', 'gen2-engine'],
  ['dynamic-engines', 'dynamic-engines'],
  ['dynamic-engines/*', 'dynamic-engine'],
  ['dynamic-environments', 'dynamic-environments'],
  ['dynamic-environments/*', 'dynamic-environment'],
  ['manage', 'admin/index'],
  ['manage/connections', 'connections'],
  ['manage/connections/*', 'connection'],
  ['manage/resources', 'resources'],
  ['manage/resources/*', 'resource'],
  ['manage/environments', 'environments'],
  ['manage/environments/*', 'environment'],
  ['manage/promotions', 'promotions'],
  ['manage/promotions/*', 'promotion'],
  ['manage/projects', 'projects'],
  ['manage/projects/*', 'project'],
  ['manage/users', 'admin/users'],
  ['manage/users/*', 'admin/user'],
  ['manage/groups', 'admin/groups'],
  ['manage/groups/*', 'admin/groups'],
  ['manage/roles', 'admin/roles'],
  ['manage/roles/*', 'admin/role'],
  ['manage/service-accounts', 'admin/service-accounts'],
  ['manage/service-accounts/*', 'admin/service-account'],
  ['manage/rights', 'admin/rights'],
  ['manage/sign-in', 'admin/sign-in-rules'],
  ['manage/audit', 'admin/audit'],
  ['manage/audit/*', 'admin/audit-event'],
  ['manage/settings', 'admin/settings'],
  ['manage/usage', 'admin/usage'],
  ['manage/api', 'admin/api'],
  ['profile', 'admin/profile'],
  ['tester', 'tester/projects'],
  ['tester/history', 'tester/history'],
  ['tester/reference', 'tester/reference'],
  ['tester/runs/*', 'tester/run'],
  ['tester/projects/*', 'tester/project'],
];

const manifest = JSON.parse(await readFile(new URL('manifest.json', dist), 'utf8'));
const index = await readFile(new URL('index.html', dist), 'utf8');
const routes = PAGES.map(([pattern, page]) => {
  if (page === BASE) return [pattern, []];
  const source = `src/pages/${page}.tsx`;
  // A page that others take parts from is a shared chunk, which is named after it.
  const named = page.split('/').at(-1);
  const shared = Object.keys(manifest).find((key) => key.startsWith('_') && manifest[key].name === named);
  const start = manifest[source] ? source : shared;
  if (!start) throw new Error(`${source} is no page of the build: correct the list in scripts/routes.mjs`);
  const seen = new Set();
  const visit = (name) => {
    if (seen.has(name)) return;
    seen.add(name);
    for (const next of manifest[name].imports ?? []) visit(next);
  };
  visit(start);
  const files = [...seen].map((name) => manifest[name].file);
  return [pattern, files.filter((file) => !index.includes(file))];
});
await writeFile(new URL('routes.json', dist), JSON.stringify(routes));
await rm(new URL('manifest.json', dist));
