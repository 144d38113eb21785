/** What the pages of the API tester read and write. */

import { queryOptions } from '@tanstack/react-query';
import type { Document, Entity } from '../lib/tester-doc';
import { body, own } from './client';
import type { components as Own } from './generated/stoker';

type S = Own['schemas'];
export type ProjectLine = S['TestProject'];
export type Project = Omit<S['TestProjectDocument'], 'document'> & { document: Document };
export type Written = S['TestProjectWritten'];
export type Preview = S['TestPreviewed'];
export type RunLine = S['TestRun'];
/** An engine that one may choose as the sender. */
export type TestEngine = S['TestEngine'];
export type Outcome = NonNullable<RunLine['outcome']>;
export type Run = S['TestRunReport'];
export type Pair = S['TestPair'];
export type Exchange = S['TestExchange'];
export type RequestReport = S['TestRequestReport'];
export type Check = S['TestCheck'];
export type Judged = S['TestJudged'];
export type Language = S['TestCode']['language'];

const at = (id: string) => ({ params: { path: { id } } });

export const projects = () =>
  queryOptions({ queryKey: ['tester', 'projects'], queryFn: () => body(own.GET('/stoker/v1/tester/projects')) });

export const project = (id: string) =>
  queryOptions({
    queryKey: ['tester', 'project', id],
    queryFn: async () => (await body(own.GET('/stoker/v1/tester/projects/{id}', at(id)))) as Project,
    staleTime: 5_000,
    // Others may change one that is shared.
    refetchInterval: (query) => (query.state.data?.workspaceId ? 30_000 : false),
  });

export const history = (projectId?: string) =>
  queryOptions({
    queryKey: ['tester', 'runs', projectId ?? ''],
    queryFn: async () => (await body(own.GET('/stoker/v1/tester/runs', { params: { query: { projectId } } }))).items,
  });

/** The engines that one may choose as the sender. */
export const engines = () =>
  queryOptions({
    queryKey: ['tester', 'engines'],
    queryFn: async () => (await body(own.GET('/stoker/v1/tester/engines'))).items,
    staleTime: 10_000,
  });

/** A run; while it goes on, it is asked for again and again. */
export const run = (id: string) =>
  queryOptions({
    queryKey: ['tester', 'run', id],
    queryFn: () => body(own.GET('/stoker/v1/tester/runs/{id}', at(id))),
    refetchInterval: (query) => (!query.state.data || query.state.data.state === 'running' ? 300 : false),
  });

/** Against what expressions are evaluated: an environment, or the variables of one that is not kept yet. */
export interface Values {
  environmentId?: string;
  variables?: Pair[];
}

export const preview = (id: string, values: Values, text: string, place?: number) =>
  body(own.POST('/stoker/v1/tester/projects/{id}/preview', { ...at(id), body: { text, at: place, ...values } }));
/** What assertions and extractions say of the latest response, as they are typed. */
export const judge = (id: string, values: Values, request: Entity) =>
  body(own.POST('/stoker/v1/tester/projects/{id}/checks', { ...at(id), body: { request, ...values } }));

export const createProject = (name: string) => body(own.POST('/stoker/v1/tester/projects', { body: { name } }));
export const importFile = (text: string, format?: S['TestImport']['format']) =>
  body(own.POST('/stoker/v1/tester/imports', { body: { text, format } }));
export const saveProject = (id: string, version: number, name: string, document: Document) =>
  body(own.PUT('/stoker/v1/tester/projects/{id}', { ...at(id), body: { version, name, document } }));
/** Shares a project with a workspace, or takes it back without one. */
export const shareProject = (id: string, version: number, workspaceId: string | undefined) =>
  body(own.PUT('/stoker/v1/tester/projects/{id}/workspace', { ...at(id), body: { version, workspaceId } }));
/** Keeps one's own values of secret variables. */
export const keepSecrets = (id: string, values: S['TestSecretValue'][]) =>
  body(own.PUT('/stoker/v1/tester/projects/{id}/secrets', { ...at(id), body: { values } }));
export const deleteProject = (id: string) => body(own.DELETE('/stoker/v1/tester/projects/{id}', at(id)));
export const startRun = (id: string, chosen: { targetId?: string; environmentId?: string; engineId?: string }) =>
  body(own.POST('/stoker/v1/tester/projects/{id}/runs', { ...at(id), body: chosen }));
export const cancelRun = (id: string) => body(own.POST('/stoker/v1/tester/runs/{id}/cancel', at(id)));
export const codeOf = (id: string, values: Values, request: Entity, language: Language) =>
  body(
    own.POST('/stoker/v1/tester/projects/{id}/code', {
      ...at(id),
      body: { requestId: request.id, request, language, ...values },
    }),
  );
/** Makes a project of one's own with this content. */
export const keepAsOwn = (name: string, document: Document) =>
  body(own.POST('/stoker/v1/tester/imports', { body: { name, format: 'native', text: JSON.stringify(document) } }));
export const exportUrl = (id: string, format: string) =>
  `/stoker/v1/tester/projects/${encodeURIComponent(id)}/export?format=${format}`;
