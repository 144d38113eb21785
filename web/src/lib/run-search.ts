/** The filters of the runs page: how they stand in the address, and what the history is asked for. */

import type { HistoryFilter, HistorySearch, Past } from '../api/work';

/** What the address of the runs page may hold. */
export const RUN_KEYS = [
  'view',
  'status',
  'task',
  'days',
  'name',
  'plan',
  'artifact',
  'version',
  'place',
  'tag',
  'by',
  'author',
  'longer',
  'shorter',
  'from',
  'to',
  'id',
  'level',
  'profile',
  'kind',
] as const;
export type RunKey = (typeof RUN_KEYS)[number];
export type RunSearch = { [K in RunKey]?: string };

/** Keys that are behind *More filters*. */
export const MORE_KEYS: RunKey[] = [
  'name',
  'plan',
  'artifact',
  'version',
  'place',
  'tag',
  'by',
  'author',
  'longer',
  'shorter',
  'from',
  'to',
  'id',
  'level',
  'profile',
  'kind',
];

/** Statuses of the list of runs and those of the history that they stand for. */
const STATUSES: Record<string, string[]> = {
  executing: ['STARTING_FLOW_EXECUTION', 'STOPPING_FLOW_EXECUTION', 'UNKNOWN'],
  dispatching: ['EXECUTION_EVENT_RECEIVED', 'DISPATCHING_FLOW'],
  execution_successful: ['EXECUTION_SUCCESS'],
  execution_failed: ['EXECUTION_FAILED'],
  execution_rejected: ['EXECUTION_REJECTED'],
  deploy_failed: ['DEPLOY_FAILED', 'EXECUTION_MISFIRED'],
  terminated: ['EXECUTION_TERMINATED'],
  terminated_timeout: ['EXECUTION_TERMINATED_TIMEOUT'],
};

/** Statuses of what may still change. */
export const OPEN_STATUSES = [...(STATUSES.dispatching ?? []), ...(STATUSES.executing ?? [])];

/** Value of `kind`: the run of a plan is one entry instead of those of its tasks. */
export const WITH_PLANS = 'plans';

const DAY = 86_400_000;

const among = (field: string, value: string | string[] | undefined): HistoryFilter[] =>
  value === undefined || value.length === 0 ? [] : [{ field, operator: 'in', value }];

const seconds = (field: string, text: string | undefined): HistoryFilter[] => {
  const value = Number(text);
  if (!text || !Number.isFinite(value) || value < 0) return [];
  return [{ field: 'executeDurationMs', operator: field, value: Math.round(value * 1000) }];
};

/** Milliseconds of a local date and time as a field for them gives it. */
export function localInstant(text: string | undefined): number | undefined {
  const at = text ? new Date(text).getTime() : Number.NaN;
  return Number.isNaN(at) ? undefined : at;
}

/** What the history is asked for; `isCluster` tells engines from clusters. */
export function historyOf(
  search: RunSearch,
  scope: { environmentId?: string; workspaceId?: string },
  now: number,
  isCluster: (id: string) => boolean,
): HistorySearch {
  const filters: HistoryFilter[] = [
    ...among('workspaceId', scope.workspaceId),
    ...among(
      'status',
      search.status?.split(',').flatMap((status) => STATUSES[status] ?? []),
    ),
    ...among('taskId', search.task),
    ...among('planId', search.plan),
    ...among('artifactId', search.artifact),
    ...among('artifactVersion', search.version),
    ...among('tags', search.tag),
    ...among('operator', search.by),
    ...among('author', search.author),
    ...among('id', search.id),
    ...among('runProfileId', search.profile),
    ...(search.task ? among('logLevel', search.level) : []),
    ...seconds('greater_than', search.longer),
    ...seconds('less_than', search.shorter),
  ];
  if (search.name && search.name.trim().length >= 3) {
    filters.push({ field: 'name', operator: 'match', value: search.name.trim() });
  }
  if (search.place) {
    const field = isCluster(search.place) ? 'clusterId' : 'engineId';
    filters.push({ field: 'runtime', operator: 'or', value: [{ field, operator: 'in', value: [search.place] }] });
  }
  const days = search.days ? Number(search.days) : undefined;
  // Whole minutes, so that the question stays the same while the clock goes on.
  const since = days ? Math.floor((now - days * DAY) / 60_000) * 60_000 : localInstant(search.from);
  const until = days ? undefined : localInstant(search.to);
  const exclude = search.kind === WITH_PLANS ? 'TASK_EXECUTIONS_TRIGGERED_BY_PLAN' : 'PLAN_EXECUTIONS';
  return { environmentId: scope.environmentId, filters, exclude, from: since, to: until };
}

/** What has ended up to an instant: the next stretch of a long list. */
export function before(search: HistorySearch, end: number): HistorySearch {
  return {
    ...search,
    filters: [...search.filters, { field: 'status', operator: 'not_in', value: OPEN_STATUSES }],
    from: search.from ?? 0,
    to: Math.min(end, search.to ?? Number.POSITIVE_INFINITY),
  };
}

/** Adds records at the end, each once; where nothing is new the list stays as it is. */
export function extended(list: Past[], more: Past[]): Past[] {
  const known = new Set(list.map((one) => one.id));
  const fresh = more.filter((one) => !known.has(one.id));
  return fresh.length === 0 ? list : [...list, ...fresh];
}

/** Puts newer states of the same runs in their places; no row moves. */
export function patched(list: Past[], fresh: Past[]): Past[] {
  if (fresh.length === 0) return list;
  const by = new Map(fresh.map((one) => [one.id, one]));
  let changed = false;
  const next = list.map((one) => {
    const newer = by.get(one.id);
    if (!newer || (newer.status === one.status && newer.runEndTime === one.runEndTime)) return one;
    changed = true;
    return newer;
  });
  return changed ? next : list;
}

/** The fresh rows; one that tells nothing new is the known object, so that it need not be drawn again. */
export function unchanged<T extends { id: string }>(known: T[], fresh: T[]): T[] {
  const old = new Map(known.map((one) => [one.id, one]));
  return fresh.map((one) => {
    const before = old.get(one.id);
    return before && JSON.stringify(before) === JSON.stringify(one) ? before : one;
  });
}
