/** One project of API tests: its tree, the editor, and what came back. */

import { Button, Checkbox, Stack, Title } from '@mantine/core';
import { useHotkeys } from '@mantine/hooks';
import { useQueryClient } from '@tanstack/react-query';
import { useNavigate, useParams, useSearch } from '@tanstack/react-router';
import { useMemo, useState } from 'react';
import { type Pair, startRun } from '../../api/tester';
import { boundNames, type Entity, type Environment, put, withAdded } from '../../lib/tester-doc';
import { x } from '../../texts/tester';
import { useAct } from '../../ui/fields';
import { Empty, LostPage, Waiting } from '../../ui/parts';
import { Against } from './against';
import { Environments } from './environments';
import { ScenarioFlow } from './flow';
import { Answer } from './outcome';
import { Meanwhile, ProjectHead } from './project-head';
import { RequestEditor } from './request';
import { useSender } from './sender';
import { Naming } from './settings';
import { present, Tree } from './tree';
import { useProject } from './use-project';

/** Stands where a secret value would, which is never sent to be looked at. */
const HIDDEN = '•••';

/** The variables of an environment that is not stored as it is here. */
const typedOf = (environment: Environment): Pair[] =>
  Object.values(environment.variables)
    .filter((one) => one.enabled === true && one.name)
    .map((one) => ({ name: one.name, value: one.private ? HIDDEN : (one.value ?? '') }));

function Container(props: {
  entity: Entity;
  change: (entity: Entity) => void;
  run: () => void;
  busy: boolean;
  frozen: boolean;
}) {
  const { entity, change } = props;
  return (
    <Stack gap="sm">
      <div className="tester-title">
        <Title order={2} size="h2">
          <span className="muted">{x.kinds[entity.type]}</span> <bdi>{entity.name}</bdi>
        </Title>
        <Button onClick={props.run} loading={props.busy}>
          {x.run}
        </Button>
      </div>
      <fieldset className="tester-frozen" disabled={props.frozen}>
        <Stack gap="md">
          <div className="tester-settings">
            <Stack gap="sm">
              <Naming entity={entity} change={change} />
            </Stack>
            {entity.type === 'Scenario' && (
              <Stack gap="md">
                <Checkbox
                  label={x.carryOn}
                  checked={entity.stoker?.carry_on === true}
                  onChange={(event) =>
                    change(withAdded(entity, { carry_on: event.currentTarget.checked || undefined }))
                  }
                />
                <ScenarioFlow entity={entity} change={change} />
              </Stack>
            )}
          </div>
        </Stack>
      </fieldset>
    </Stack>
  );
}

function Workbench({ id }: { id: string }) {
  const search = useSearch({ from: '/tester/projects/$id' });
  const navigate = useNavigate({ from: '/tester/projects/$id' });
  const queries = useQueryClient();
  const editing = useProject(id);
  const starting = useAct();
  const sender = useSender(id);
  const [environments, setEnvironments] = useState(false);
  const { document, base } = editing;
  const all = document?.environments ?? [];
  const environment = all.find((one) => one.id === search.env) ?? (search.env === 'none' ? undefined : all[0]);
  const stored = base?.document.environments?.find((one) => one.id === environment?.id);
  const values = useMemo(() => {
    const known = boundNames(base?.document.entities ?? []);
    const bound = [...boundNames(document?.entities ?? [])].filter((name) => !known.has(name));
    if (environment === stored && bound.length === 0) return { environmentId: environment?.id };
    const typed = environment ? typedOf(environment) : [];
    const later = bound.filter((name) => !typed.some((one) => one.name === name));
    return { variables: [...later.map((name) => ({ name, value: `‹${name}›` })), ...typed] };
  }, [environment, stored, base, document]);
  const against = useMemo(
    () => ({ id, version: base?.version ?? 0, values, run: search.run }),
    [id, base?.version, values, search.run],
  );
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
  const busy = starting.busy || sender.pending;
  useHotkeys(
    [
      ['mod+S', () => base?.mayChange && editing.save()],
      ['mod+Enter', () => !busy && run(search.at)],
    ],
    [],
  );
  if (!document || !base) {
    const { error, refetch } = editing.stored;
    return error ? <LostPage title={x.title} error={error} retry={() => refetch()} /> : <Waiting />;
  }
  const entity = present(document, search.at)?.node.entity;
  const change = (changed: Entity) => editing.change((before) => put(before, changed), changed.id);
  const frozen = !base.mayChange;
  return (
    <Against value={against}>
      <div className="page">
        <ProjectHead
          editing={editing}
          environment={environment}
          sender={sender}
          openEnvironments={() => setEnvironments(true)}
          run={() => run()}
          busy={busy}
        />
        <Meanwhile editing={editing} />
        {starting.rest}
        <Environments
          open={environments}
          close={() => setEnvironments(false)}
          document={document}
          secrets={base.secrets}
          chosen={environment?.id}
          choose={(env) => navigate({ search: (before) => ({ ...before, env }), replace: true })}
          change={editing.change}
        />
        <div className="tester">
          <Tree document={document} change={editing.change} run={run} at={search.at} frozen={frozen} />
          <div className="tester-work">
            <section className="panel" aria-label={entity?.name ?? x.pick}>
              {!entity && search.at !== undefined ? (
                <Empty title={x.gone}>{x.goneHint}</Empty>
              ) : !entity ? (
                <Empty title={x.pick}>{x.pickHint}</Empty>
              ) : entity.type === 'Request' ? (
                <RequestEditor
                  key={entity.id}
                  entity={entity}
                  part={search.part}
                  change={change}
                  send={() => run(entity.id)}
                  busy={busy}
                  frozen={frozen}
                />
              ) : (
                <Container
                  key={entity.id}
                  entity={entity}
                  change={change}
                  run={() => run(entity.id)}
                  busy={busy}
                  frozen={frozen}
                />
              )}
            </section>
            <section className="panel" aria-label={x.response}>
              {entity || search.run ? (
                <Answer project={id} target={entity?.id} shown={search.run} single={entity?.type === 'Request'} />
              ) : (
                <Empty title={x.noResponse}>{x.noResponseHint}</Empty>
              )}
            </section>
          </div>
        </div>
      </div>
    </Against>
  );
}

export function TesterProject() {
  const { id } = useParams({ from: '/tester/projects/$id' });
  return <Workbench key={id} id={id} />;
}
