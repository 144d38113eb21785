/** What can be done with many plans at once. */

import { IconPlayerPause, IconPlayerPlay, IconTrash } from '@tabler/icons-react';
import { useQueryClient } from '@tanstack/react-query';
import { body, core } from '../api/client';
import type { PlanItem } from '../api/queries';
import { type Right, useHolds, useMay } from '../app/context';
import type { Chosen } from '../lib/use-chosen';
import { b } from '../texts/bulk';
import { w } from '../texts/work';
import { type BulkAct, BulkBar } from '../ui/bulk';

/** What a plan is called in the choice. */
export const planKey = (one: PlanItem) => one.executable;
export const planName = (one: PlanItem) => one.name;
const isPaused = (one: PlanItem) => one.planPauseDetails?.pause === true;
const icon = { size: 16, 'aria-hidden': true } as const;

function pause(one: PlanItem, pause: boolean) {
  const params = { path: { planId: planKey(one) } };
  return body(core.PUT('/orchestration/executables/plans/{planId}/pause', { params, body: { pause } }));
}

function useActs(chosen: PlanItem[]): BulkAct<PlanItem>[] {
  const holds = useHolds();
  const operator = useMay('TMC_OPERATOR');
  const x = b.plans;
  const needs =
    (right: Right, then: (one: PlanItem) => string | undefined = () => undefined) =>
    (one: PlanItem) =>
      holds(one.workspace?.id, right) ? then(one) : b.noRight(right);
  const allPaused = chosen.length > 0 && chosen.every(isPaused);
  if (!operator) return [];
  return [
    {
      label: b.run,
      icon: <IconPlayerPlay {...icon} />,
      question: x.run,
      hint: x.runHint,
      shortcut: 'R',
      against: needs('EXECUTE', (one) => (isPaused(one) ? b.tasks.isPaused : undefined)),
      act: (one) => body(core.POST('/processing/executions/plans', { body: { executable: planKey(one) } })),
    },
    {
      label: b.pause,
      icon: <IconPlayerPause {...icon} />,
      question: x.pause,
      hint: b.tasks.pauseHint,
      shortcut: allPaused ? undefined : 'P',
      against: needs('EXECUTE', (one) => (isPaused(one) ? b.tasks.isPaused : undefined)),
      act: (one) => pause(one, true),
    },
    {
      label: b.resume,
      icon: <IconPlayerPlay {...icon} />,
      question: x.resume,
      hint: b.tasks.resumeHint,
      shortcut: allPaused ? 'P' : undefined,
      against: needs('EXECUTE', (one) => (isPaused(one) ? undefined : b.tasks.notPaused)),
      act: (one) => pause(one, false),
    },
    {
      label: b.delete,
      icon: <IconTrash {...icon} />,
      question: x.delete,
      hint: w.plan.deleteHint,
      danger: true,
      against: needs('AUTHOR'),
      act: (one) =>
        body(core.DELETE('/orchestration/executables/plans/{planId}', { params: { path: { planId: planKey(one) } } })),
    },
  ];
}

/** The bar. */
export function PlansBulk({ chosen }: { chosen: Chosen<PlanItem> }) {
  const queries = useQueryClient();
  const acts = useActs(chosen.items);
  const done = () =>
    Promise.all([
      queries.invalidateQueries({ queryKey: ['objects'] }),
      queries.invalidateQueries({ queryKey: ['runs'] }),
    ]);
  return <BulkBar chosen={chosen} acts={acts} keyOf={planKey} nameOf={planName} done={done} />;
}
