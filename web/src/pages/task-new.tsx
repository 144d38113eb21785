/** Making a task: artifact, name, parameters, place. */

import { Button, Checkbox, Group, Select, Stack, TextInput, Title } from '@mantine/core';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { Link, useNavigate, useSearch } from '@tanstack/react-router';
import { type FormEvent, useState } from 'react';
import { body, core } from '../api/client';
import { artifacts, artifactVersion } from '../api/queries';
import { useScope } from '../app/context';
import { t } from '../texts/pages';
import { ParameterFields } from '../ui/parameters';
import { Empty, Failure, Head, Waiting } from '../ui/parts';
import { type Place, PlaceSelect } from './task-place';

export function NewTask() {
  const search = useSearch({ from: '/tasks/new' });
  const navigate = useNavigate();
  const queries = useQueryClient();
  const scope = useScope();
  const all = useQuery(artifacts(scope.query));
  const [chosen, setChosen] = useState<string | null>(search.artifact ?? null);
  const artifact = (all.data ?? []).find((one) => one.id === chosen);
  const newest = artifact?.versions[0] ?? '';
  const [version, setVersion] = useState<string | null>(null);
  const [name, setName] = useState<string>();
  const [values, setValues] = useState<Record<string, string>>({});
  const [place, setPlace] = useState<Place>();
  const [parallel, setParallel] = useState(false);
  const [made, setMade] = useState<string>();
  const [error, setError] = useState<unknown>();
  const [busy, setBusy] = useState(false);
  const details = useQuery(artifactVersion(chosen ?? '', version ?? newest));
  const declared = details.data?.parameters ?? [];

  const submit = async (event: FormEvent) => {
    event.preventDefault();
    if (!artifact) return;
    setBusy(true);
    setError(undefined);
    try {
      let id = made;
      if (!id) {
        const task = await body(
          core.POST('/orchestration/executables/tasks', {
            body: {
              name: name ?? artifact.name,
              workspaceId: artifact.workspace.id ?? '',
              environmentId: scope.environment?.id ?? '',
              artifact: { id: artifact.id, version: version ?? newest },
              parameters: values,
            },
          }),
        );
        id = task.id;
        setMade(id);
      }
      await place?.store(id, parallel);
      await queries.invalidateQueries({ queryKey: ['objects'] });
      await navigate({ to: '/tasks/$id', params: { id } });
    } catch (problem) {
      setError(problem);
      setBusy(false);
    }
  };

  if (all.error) return <Failure error={all.error} retry={() => all.refetch()} />;
  if (!all.data) return <Waiting />;
  if (all.data.length === 0) {
    return (
      <Empty title={t.newTask.noArtifacts} action={<Link to="/artifacts">{t.nav.artifacts}</Link>}>
        {t.newTask.noArtifactsHint}
      </Empty>
    );
  }
  return (
    <div className="page">
      <Head title={t.newTask.title} />
      <form className="panel" onSubmit={submit} style={{ maxWidth: '40rem' }}>
        <Stack>
          <Group grow align="flex-start">
            <Select
              label={t.newTask.artifact}
              placeholder={t.newTask.pickArtifact}
              data={all.data.map((one) => ({ value: one.id, label: one.name }))}
              value={chosen}
              onChange={(id) => {
                setChosen(id);
                setVersion(null);
                setValues({});
              }}
              searchable
              required
              disabled={made !== undefined}
            />
            <Select
              label={t.newTask.version}
              data={artifact?.versions ?? []}
              value={version ?? (newest || null)}
              onChange={setVersion}
              disabled={!artifact || made !== undefined}
            />
          </Group>
          <TextInput
            label={t.newTask.name}
            value={name ?? artifact?.name ?? ''}
            onChange={(event) => setName(event.currentTarget.value)}
            required
            disabled={made !== undefined}
          />
          {declared.length > 0 && (
            <>
              <Title order={2} size="h2">
                {t.newTask.parameters}
              </Title>
              <ParameterFields declared={declared} values={values} change={setValues} />
            </>
          )}
          <PlaceSelect value={place} change={setPlace} />
          <Checkbox
            label={t.newTask.parallel}
            checked={parallel}
            onChange={(event) => setParallel(event.currentTarget.checked)}
          />
          {made && error !== undefined && (
            <p>
              {t.newTask.halfDone}{' '}
              <Link to="/tasks/$id" params={{ id: made }}>
                {t.newTask.open}
              </Link>
            </p>
          )}
          {error !== undefined && <Failure error={error} />}
          <Group>
            <Button type="submit" loading={busy} disabled={!artifact || !place}>
              {t.newTask.create}
            </Button>
          </Group>
        </Stack>
      </form>
    </div>
  );
}
