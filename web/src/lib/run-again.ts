/** Starting a run again, and stopping one. */

import { body, core, own } from '../api/client';
import type { RunTimeline } from '../api/queries';

/** Starts a task with the visible parameters of a run of it; gives the id of the new run. */
export async function runAgain(taskId: string, line: Pick<RunTimeline, 'parameters'>): Promise<string> {
  const parameters = Object.fromEntries((line.parameters ?? []).map((one) => [one.name, one.value]));
  const started = await body(core.POST('/processing/executions', { body: { executable: taskId, parameters } }));
  return String(started?.executionId);
}

/** The same for a run whose parameters are still to be read. */
export async function runAgainById(taskId: string, runId: string): Promise<string> {
  const line = await body(own.GET('/stoker/v1/executions/{id}/timeline', { params: { path: { id: runId } } }));
  return runAgain(taskId, line as RunTimeline);
}

/** Asks a run to stop. */
export const stopRun = (executionId: string) =>
  body(core.DELETE('/processing/executions/{executionId}', { params: { path: { executionId } } }));

/** Asks a plan run, and everything it has started, to stop. */
export const stopPlanRun = (id: string) =>
  body(own.DELETE('/stoker/v1/executions/plans/{id}', { params: { path: { id } } }));
