/** Choosing where a task runs: an engine or a cluster of the environment. */

import { Select } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { body, core } from '../api/client';
import { clusters, engines, type RunConfig } from '../api/queries';
import { useScope } from '../app/context';
import { t } from '../texts/pages';
import { ofEnvironment } from './engines';

/** An engine or a cluster. */
export class Place {
  constructor(
    readonly type: 'REMOTE_ENGINE' | 'REMOTE_ENGINE_CLUSTER',
    readonly id: string,
  ) {}

  /** Makes it the place of a task that is started by hand. */
  async store(taskId: string, parallelExecutionAllowed: boolean): Promise<void> {
    // By the document a trigger has a date and a zone; one by hand has none.
    const trigger = { type: 'MANUAL' } as RunConfig['trigger'];
    await body(
      core.PUT('/orchestration/executables/tasks/{taskId}/run-config', {
        params: { path: { taskId } },
        body: { trigger, runtime: { type: this.type, id: this.id }, parallelExecutionAllowed },
      }),
    );
  }
}

/** The choice. */
export function PlaceSelect({ value, change }: { value?: Place; change: (place: Place | undefined) => void }) {
  const scope = useScope();
  const all = useQuery(engines());
  const groups = useQuery(clusters());
  const here = scope.environment?.id;
  const singles = ofEnvironment(all.data, here);
  const joint = (groups.data ?? []).filter((one) => one.workspace?.environment?.id === here);
  const item = (one: { id: string; name: string }) => ({ value: one.id, label: one.name });
  const pick = (id: string | null) => {
    if (!id) return change(undefined);
    change(new Place(joint.some((one) => one.id === id) ? 'REMOTE_ENGINE_CLUSTER' : 'REMOTE_ENGINE', id));
  };
  return (
    <Select
      label={t.newTask.where}
      placeholder={t.newTask.pickWhere}
      data={[
        { group: t.nav.engines, items: singles.map(item) },
        ...(joint.length > 0 ? [{ group: t.engines.cluster, items: joint.map(item) }] : []),
      ]}
      value={value?.id ?? null}
      onChange={pick}
      searchable
    />
  );
}
