/** What can be done with many tasks at once. */

import { IconArrowUp, IconPlayerPause, IconPlayerPlay, IconTrash } from '@tabler/icons-react';
import { useQueryClient } from '@tanstack/react-query';
import { body, core } from '../api/client';
import type { TaskItem } from '../api/queries';
import type { TaskStanding } from '../api/standings';
import { type Right, useHolds, useMay } from '../app/context';
import type { Chosen } from '../lib/use-chosen';
import { b } from '../texts/bulk';
import { type BulkAct, BulkBar } from '../ui/bulk';

/** What a task is called in the choice. */
export const taskKey = (one: TaskItem) => one.executable ?? '';
export const taskName = (one: TaskItem) => one.name ?? '';
export const isPaused = (one: TaskItem) => one.taskPauseDetails?.pause === true;
const icon = { size: 16, 'aria-hidden': true } as const;

function pause(one: TaskItem, pause: boolean) {
  const params = { path: { taskId: taskKey(one) } };
  return body(core.PUT('/orchestration/executables/tasks/{taskId}/pause', { params, body: { pause } }));
}

/** Takes the newest version of the artifact, also where the task does not follow it by itself. */
export function upgrade(taskId: string) {
  const params = { path: { taskId } };
  const wish = { latestArtifact: true, forceUpdate: true };
  return body(core.PATCH('/orchestration/executables/tasks/{taskId}', { params, body: wish }));
}

/** Whether a newer version of its artifact was published. */
export const isBehind = (of: TaskStanding | undefined): of is TaskStanding & { newestVersion: string } =>
  of?.newestVersion !== undefined && of.newestVersion !== of.artifactVersion;

function useActs(chosen: TaskItem[], standings: Map<string, TaskStanding>): BulkAct<TaskItem>[] {
  const holds = useHolds();
  const operator = useMay('TMC_OPERATOR');
  const starter = useMay('TMC_OPERATOR', 'TMC_ENGINE_USE');
  const x = b.tasks;
  const needs =
    (right: Right, then: (one: TaskItem) => string | undefined = () => undefined) =>
    (one: TaskItem) =>
      holds(one.workspace?.id, right) ? then(one) : b.noRight(right);
  const run: BulkAct<TaskItem> = {
    label: b.run,
    icon: <IconPlayerPlay {...icon} />,
    question: x.run,
    hint: x.runHint,
    shortcut: 'R',
    against: needs('EXECUTE', (one) => (isPaused(one) ? x.isPaused : one.runtime?.id ? undefined : x.isDraft)),
    act: (one) => body(core.POST('/processing/executions', { body: { executable: taskKey(one) } })),
  };
  const allPaused = chosen.length > 0 && chosen.every(isPaused);
  const rest: BulkAct<TaskItem>[] = [
    {
      label: b.pause,
      icon: <IconPlayerPause {...icon} />,
      question: x.pause,
      hint: x.pauseHint,
      shortcut: allPaused ? undefined : 'P',
      against: needs('EXECUTE', (one) => (isPaused(one) ? x.isPaused : undefined)),
      act: (one) => pause(one, true),
    },
    {
      label: b.resume,
      icon: <IconPlayerPlay {...icon} />,
      question: x.resume,
      hint: x.resumeHint,
      shortcut: allPaused ? 'P' : undefined,
      against: needs('EXECUTE', (one) => (isPaused(one) ? undefined : x.notPaused)),
      act: (one) => pause(one, false),
    },
    {
      label: b.upgrade,
      icon: <IconArrowUp {...icon} />,
      question: x.upgrade,
      hint: x.upgradeHint,
      // One that was chosen before it could be seen how it stands is asked for anyway.
      against: needs('AUTHOR', (one) => {
        const of = standings.get(taskKey(one));
        return of && !isBehind(of) ? x.isNewest : undefined;
      }),
      act: (one) => upgrade(taskKey(one)),
    },
    {
      label: b.delete,
      icon: <IconTrash {...icon} />,
      question: x.delete,
      hint: x.deleteHint,
      danger: true,
      against: needs('AUTHOR'),
      act: (one) =>
        body(core.DELETE('/orchestration/executables/tasks/{taskId}', { params: { path: { taskId: taskKey(one) } } })),
    },
  ];
  return [...(starter ? [run] : []), ...(operator ? rest : [])];
}

/** The bar. */
export function TasksBulk({ chosen, standings }: { chosen: Chosen<TaskItem>; standings: Map<string, TaskStanding> }) {
  const queries = useQueryClient();
  const acts = useActs(chosen.items, standings);
  const done = () =>
    Promise.all([
      queries.invalidateQueries({ queryKey: ['objects'] }),
      queries.invalidateQueries({ queryKey: ['runs'] }),
    ]);
  return <BulkBar chosen={chosen} acts={acts} keyOf={taskKey} nameOf={taskName} done={done} />;
}
