/** A report of a promotion as one list of objects. */

import type { components } from '../api/generated/core';
import type { PromotionRun } from '../api/infra';

type S = components['schemas'];

/** One object of a report. */
export interface ReportItem {
  key: string;
  kind: string;
  name: string;
  /** The workspace it lies in; none for engines beside all workspaces. */
  workspace?: string;
  status: string;
  notes: { level: string; text: string }[];
  /** Id in the target environment. */
  targetId?: string;
}

interface Any {
  id?: string;
  targetId?: string;
  name?: string;
  type?: string;
  analyzeReport?: S['Report'];
  promotionReport?: S['Report'];
}

function item(one: Any, kind: string, workspace: string | undefined, key: string): ReportItem {
  const report = one.promotionReport ?? one.analyzeReport;
  return {
    key,
    kind,
    name: one.name ?? one.id ?? '',
    workspace,
    status: report?.status ?? 'SKIPPED',
    notes: (report?.messages ?? []).map((message) => ({ level: message.level ?? 'INFO', text: message.info ?? '' })),
    targetId: one.targetId,
  };
}

const ORDER = ['FAILED', 'CREATED', 'REPLACED', 'SKIPPED', 'REUSED'];

/** Every object of the report: what blocks first, then what is new or changed, then what stays. */
export function itemsOf(run: PromotionRun): ReportItem[] {
  const all: ReportItem[] = [];
  const take = (list: Any[] | undefined, kind: string, workspace: string | undefined, place: string) =>
    (list ?? []).forEach((one, index) => {
      all.push(item(one, kind, workspace, `${place}/${kind}/${one.id ?? index}`));
    });
  for (const workspace of run.workspaces ?? []) {
    const { name } = workspace;
    const place = workspace.id ?? name ?? '';
    all.push(item(workspace, 'WORKSPACE', undefined, place));
    take(workspace.flows as Any[], 'FLOW', name, place);
    take(workspace.plans as Any[], 'PLAN', name, place);
    take(workspace.actions as Any[], 'ACTION', name, place);
    take(workspace.connections as Any[], 'CONNECTION', name, place);
    take(workspace.resources as Any[], 'RESOURCE', name, place);
    take(workspace.engines as Any[], 'ENGINE', name, place);
    take(workspace.clusters as Any[], 'CLUSTER', name, place);
    for (const runtime of [...(workspace.engines ?? []), ...(workspace.clusters ?? [])]) {
      take(runtime.runProfiles as Any[], 'PROFILE', runtime.name, runtime.id ?? place);
    }
  }
  take(run.engines as Any[], 'ENGINE', undefined, 'all');
  take(run.clusters as Any[], 'CLUSTER', undefined, 'all');
  for (const runtime of [...(run.engines ?? []), ...(run.clusters ?? [])]) {
    take(runtime.runProfiles as Any[], 'PROFILE', runtime.name, runtime.id ?? 'all');
  }
  const rank = (one: ReportItem) => ORDER.indexOf(one.status);
  const seen = new Set<string>();
  return all
    .filter((one) => !seen.has(one.key) && seen.add(one.key))
    .map((one, index) => ({ one, index }))
    .sort((a, b) => rank(a.one) - rank(b.one) || a.index - b.index)
    .map(({ one }) => one);
}

/** How many objects there are of each status, in the order of the report. */
export function countsOf(items: ReportItem[]): [string, number][] {
  return ORDER.map((status): [string, number] => [status, items.filter((one) => one.status === status).length]).filter(
    ([, count]) => count > 0,
  );
}
