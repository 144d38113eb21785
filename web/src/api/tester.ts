/** What the pages of the API tester read and write. */

import { queryOptions } from '@tanstack/react-query';
import type { Document } from '../lib/tester-doc';
import { raw } from './client';

export interface ProjectLine {
  id: string;
  name: string;
  requests: number;
  version: number;
  createdAt: number;
  updatedAt: number;
  /** The workspace that it is shared with. */
  workspaceId?: string;
  /** Whether it is one's own. */
  own: boolean;
  mayChange: boolean;
}
export interface Project extends ProjectLine {
  secrets: string[];
  document: Document;
}
export interface Written extends ProjectLine {
  secrets: string[];
  warnings: string[];
}
export interface Preview {
  value?: string;
  problem?: { message: string; line: number; column: number; suggestion?: string };
  warnings: string[];
  completion?: { from: number; candidates: { insert: string; kind: string; help: string }[] };
}
export type Outcome = 'Ok' | 'Failure' | 'Error' | 'Skipped';
export interface RunLine {
  id: string;
  projectId: string;
  projectName: string;
  targetId?: string;
  targetName: string;
  environment?: string;
  state: 'running' | 'finished' | 'cancelled' | 'limit' | 'broken-off';
  outcome?: Outcome;
  problem?: string;
  requests: number;
  bad: number;
  startedAt: number;
  finishedAt?: number;
  /** The engine that sends its requests; the server without one. */
  engineId?: string;
  engineName?: string;
}
/** An engine that one may choose as the sender. */
export interface TestEngine {
  id: string;
  name: string;
  environment: string;
  state: 'ready' | 'away' | 'off' | 'outdated';
}
export interface Pair {
  name: string;
  value: string;
}
export interface Exchange {
  method: string;
  uri: string;
  requestHeaders: Pair[];
  requestBody: string;
  redirects: string[];
  status: number;
  message: string;
  responseHeaders: Pair[];
  responseBody: string;
  responseLength: number;
  latencyMs: number;
  durationMs: number;
}
export interface RequestReport {
  id: string;
  name: string;
  outcome: Outcome;
  attempts: number;
  durationMs: number;
  problem: string | null;
  checks: {
    subject: string;
    path: string;
    comparison: string;
    expected: string | null;
    received: string | null;
    outcome: Outcome;
    message: string;
  }[];
  warnings: string[];
  extracted: Pair[];
  exchange: Exchange | null;
}
export interface Run extends RunLine {
  report: { items: { unit: string; request: RequestReport }[]; leftOut: number };
}

const BASE = '/stoker/v1/tester';
const one = (id: string) => `${BASE}/projects/${encodeURIComponent(id)}`;

function send<T>(method: string, path: string, content?: unknown): Promise<T> {
  const body = content === undefined ? undefined : JSON.stringify(content);
  return raw<T>(path, { method, body, headers: body ? { 'content-type': 'application/json' } : undefined });
}

export const projects = () =>
  queryOptions({
    queryKey: ['tester', 'projects'],
    queryFn: () => raw<{ items: ProjectLine[]; more: boolean }>(`${BASE}/projects`),
  });

export const project = (id: string) =>
  queryOptions({ queryKey: ['tester', 'project', id], queryFn: () => raw<Project>(one(id)), staleTime: Infinity });

export const history = (projectId?: string) =>
  queryOptions({
    queryKey: ['tester', 'runs', projectId ?? ''],
    queryFn: async () => {
      const query = projectId ? `?${new URLSearchParams({ projectId })}` : '';
      return (await raw<{ items: RunLine[] }>(`${BASE}/runs${query}`)).items;
    },
  });

/** The engines that one may choose as the sender. */
export const engines = () =>
  queryOptions({
    queryKey: ['tester', 'engines'],
    queryFn: async () => (await raw<{ items: TestEngine[] }>(`${BASE}/engines`)).items,
    staleTime: 10_000,
  });

/** A run; while it goes on, it is asked for again and again. */
export const run = (id: string) =>
  queryOptions({
    queryKey: ['tester', 'run', id],
    queryFn: () => raw<Run>(`${BASE}/runs/${encodeURIComponent(id)}`),
    refetchInterval: (query) => (!query.state.data || query.state.data.state === 'running' ? 300 : false),
  });

export const preview = (id: string, environmentId: string | undefined, text: string, at?: number) =>
  send<Preview>('POST', `${one(id)}/preview`, { text, ...(environmentId ? { environmentId } : {}), at });

export const createProject = (name: string) => send<Written>('POST', `${BASE}/projects`, { name });
export const importFile = (text: string, format?: string) =>
  send<Written>('POST', `${BASE}/imports`, { text, ...(format ? { format } : {}) });
export const saveProject = (id: string, version: number, name: string, document: Document) =>
  send<Written>('PUT', one(id), { version, name, document });
/** Shares a project with a workspace, or takes it back without one. */
export const shareProject = (id: string, version: number, workspaceId: string | undefined) =>
  send<Written>('PUT', `${one(id)}/workspace`, { version, ...(workspaceId ? { workspaceId } : {}) });
/** Keeps one's own values of secret variables. */
export const keepSecrets = (id: string, values: { environmentId: string; variableId: string; value?: string }[]) =>
  send<{ secrets: string[] }>('PUT', `${one(id)}/secrets`, { values });
export const deleteProject = (id: string) => send<void>('DELETE', one(id));
export const startRun = (id: string, chosen: { targetId?: string; environmentId?: string; engineId?: string }) =>
  send<{ id: string }>('POST', `${one(id)}/runs`, chosen);
export const cancelRun = (id: string) => send<void>('POST', `${BASE}/runs/${encodeURIComponent(id)}/cancel`, {});
export const codeOf = (id: string, requestId: string, environmentId: string | undefined, language: string) =>
  send<{ text: string }>('POST', `${one(id)}/code`, {
    requestId,
    language,
    ...(environmentId ? { environmentId } : {}),
  });
export const exportUrl = (id: string, format: string) => `${one(id)}/export?format=${format}`;
