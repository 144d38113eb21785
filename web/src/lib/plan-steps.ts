/** The steps of a plan while they are edited. */

import type { Step } from '../api/work';

/** One step with a key that stays while it is moved. */
export interface DraftStep {
  key: string;
  id?: string;
  name: string;
  condition: Step['condition'];
  taskIds: string[];
  handlerTasks: string[];
  handlerPlans: string[];
  note: string;
}

/** A step as the chart of a plan shows it. */
export interface ChartStep {
  id?: string;
  name?: string;
  status?: string;
  note?: string;
  taskIds?: string[];
  flows?: { id?: string; abstractPlanId?: string; name?: string }[];
  stepOnException?: ChartStep;
  nextStep?: ChartStep;
}

/** The steps of a plan in order; a plan holds them as a chain. */
export function planSteps<S extends { nextStep?: S }>(chart: S | undefined): S[] {
  const steps: S[] = [];
  for (let step = chart; step && steps.length < 1_000; step = step.nextStep) steps.push(step);
  return steps;
}

/** Ids of the tasks that a step runs, those of its failure handler among them. */
export function runsOf(step: ChartStep): string[] {
  const flows = [...(step.flows ?? []), ...(step.stepOnException?.flows ?? [])];
  return flows.flatMap((flow) => (flow.id ? [flow.id] : []));
}

/** A chart tells the condition of a step by the status that it needs. */
const CONDITIONS: Record<string, Step['condition']> = {
  SUCCESS: 'ALL_SUCCEEDED',
  PARTIAL_SUCCESS: 'AT_LEAST_ONE_SUCCEEDED',
  PROCEED: 'ALWAYS_PROCEED_ON',
};

/** The condition of a step of a chart. */
export function conditionOf(step: ChartStep): Step['condition'] {
  return CONDITIONS[step.status ?? ''] ?? 'ALL_SUCCEEDED';
}

/** The steps of a chart as drafts. */
export function draftsOf(steps: ChartStep[]): DraftStep[] {
  return steps.map((step, number) => ({
    key: step.id ?? `step-${number}`,
    id: step.id,
    name: step.name ?? '',
    condition: conditionOf(step),
    taskIds: (step.flows ?? []).flatMap((flow) => (flow.id ? [flow.id] : [])),
    handlerTasks: (step.stepOnException?.flows ?? []).flatMap((flow) => (flow.id ? [flow.id] : [])),
    handlerPlans: (step.stepOnException?.flows ?? []).flatMap((flow) =>
      flow.abstractPlanId ? [flow.abstractPlanId] : [],
    ),
    note: step.note ?? '',
  }));
}

/** The drafts as the API takes them. */
export function requestOf(drafts: DraftStep[]): Step[] {
  return drafts.map((step) => {
    const handled = step.handlerTasks.length + step.handlerPlans.length > 0;
    return {
      ...(step.id ? { id: step.id } : {}),
      name: step.name.trim(),
      condition: step.condition,
      taskIds: step.taskIds,
      ...(handled ? { handlerOnFailure: { taskIds: step.handlerTasks, planIds: step.handlerPlans } } : {}),
      ...(step.note.trim() ? { note: step.note.trim() } : {}),
    };
  });
}

/** A new step with a name that none has yet. */
export function newStep(existing: DraftStep[], key: string): DraftStep {
  let number = existing.length + 1;
  while (existing.some((step) => step.name === `Step ${number}`)) number += 1;
  return {
    key,
    name: `Step ${number}`,
    condition: 'ALL_SUCCEEDED',
    taskIds: [],
    handlerTasks: [],
    handlerPlans: [],
    note: '',
  };
}

/** The list with one step moved; unchanged at its ends. */
export function moved<T>(list: T[], from: number, to: number): T[] {
  const item = list[from];
  if (item === undefined || to < 0 || to >= list.length) return list;
  const rest = list.filter((_, index) => index !== from);
  return [...rest.slice(0, to), item, ...rest.slice(to)];
}
