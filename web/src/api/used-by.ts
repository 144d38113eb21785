/** Plans by what their tasks need, which no call of the API looks for. */

import { queryOptions } from '@tanstack/react-query';
import { planSteps, runsOf } from '../lib/plan-steps';
import { planPage, taskPage } from './pages';
import { PAGE, type PlanItem, type TaskItem, whole } from './queries';

/** The plans with a task that runs on an engine or cluster, by name. */
export const plansOnEngine = (environmentId: string | undefined, runtimeId: string) =>
  queryOptions({
    // Read whole, so it is not read again with every change.
    queryKey: ['names', 'plans-on', environmentId, runtimeId],
    queryFn: async ({ client }): Promise<PlanItem[]> => {
      const place = { environmentId };
      const tasks = await whole<TaskItem>((offset) =>
        client.fetchQuery(taskPage({ ...place, runtimeId }, offset / PAGE)),
      );
      if (tasks.length === 0) return [];
      const here = new Set(tasks.map((one) => one.executable));
      const plans = await whole<PlanItem>((offset) => client.fetchQuery(planPage(place, offset / PAGE)));
      return plans.filter((plan) => planSteps(plan.chart).some((step) => runsOf(step).some((id) => here.has(id))));
    },
    enabled: environmentId !== undefined,
    staleTime: 30_000,
  });
