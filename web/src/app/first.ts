/** What is asked for before anything is drawn, so that answers come while the scripts are at work. */

import type { QueryKey } from '@tanstack/react-query';
import { speakFor } from '../api/client';
import { engineReports } from '../api/infra';
import { atWork, lastDay, next, waiting } from '../api/overview';
import { artifactPage, planPage, taskPage } from '../api/pages';
import { clusters, engine, engines, environments, run, runConfig, runTimeline, task, workspaces } from '../api/queries';
import { historyHead, plan } from '../api/work';
import { historyOf, RUN_KEYS, type RunSearch } from '../lib/run-search';
import { client, session } from './client';
import { chosen, readScope } from './scope';

interface Question {
  queryKey: QueryKey;
}

interface Opened {
  scope: { environmentId: string; workspaceId?: string };
  /** Second part of the path. */
  id: string;
  search: URLSearchParams;
  permissions: readonly string[];
}

function runList({ scope, search, permissions }: Opened): Question[] {
  const given: RunSearch = Object.fromEntries(RUN_KEYS.flatMap((key) => [[key, search.get(key) ?? undefined]]));
  // Who may not search the history reads another list, and whether a place is a cluster is not known yet.
  if (given.view || given.place || !permissions.includes('TMC_OPERATOR')) return [];
  return [historyHead(historyOf(given, scope, Date.now(), () => false))];
}

/** By the first part of the path: what the list there begins with, and the page of one of its things. */
const PLACES: Record<string, { list: (it: Opened) => Question[]; one?: (it: Opened) => Question[] }> = {
  '': {
    list: ({ scope }) => [atWork(scope), waiting(scope), lastDay(scope), engines(), next(scope)],
  },
  runs: { list: runList, one: ({ id }) => [run(id), runTimeline(id)] },
  tasks: {
    list: ({ scope, search }) => (search.size > 0 ? [] : [taskPage(scope, 0), engines(), clusters()]),
    one: ({ id }) => [task(id), runConfig(id)],
  },
  plans: {
    list: ({ scope, search }) => (search.size > 0 ? [] : [planPage(scope, 0)]),
    one: ({ id }) => [plan(id)],
  },
  artifacts: { list: ({ scope, search }) => (search.size > 0 ? [] : [artifactPage(scope, 0)]) },
  engines: { list: () => [engines(), engineReports()], one: ({ id }) => [engine(id)] },
};

const ask = (one: Question) => client.prefetchQuery(one);

async function askForPage(): Promise<void> {
  const [, part = '', id = ''] = window.location.pathname.split('/');
  const place = PLACES[part];
  const questions = id === '' ? place?.list : place?.one;
  // What is made new has nothing to be read.
  if (!questions || id === 'new') return;
  const [who, all, inside] = await Promise.all([
    client.fetchQuery(session()),
    client.fetchQuery(environments()),
    client.fetchQuery(workspaces()),
  ]);
  const { environmentId, workspaceId } = chosen(readScope(), all, inside).query;
  if (!who || !environmentId) return;
  // Searches are sent like changes.
  speakFor(who);
  const search = new URLSearchParams(window.location.search);
  const opened = { scope: { environmentId, workspaceId }, id, search, permissions: who.permissions };
  await Promise.all(questions(opened).map(ask));
}

/** Begins, where the document says that somebody is signed in; failures are told by the page that asks again. */
export function begin(): void {
  if (!document.querySelector('link[rel="preload"][as="fetch"]')) return;
  for (const one of [session(), environments(), workspaces()]) void ask(one);
  askForPage().catch(() => undefined);
}
