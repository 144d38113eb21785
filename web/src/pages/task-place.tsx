/** Choosing where a task runs: an engine or a cluster of the environment. */

import { Select, TextInput } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { profilesOf } from '../api/infra';
import { clusters, engines } from '../api/queries';
import { useScope } from '../app/context';
import type { How } from '../lib/task-form';
import { t } from '../texts/pages';
import { w } from '../texts/work';
import { ofEnvironment } from './engines';

/** An engine or a cluster. */
export type Place = NonNullable<How['place']>;

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
    change({ type: joint.some((one) => one.id === id) ? 'REMOTE_ENGINE_CLUSTER' : 'REMOTE_ENGINE', id });
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

/** What goes with the place: settings of the Java machine that it has, and a user of its system. */
export function PlaceExtras(props: {
  how: How;
  change: (part: Partial<How>) => void;
  error: (field: string) => string | undefined;
}) {
  const { how, change, error } = props;
  const kind = how.place?.type === 'REMOTE_ENGINE_CLUSTER' ? 'cluster' : 'engine';
  const found = useQuery({ ...profilesOf(kind, how.place?.id ?? ''), enabled: how.place !== undefined });
  const forJobs = (found.data ?? []).filter((one) => (one.type ?? one.runProfileType) === 'JOB_SERVER');
  return (
    <>
      <Select
        label={w.task.profile}
        placeholder={w.task.usualProfile}
        data={forJobs.map((one) => ({ value: one.id ?? '', label: one.name ?? '' }))}
        value={how.profile || null}
        onChange={(profile) => change({ profile: profile ?? '' })}
        error={error('runProfileId')}
        disabled={forJobs.length === 0 && !how.profile}
        clearable
        clearButtonProps={{ 'aria-label': w.task.usualProfile }}
      />
      <TextInput
        label={w.task.runAs}
        placeholder={w.task.runAsHint}
        value={how.runAs}
        onChange={(event) => change({ runAs: event.currentTarget.value })}
        error={error('remoteRunAsUser')}
      />
    </>
  );
}
