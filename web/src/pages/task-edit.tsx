/** Changing a task: what it is, and how it runs. Each is saved by itself, so that no refusal leaves half a change. */

import { Button, Checkbox, Group, Select, TextInput, Title } from '@mantine/core';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { Link, useParams } from '@tanstack/react-router';
import { type FormEvent, type ReactNode, useMemo, useState } from 'react';
import { Problem } from '../api/client';
import { artifact } from '../api/pages';
import { artifactVersion, type RunConfig, runConfig, type Task, task } from '../api/queries';
import { useMay, useRight } from '../app/context';
import { fieldError, type Refusal, refusalOf } from '../lib/field-errors';
import { howOf, LEVELS, storeHow, storeWhat, whatOf } from '../lib/task-form';
import { isLink } from '../lib/task-links';
import { t } from '../texts/pages';
import { w } from '../texts/work';
import { type Edit, isGone, Meanwhile, useDraft } from '../ui/fields';
import { LinkFields } from '../ui/links';
import { isSecret, ParameterFields } from '../ui/parameters';
import { Failure, Head, Notice, Waiting } from '../ui/parts';
import { PlaceExtras, PlaceSelect } from './task-place';

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
  const known = useQuery(artifact(it.artifact.id));
  const server = useMemo(() => whatOf(it), [it]);
  const edit = useDraft(server);
  const { draft, patch: set } = edit;
  const version = useQuery(artifactVersion(it.artifact.id, draft.version));
  const declared = version.data?.parameters ?? [];
  // What a connection or a resource fills is not typed, unless it was.
  const typed = declared.filter((one) => !isLink(one.name) || one.name in draft.parameters);
  const secret = new Set(declared.filter((one) => isSecret(one.type)).map((one) => one.name));
  const versions = known.data?.versions ?? [draft.version];
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
      known={(field) =>
        ['name', 'description', 'tags', 'artifact', 'artifact.version'].includes(field) ||
        /^(connections|resources)\./.test(field)
      }
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
          <LinkFields
            declared={declared.map((one) => one.name)}
            value={draft}
            change={set}
            error={(field) => fieldError(refusal, field)}
          />
          {typed.length > 0 && (
            <>
              <Title order={3} size="h3" mt="md" mb="xs">
                {t.task.parameters}
              </Title>
              <ParameterFields
                declared={typed}
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
      known={(field) =>
        ['logLevel', 'timeout', 'remoteRunAsUser', 'runProfileId', 'runtime.runProfileId'].includes(field)
      }
      locked={locked || !draft.place}
    >
      {(refusal) => (
        <>
          <div className="form-grid">
            <PlaceSelect
              value={draft.place}
              change={(place) => place && set({ place, ...(place.id === draft.place?.id ? {} : { profile: '' }) })}
            />
            <PlaceExtras
              how={draft}
              change={set}
              error={(field) => fieldError(refusal, field) ?? fieldError(refusal, `runtime.${field}`)}
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
  const found = useQuery(task(id));
  const may = useMay('TMC_OPERATOR');
  const author = useRight(found.data?.workspace?.id, 'AUTHOR');
  const executes = useRight(found.data?.workspace?.id, 'EXECUTE');
  const config = useQuery(runConfig(id));
  const it = found.data;
  const bare = config.error instanceof Problem && [404, 501].includes(config.error.status);
  const gone = isGone(found.error);
  const version = useQuery({
    ...artifactVersion(it?.artifact.id ?? '', it?.artifact.version ?? ''),
    enabled: it !== undefined && author,
  });
  // All of it appears at once, and stays while parts of it are read anew.
  const [begun, setBegun] = useState(false);
  const known = !author || version.data !== undefined || version.error !== null;
  const placed = !executes || config.data !== undefined || config.error !== null;
  if (it && known && placed && !begun) setBegun(true);
  if (!may) return <Notice tone="idle" title={w.task.noRight} />;
  if (!it) return found.error ? <Failure error={found.error} retry={() => found.refetch()} /> : <Waiting />;
  if (!author && !executes) return <Notice tone="idle" title={w.task.noRight} />;
  if (!begun) return <Waiting />;
  return (
    <div className="page">
      <Head title={w.task.title(it.name)}>
        <Button variant="default" component={Link} to={`/tasks/${id}`}>
          {w.task.done}
        </Button>
      </Head>
      <Meanwhile gone={gone} />
      {author && <WhatPart it={it} locked={gone} />}
      {!executes ? null : config.data || bare ? (
        <HowPart it={it} config={config.data} locked={gone} />
      ) : config.error ? (
        <Failure error={config.error} retry={() => config.refetch()} />
      ) : (
        <Waiting />
      )}
    </div>
  );
}
