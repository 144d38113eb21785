/** One project of API tests: its tree, the editor, and what came back. */

import { Button, Checkbox, Group, Menu, Select, Stack, Text, Title } from '@mantine/core';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useNavigate, useParams, useSearch } from '@tanstack/react-router';
import { useEffect, useState } from 'react';
import { Problem } from '../../api/client';
import { cancelRun, exportUrl, run as runQuery, startRun } from '../../api/tester';
import { type Entity, put, withAdded } from '../../lib/tester-doc';
import { x } from '../../texts/tester';
import { useAct } from '../../ui/fields';
import { Badge, Empty, Failure, Head, Notice, Waiting } from '../../ui/parts';
import { Environments } from './environments';
import { Against } from './expression';
import { ScenarioFlow } from './flow';
import { RequestEditor } from './request';
import { RequestResult, Results, RunBadge } from './result';
import { Sender, useSender } from './sender';
import { OwnSecrets, Share } from './share';
import { present, Tree } from './tree';
import { useProject } from './use-project';

function Outcome({ id, single }: { id: string; single: boolean }) {
  const one = useQuery(runQuery(id));
  const stop = useAct();
  if (!one.data) return one.error ? <Failure error={one.error} /> : <Waiting />;
  const first = one.data.report.items[0]?.request;
  return (
    <>
      <Group mb="sm">
        <Title order={2} size="h2">
          {x.response}
        </Title>
        {(!single || !first) && <RunBadge run={one.data} />}
        {one.data.engineName && <span className="muted">{x.engine(one.data.engineName)}</span>}
        {!single && <span className="muted">{x.progress(one.data.requests, one.data.bad)}</span>}
        {one.data.state === 'running' && (
          <Button variant="default" loading={stop.busy} onClick={() => stop.act(() => cancelRun(id))}>
            {x.cancel}
          </Button>
        )}
      </Group>
      {stop.rest}
      {single && first ? <RequestResult report={first} /> : <Results run={one.data} />}
    </>
  );
}

function Container({ entity, change, run }: { entity: Entity; change: (entity: Entity) => void; run: () => void }) {
  return (
    <Stack gap="sm" align="flex-start">
      <Title order={2} size="h2">
        {x.kinds[entity.type]} {entity.name}
      </Title>
      {entity.description && <Text>{entity.description}</Text>}
      {entity.type === 'Scenario' && (
        <Checkbox
          label={x.carryOn}
          checked={entity.stoker?.carry_on === true}
          onChange={(event) => change(withAdded(entity, { carry_on: event.currentTarget.checked || undefined }))}
        />
      )}
      {entity.type === 'Scenario' && <ScenarioFlow entity={entity} change={change} />}
      <Button onClick={run}>{x.run}</Button>
    </Stack>
  );
}

export function TesterProject() {
  const { id } = useParams({ from: '/tester/projects/$id' });
  const search = useSearch({ from: '/tester/projects/$id' });
  const navigate = useNavigate({ from: '/tester/projects/$id' });
  const queries = useQueryClient();
  const editing = useProject(id);
  const starting = useAct();
  const sender = useSender(id);
  const [environments, setEnvironments] = useState(false);
  const { document, base, dirty } = editing;
  useEffect(() => {
    if (!dirty) return;
    const warn = (event: BeforeUnloadEvent) => event.preventDefault();
    window.addEventListener('beforeunload', warn);
    return () => window.removeEventListener('beforeunload', warn);
  }, [dirty]);
  if (!document || !base) {
    const { error, refetch } = editing.stored;
    return error ? <Failure error={error} retry={() => refetch()} /> : <Waiting />;
  }
  const found = present(document, search.at);
  const entity = found?.node.entity;
  const all = document.environments ?? [];
  const environment = all.find((one) => one.id === search.env) ?? (search.env === 'none' ? undefined : all[0]);
  const change = (changed: Entity) => editing.change((before) => put(before, changed));
  const run = (target?: string) =>
    starting.act(async () => {
      if (!(await editing.save())) return;
      const { id: made } = await startRun(id, {
        targetId: target,
        environmentId: environment?.id,
        engineId: sender.engine?.id,
      });
      await navigate({ search: (before) => ({ ...before, at: target, run: made }) });
      await queries.invalidateQueries({ queryKey: ['tester', 'runs'] });
    });
  const conflict = editing.error instanceof Problem && editing.error.status === 409;
  return (
    <Against value={{ id, version: base.version, environmentId: environment?.id }}>
      <div className="page">
        <Head title={base.name} badge={dirty ? <Badge tone="wait">{x.unsaved}</Badge> : undefined}>
          <Select
            aria-label={x.environment}
            data={[
              { value: 'none', label: x.noEnvironment },
              ...all.map((one) => ({ value: one.id, label: one.name })),
            ]}
            value={environment?.id ?? 'none'}
            onChange={(env) => navigate({ search: (before) => ({ ...before, env: env ?? undefined }) })}
            w="11rem"
          />
          <Sender sender={sender} />
          {base.mayChange ? (
            <Button variant="default" onClick={() => setEnvironments(true)}>
              {x.environments}
            </Button>
          ) : (
            <OwnSecrets project={base} document={document} done={editing.takeTheirs} />
          )}
          <Button variant="default" onClick={editing.undo} disabled={!editing.canUndo}>
            {x.undo}
          </Button>
          <Button onClick={() => editing.save()} loading={editing.busy} disabled={!dirty || !base.mayChange}>
            {x.save}
          </Button>
          <Button variant="default" loading={starting.busy} disabled={sender.pending} onClick={() => run()}>
            {x.runAll}
          </Button>
          {base.own && <Share project={base} dirty={dirty} done={editing.takeTheirs} />}
          <Menu>
            <Menu.Target>
              <Button variant="default">{x.export}</Button>
            </Menu.Target>
            <Menu.Dropdown>
              {(['v6', 'v3', 'own'] as const).map((format) => (
                <Menu.Item key={format} component="a" href={exportUrl(id, format)} download>
                  {x.exports[format]}
                </Menu.Item>
              ))}
            </Menu.Dropdown>
          </Menu>
        </Head>
        {conflict ? (
          <Notice tone="warn" title={x.conflict}>
            {x.conflictHint}
            <div>
              <Button mt="xs" variant="default" onClick={editing.takeTheirs}>
                {x.takeTheirs}
              </Button>
            </div>
          </Notice>
        ) : (
          editing.error !== undefined && <Failure error={editing.error} />
        )}
        {starting.rest}
        {!base.mayChange && (
          <Notice tone="idle" title={x.readOnly}>
            {x.readOnlyHint}
          </Notice>
        )}
        <Environments
          open={environments}
          close={() => setEnvironments(false)}
          document={document}
          secrets={base.secrets}
          change={editing.change}
        />
        <div className="tester">
          <Tree document={document} change={editing.change} run={run} />
          <Stack>
            <section className="panel" aria-label={entity?.name ?? x.pick}>
              {!entity ? (
                <Empty title={x.pick}>{x.pickHint}</Empty>
              ) : entity.type === 'Request' ? (
                <RequestEditor
                  key={entity.id}
                  entity={entity}
                  part={search.part}
                  change={change}
                  send={() => run(entity.id)}
                  busy={starting.busy || sender.pending}
                />
              ) : (
                <Container entity={entity} change={change} run={() => run(entity.id)} />
              )}
            </section>
            <section className="panel" aria-label={x.response}>
              {search.run ? (
                <Outcome id={search.run} single={entity?.type === 'Request'} />
              ) : (
                <Empty title={x.noResponse}>{x.noResponseHint}</Empty>
              )}
            </section>
          </Stack>
        </div>
      </div>
    </Against>
  );
}
