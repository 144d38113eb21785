/** What can be done with many runs at once. */

import { IconPlayerStop, IconRefresh } from '@tabler/icons-react';
import { useQueryClient } from '@tanstack/react-query';
import type { Past } from '../api/work';
import { useHolds, useMay } from '../app/context';
import { runAgainById, stopPlanRun, stopRun } from '../lib/run-again';
import type { Chosen } from '../lib/use-chosen';
import { b } from '../texts/bulk';
import { stateOf } from '../texts/status';
import { shortTime } from '../texts/time';
import { type BulkAct, BulkBar } from '../ui/bulk';
import { ExecutableName } from '../ui/executable';
import { StateBadge } from '../ui/parts';

/** What a run is called in the choice. */
export const runKey = (run: Past) => run.id;
/** What a run is called in words. */
export const runWords = (run: Past) => `${run.name} ${shortTime(run.triggerTime, Date.now())}`.trim();
const isPlan = (run: Past) => run.type === 'PLAN';

function RunName({ run }: { run: Past }) {
  return (
    <>
      {run.name || <ExecutableName id={run.taskId ?? run.id} plan={false} />}{' '}
      <span className="muted">{shortTime(run.triggerTime, Date.now())}</span> <StateBadge status={run.status} />
    </>
  );
}

function useActs(): BulkAct<Past>[] {
  const holds = useHolds();
  const operator = useMay('TMC_OPERATOR');
  const starter = useMay('TMC_OPERATOR', 'TMC_ENGINE_USE');
  const x = b.runs;
  // The plain list does not say where a run belongs; then the server decides.
  const mayNot = (run: Past) => run.workspaceId !== undefined && !holds(run.workspaceId, 'EXECUTE');
  if (!starter) return [];
  return [
    {
      label: b.stop,
      icon: <IconPlayerStop size={16} aria-hidden />,
      question: x.stop,
      hint: x.stopHint,
      against: (run) => {
        if (stateOf(run.status).done) return x.isOver;
        return mayNot(run) || (isPlan(run) && !operator) ? b.noRight('EXECUTE') : undefined;
      },
      act: (run) => (isPlan(run) ? stopPlanRun(run.id) : stopRun(run.id)),
    },
    {
      label: b.again,
      icon: <IconRefresh size={16} aria-hidden />,
      question: x.again,
      hint: x.againHint,
      shortcut: 'R',
      against: (run) => {
        if (isPlan(run)) return x.isPlan;
        if (!stateOf(run.status).done) return x.isOpen;
        if (!run.taskId) return x.noTask;
        return mayNot(run) ? b.noRight('EXECUTE') : undefined;
      },
      act: (run) => runAgainById(run.taskId ?? '', run.id),
    },
  ];
}

/** The bar. */
export function RunsBulk({ chosen }: { chosen: Chosen<Past> }) {
  const queries = useQueryClient();
  const acts = useActs();
  return (
    <BulkBar
      chosen={chosen}
      acts={acts}
      keyOf={runKey}
      nameOf={(run) => <RunName run={run} />}
      done={() => queries.invalidateQueries({ queryKey: ['runs'] })}
    />
  );
}
