/** Changing a task: what it is, its parameters, and how it runs. */

import { Button, Checkbox, Group, Select, TextInput, Title } from '@mantine/core';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useNavigate, useParams } from '@tanstack/react-router';
import { type FormEvent, useMemo, useState } from 'react';
import { body, core, Problem } from '../api/client';
import { artifacts, artifactVersion, type RunConfig, runConfig, type Task, task } from '../api/queries';
import { useMay, useScope } from '../app/context';
import { fieldError, refusalOf } from '../lib/field-errors';
import { useDraft } from '../lib/use-draft';
import { t } from '../texts/pages';
import { w } from '../texts/work';
import { isSecret, ParameterFields } from '../ui/parameters';
import { Failure, Head, Notice, Waiting } from '../ui/parts';
import { Place, PlaceSelect } from './task-place';

interface Draft {
  name: string;
  description: string;
  tags: string;
  version: string;
  upgrade: boolean;
  override: boolean;
  parameters: Record<string, string>;
  place?: { type: Place['type']; id: string };
  logLevel: string;
  timeout: string;
  parallel: boolean;
}

const LEVELS = ['INFO', 'WARN', 'ERROR', 'OFF'];
const FIELDS = [
  'name',
  'description',
  'tags',
  'artifact',
  'artifact.version',
  'logLevel',
  'timeout',
  'runtime',
  'runtime.id',
];

function draftOf(it: Task, config: RunConfig | undefined): Draft {
  const runtime = config?.runtime;
  const places = ['REMOTE_ENGINE', 'REMOTE_ENGINE_CLUSTER'];
  return {
    name: it.name,
    description: it.description ?? '',
    tags: (it.tags ?? []).join(', '),
    version: it.artifact.version,
    upgrade: it.autoUpgradeInfo?.autoUpgradable === true,
    override: it.autoUpgradeInfo?.overrideWithDefaultParameters === true,
    parameters: (it.parameters ?? {}) as Record<string, string>,
    place:
      runtime?.id && runtime.type && places.includes(runtime.type)
        ? { type: runtime.type as Place['type'], id: runtime.id }
        : undefined,
    logLevel: config?.logLevel ?? 'WARN',
    timeout: config?.timeout ? String(config.timeout) : '',
    parallel: config?.parallelExecutionAllowed === true,
  };
}

async function storeTask(it: Task, draft: Draft, declared: { name: string; type: string }[]): Promise<void> {
  const secret = new Set(declared.filter((one) => isSecret(one.type)).map((one) => one.name));
  const stored = (it.parameters ?? {}) as Record<string, string>;
  // Secret values are never shown. One that was left alone is sent empty, which keeps what is stored.
  const parameters = { ...draft.parameters };
  for (const name of secret) if (name in stored && !parameters[name]) parameters[name] = '';
  const params = { path: { taskId: it.id } };
  await body(
    core.PUT('/orchestration/executables/tasks/{taskId}', {
      params,
      body: {
        workspaceId: it.workspace?.id ?? '',
        name: draft.name.trim(),
        description: draft.description,
        tags: draft.tags
          .split(',')
          .map((tag) => tag.trim())
          .filter(Boolean),
        artifact: { id: it.artifact.id, version: draft.version },
        parameters,
        connections: it.connections,
        resources: it.resources,
        autoUpgradeInfo: { autoUpgradable: draft.upgrade, overrideWithDefaultParameters: draft.override },
      },
    }),
  );
}

async function storeConfig(id: string, draft: Draft, config: RunConfig | undefined): Promise<void> {
  if (!draft.place) return;
  const params = { path: { taskId: id } };
  const kept = config?.runtime?.id === draft.place.id ? config.runtime.runProfileId : undefined;
  const timeout = Number(draft.timeout);
  await body(
    core.PUT('/orchestration/executables/tasks/{taskId}/run-config', {
      params,
      body: {
        trigger: config?.trigger ?? ({ type: 'MANUAL' } as RunConfig['trigger']),
        runtime: { type: draft.place.type, id: draft.place.id, runProfileId: kept },
        parallelExecutionAllowed: draft.parallel,
        logLevel: draft.logLevel as never,
        remoteRunAsUser: config?.remoteRunAsUser,
        timeout:
          draft.timeout.trim() === '' ? undefined : Number.isFinite(timeout) ? timeout : (draft.timeout as never),
      },
    }),
  );
}

export function EditTask() {
  const { id } = useParams({ from: '/tasks/$id/edit' });
  const navigate = useNavigate();
  const queries = useQueryClient();
  const { query: scope } = useScope();
  const may = useMay('TMC_OPERATOR');
  const found = useQuery(task(id));
  const config = useQuery(runConfig(id));
  const known = useQuery(artifacts({ environmentId: scope.environmentId }));
  const it = found.data;
  const bare = config.error instanceof Problem && [404, 501].includes(config.error.status);
  const server = useMemo(
    () => (it && (config.data || bare) ? draftOf(it, config.data) : undefined),
    [it, config.data, bare],
  );
  const { draft, setDraft, changed, takeTheirs } = useDraft(server);
  const version = useQuery(artifactVersion(it?.artifact.id ?? '', draft?.version ?? ''));
  const [error, setError] = useState<unknown>();
  const [busy, setBusy] = useState(false);
  const refusal = refusalOf(error, (field) => FIELDS.includes(field));
  const gone = found.error instanceof Problem && found.error.status === 404;
  if (!may) return <Notice tone="idle" title={w.task.noRight} />;
  if (found.error && !(gone && draft)) return <Failure error={found.error} retry={() => found.refetch()} />;
  if (config.error && !bare && !gone) return <Failure error={config.error} retry={() => config.refetch()} />;
  if (!draft || !it) return <Waiting />;

  const set = (part: Partial<Draft>) => setDraft({ ...draft, ...part });
  const declared = version.data?.parameters ?? [];
  const versions = (known.data ?? []).find((one) => one.id === it.artifact.id)?.versions ?? [draft.version];
  const submit = async (event: FormEvent) => {
    event.preventDefault();
    setBusy(true);
    setError(undefined);
    try {
      await storeTask(it, draft, declared);
      await storeConfig(id, draft, config.data);
      await queries.invalidateQueries({ queryKey: ['objects'] });
      await navigate({ to: '/tasks/$id', params: { id } });
    } catch (problem) {
      setError(problem);
      setBusy(false);
    }
  };
  const shown = Object.fromEntries(Object.entries(draft.parameters).filter(([, value]) => value !== ''));
  return (
    <form className="page" onSubmit={submit} noValidate>
      <Head title={w.task.title(it.name)} />
      {gone && <Notice tone="bad" title={w.task.gone} />}
      {changed && !gone && (
        <Notice tone="warn" title={w.task.changed}>
          <Button variant="default" mt="xs" onClick={takeTheirs}>
            {w.task.takeTheirs}
          </Button>
        </Notice>
      )}
      <section className="panel">
        <Title order={2} size="h2">
          {w.task.what}
        </Title>
        <div className="form-grid">
          <TextInput
            label={t.name}
            value={draft.name}
            onChange={(event) => set({ name: event.currentTarget.value })}
            error={fieldError(refusal, 'name')}
            required
          />
          <TextInput
            label={t.description}
            value={draft.description}
            onChange={(event) => set({ description: event.currentTarget.value })}
            error={fieldError(refusal, 'description')}
          />
          <TextInput
            label={w.task.tags}
            placeholder={w.task.tagsHint}
            value={draft.tags}
            onChange={(event) => set({ tags: event.currentTarget.value })}
            error={fieldError(refusal, 'tags')}
          />
          <Select
            label={w.task.version}
            data={versions.map((one, index) => ({
              value: one,
              label: index === 0 ? `${one} (${w.task.newest})` : one,
            }))}
            value={draft.version}
            allowDeselect={false}
            onChange={(value) => value && set({ version: value })}
            error={fieldError(refusal, 'artifact') ?? fieldError(refusal, 'artifact.version')}
          />
        </div>
        <Checkbox
          mt="sm"
          label={w.task.upgrade}
          description={w.task.upgradeHint}
          checked={draft.upgrade}
          onChange={(event) => set({ upgrade: event.currentTarget.checked })}
        />
        {draft.upgrade && (
          <Checkbox
            mt="xs"
            label={w.task.override}
            checked={draft.override}
            onChange={(event) => set({ override: event.currentTarget.checked })}
          />
        )}
      </section>
      {declared.length > 0 && (
        <section className="panel">
          <Title order={2} size="h2">
            {t.task.parameters}
          </Title>
          <ParameterFields declared={declared} values={shown} change={(values) => set({ parameters: values })} />
        </section>
      )}
      <section className="panel">
        <Title order={2} size="h2">
          {w.task.how}
        </Title>
        <div className="form-grid">
          <PlaceSelect
            value={draft.place && new Place(draft.place.type, draft.place.id)}
            change={(place) => place && set({ place: { type: place.type, id: place.id } })}
          />
          <Select
            label={w.task.level}
            data={LEVELS}
            value={draft.logLevel}
            allowDeselect={false}
            onChange={(value) => value && set({ logLevel: value })}
            error={fieldError(refusal, 'logLevel')}
          />
          <TextInput
            label={w.task.timeout}
            placeholder={w.task.timeoutHint}
            inputMode="numeric"
            value={draft.timeout}
            onChange={(event) => set({ timeout: event.currentTarget.value })}
            error={fieldError(refusal, 'timeout')}
          />
        </div>
        <Checkbox
          mt="sm"
          label={w.task.parallel}
          checked={draft.parallel}
          onChange={(event) => set({ parallel: event.currentTarget.checked })}
        />
      </section>
      {refusal.rest !== undefined && <Failure error={refusal.rest} />}
      <Group>
        <Button type="submit" loading={busy} disabled={gone || version.data === undefined}>
          {t.save}
        </Button>
      </Group>
    </form>
  );
}
