/** Changing a task: what it is, and how it runs. Each is saved by itself, so that no refusal leaves half a change. */

import { Button, Checkbox, Group, Select, TextInput, Title } from '@mantine/core';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { Link, useParams } from '@tanstack/react-router';
import { type FormEvent, type ReactNode, useMemo, useState } from 'react';
import { body, core, Problem } from '../api/client';
import { artifacts, artifactVersion, type RunConfig, runConfig, type Task, task } from '../api/queries';
import { useMay, useScope } from '../app/context';
import { fieldError, type Refusal, refusalOf } from '../lib/field-errors';
import { t } from '../texts/pages';
import { w } from '../texts/work';
import { type Edit, isGone, Meanwhile, useDraft } from '../ui/fields';
import { isSecret, ParameterFields } from '../ui/parameters';
import { Failure, Head, Notice, Waiting } from '../ui/parts';
import { Place, PlaceSelect } from './task-place';

interface What {
  name: string;
  description: string;
  tags: string;
  version: string;
  upgrade: boolean;
  override: boolean;
  parameters: Record<string, string>;
}

interface How {
  place?: { type: Place['type']; id: string };
  logLevel: string;
  timeout: string;
  parallel: boolean;
}

const LEVELS = ['INFO', 'WARN', 'ERROR', 'OFF'];
const PLACES = ['REMOTE_ENGINE', 'REMOTE_ENGINE_CLUSTER'];

function whatOf(it: Task): What {
  return {
    name: it.name,
    description: it.description ?? '',
    tags: (it.tags ?? []).join(', '),
    version: it.artifact.version,
    upgrade: it.autoUpgradeInfo?.autoUpgradable === true,
    override: it.autoUpgradeInfo?.overrideWithDefaultParameters === true,
    parameters: (it.parameters ?? {}) as Record<string, string>,
  };
}

function howOf(config: RunConfig | undefined): How {
  const runtime = config?.runtime;
  return {
    place:
      runtime?.id && runtime.type && PLACES.includes(runtime.type)
        ? { type: runtime.type as Place['type'], id: runtime.id }
        : undefined,
    logLevel: config?.logLevel ?? 'WARN',
    timeout: config?.timeout ? String(config.timeout) : '',
    parallel: config?.parallelExecutionAllowed === true,
  };
}

async function storeWhat(it: Task, draft: What, secret: Set<string>): Promise<void> {
  const stored = (it.parameters ?? {}) as Record<string, string>;
  // Secret values are never shown. One that was left alone is sent empty, which keeps what is stored.
  const parameters = { ...draft.parameters };
  for (const name of secret) if (name in stored && !parameters[name]) parameters[name] = '';
  const request = {
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
  };
  await body(
    core.PUT('/orchestration/executables/tasks/{taskId}', { params: { path: { taskId: it.id } }, body: request }),
  );
}

async function storeHow(taskId: string, draft: How, config: RunConfig | undefined): Promise<void> {
  if (!draft.place) return;
  const timeout = draft.timeout.trim();
  const request = {
    trigger: config?.trigger ?? ({ type: 'MANUAL' } as RunConfig['trigger']),
    runtime: {
      type: draft.place.type,
      id: draft.place.id,
      runProfileId: config?.runtime?.id === draft.place.id ? config.runtime.runProfileId : undefined,
    },
    parallelExecutionAllowed: draft.parallel,
    logLevel: draft.logLevel as RunConfig['logLevel'],
    remoteRunAsUser: config?.remoteRunAsUser,
    // What is no number is sent as it is, so that the server says what is wrong with it.
    timeout: timeout === '' ? undefined : Number.isFinite(Number(timeout)) ? Number(timeout) : (timeout as never),
  };
  const params = { path: { taskId } };
  await body(core.PUT('/orchestration/executables/tasks/{taskId}/run-config', { params, body: request }));
}

/** A panel with its own button; says when somebody else changed what it shows. */
function Part(props: {
  title: string;
  edit: Pick<Edit<unknown>, 'dirty' | 'stale' | 'reset' | 'keep'>;
  save: () => Promise<void>;
  known: (field: string) => boolean;
  locked: boolean;
  children: (refusal: Refusal) => ReactNode;
}) {
  const queries = useQueryClient();
  const [error, setError] = useState<unknown>();
  const [busy, setBusy] = useState(false);
  const [saved, setSaved] = useState(false);
  const refusal = refusalOf(error, props.known);
  const submit = async (event: FormEvent) => {
    event.preventDefault();
    setBusy(true);
    setError(undefined);
    try {
      await props.save();
      await queries.invalidateQueries({ queryKey: ['objects'] });
      setSaved(true);
    } catch (problem) {
      setError(problem);
    }
    setBusy(false);
  };
  return (
    <form className="panel" onSubmit={submit} noValidate onChange={() => setSaved(false)}>
      <Title order={2} size="h2">
        {props.title}
      </Title>
      {!busy && <Meanwhile edit={props.edit} />}
      {props.children(refusal)}
      {refusal.rest !== undefined && <Failure error={refusal.rest} />}
      <Group mt="md">
        <Button type="submit" loading={busy} disabled={props.locked}>
          {t.save}
        </Button>
        <span role="status" className="muted">
          {saved && !props.edit.dirty ? w.task.saved : ''}
        </span>
      </Group>
    </form>
  );
}

function WhatPart({ it, locked }: { it: Task; locked: boolean }) {
  const { query: scope } = useScope();
  const known = useQuery(artifacts({ environmentId: scope.environmentId }));
  const server = useMemo(() => whatOf(it), [it]);
  const edit = useDraft(server);
  const { draft, patch: set } = edit;
  const version = useQuery(artifactVersion(it.artifact.id, draft.version));
  const declared = version.data?.parameters ?? [];
  const secret = new Set(declared.filter((one) => isSecret(one.type)).map((one) => one.name));
  const versions = (known.data ?? []).find((one) => one.id === it.artifact.id)?.versions ?? [draft.version];
  const shown = Object.fromEntries(Object.entries(draft.parameters).filter(([, value]) => value !== ''));
  const save = async () => {
    await storeWhat(it, draft, secret);
    // What was saved is now what the server has; secret values are not shown again.
    const open = Object.entries(draft.parameters).map(([name, value]) => [name, secret.has(name) ? '' : value]);
    set({ name: draft.name.trim(), parameters: Object.fromEntries(open) });
  };
  return (
    <Part
      title={w.task.what}
      edit={edit}
      save={save}
      known={(field) => ['name', 'description', 'tags', 'artifact', 'artifact.version'].includes(field)}
      locked={locked || version.data === undefined}
    >
      {(refusal) => (
        <>
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
          {version.error && <Failure error={version.error} retry={() => version.refetch()} />}
          {declared.length > 0 && (
            <>
              <Title order={3} size="h3" mt="md" mb="xs">
                {t.task.parameters}
              </Title>
              <ParameterFields
                declared={declared}
                values={shown}
                change={(values) => set({ parameters: values })}
                standing={Object.fromEntries([...secret].map((name) => [name, w.task.secretStays]))}
              />
            </>
          )}
        </>
      )}
    </Part>
  );
}

function HowPart({ it, config, locked }: { it: Task; config: RunConfig | undefined; locked: boolean }) {
  const server = useMemo(() => howOf(config), [config]);
  const edit = useDraft(server);
  const { draft, patch: set } = edit;
  return (
    <Part
      title={w.task.how}
      edit={edit}
      save={() => storeHow(it.id, draft, config)}
      known={(field) => ['logLevel', 'timeout'].includes(field)}
      locked={locked || !draft.place}
    >
      {(refusal) => (
        <>
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
        </>
      )}
    </Part>
  );
}

/** The page. */
export function EditTask() {
  const { id } = useParams({ from: '/tasks/$id/edit' });
  const may = useMay('TMC_OPERATOR');
  const found = useQuery(task(id));
  const config = useQuery(runConfig(id));
  const it = found.data;
  const bare = config.error instanceof Problem && [404, 501].includes(config.error.status);
  const gone = isGone(found.error);
  if (!may) return <Notice tone="idle" title={w.task.noRight} />;
  if (found.error && !(gone && it)) return <Failure error={found.error} retry={() => found.refetch()} />;
  if (!it) return <Waiting />;
  return (
    <div className="page">
      <Head title={w.task.title(it.name)}>
        <Button variant="default" component={Link} to={`/tasks/${id}`}>
          {w.task.done}
        </Button>
      </Head>
      <Meanwhile gone={gone} />
      <WhatPart it={it} locked={gone} />
      {config.data || bare ? (
        <HowPart it={it} config={config.data} locked={gone} />
      ) : config.error ? (
        <Failure error={config.error} retry={() => config.refetch()} />
      ) : (
        <Waiting />
      )}
    </div>
  );
}
