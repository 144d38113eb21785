/** One environment of a Dynamic Engine: what it is, and which engine it is assigned to. */

import { Button, Group, Select, Stack, Text, Title } from '@mantine/core';
import { IconPlus } from '@tabler/icons-react';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { Link, useParams } from '@tanstack/react-router';
import { useState } from 'react';
import { body, core } from '../api/client';
import { assign, type DynamicPlace, dynamicEngines, dynamicPlace, type Strategy, unassign } from '../api/engine-kinds';
import { useMay } from '../app/context';
import { k } from '../texts/engine-kinds';
import { t } from '../texts/pages';
import { FormDialog, Meanwhile, NameFields, useAct, useDraft } from '../ui/fields';
import { Loaded, ObjectPage, useRemoval } from '../ui/object-page';
import { ConfirmButton, Id, Moment, Notice, useNow } from '../ui/parts';
import { PlaceBadge, Strategies } from './dynamic-environments';

const p = k.places;

function Edit({ it, gone, close }: { it: DynamicPlace; gone: boolean; close: () => void }) {
  const queries = useQueryClient();
  const edit = useDraft({
    name: it.name,
    description: it.description,
    logStrategy: it.logStrategy as Strategy,
    metricsStrategy: it.metricsStrategy as Strategy,
  });
  const act = useAct('name', 'description', 'logStrategy', 'metricsStrategy');
  const store = async () => {
    await body(
      core.PUT('/orchestration/dynamic-engine-environments/{environmentId}', {
        params: { path: { environmentId: it.id } },
        body: edit.draft,
      }),
    );
    await queries.invalidateQueries({ queryKey: ['objects'] });
    close();
  };
  return (
    <FormDialog open close={close} title={p.editOf(it.name)} act={act} submit={store} label={t.save} disabled={gone}>
      <Stack>
        <Meanwhile edit={edit} gone={gone} />
        <NameFields edit={edit} act={act} />
        <Strategies logs={edit.draft.logStrategy} metrics={edit.draft.metricsStrategy} change={edit.patch} act={act} />
      </Stack>
    </FormDialog>
  );
}

function Assign({ it, close }: { it: DynamicPlace; close: () => void }) {
  const queries = useQueryClient();
  const engines = useQuery(dynamicEngines());
  const [engine, setEngine] = useState<string | null>(null);
  const act = useAct();
  const store = async () => {
    await assign(it.id, engine ?? '');
    await queries.invalidateQueries({ queryKey: ['objects'] });
    close();
  };
  return (
    <FormDialog
      open
      close={close}
      title={`${p.assign}: ${it.name}`}
      act={act}
      submit={store}
      label={p.assign}
      disabled={!engine}
    >
      {engines.data?.length === 0 ? (
        <Text className="muted">{k.dynamic.none}</Text>
      ) : (
        <Select
          label={p.engine}
          placeholder={p.pick}
          data={(engines.data ?? []).map((one) => ({ value: one.id, label: one.name }))}
          value={engine}
          onChange={setEngine}
          searchable
          openOnFocus={false}
          required
          data-autofocus
        />
      )}
    </FormDialog>
  );
}

function Assignment({ it }: { it: DynamicPlace }) {
  const queries = useQueryClient();
  const may = useMay('TMC_CLUSTER_MANAGEMENT');
  const engines = useQuery(dynamicEngines());
  const [open, setOpen] = useState(false);
  const name = engines.data?.find((one) => one.id === it.deId)?.name ?? it.deId ?? '';
  const takeOff = async () => {
    await unassign(it.id);
    await queries.invalidateQueries({ queryKey: ['objects'] });
  };
  return (
    <section className="panel">
      {open && <Assign it={it} close={() => setOpen(false)} />}
      <Title order={2} size="h2">
        {p.engine}
      </Title>
      {it.deId ? (
        <Group justify="space-between">
          <Link to="/dynamic-engines/$id" params={{ id: it.deId }}>
            {name}
          </Link>
          {may && (
            <ConfirmButton
              label={k.dynamic.unassign}
              question={k.dynamic.unassignAsk(it.name, name)}
              hint={k.dynamic.unassignHint}
              act={takeOff}
            />
          )}
        </Group>
      ) : (
        <Group justify="space-between">
          <Text className="muted">{p.states.NOT_ASSIGNED}</Text>
          {may && (
            <Button variant="default" leftSection={<IconPlus size={16} aria-hidden />} onClick={() => setOpen(true)}>
              {p.assign}
            </Button>
          )}
        </Group>
      )}
    </section>
  );
}

/** The page. */
export function DynamicEnvironmentPage() {
  const { id } = useParams({ from: '/dynamic-environments/$id' });
  const now = useNow(30_000);
  const one = useQuery(dynamicPlace(id));
  const removed = useRemoval('/dynamic-environments', 'objects');
  const path = { params: { path: { environmentId: id } } };
  const remove = () => removed(body(core.DELETE('/orchestration/dynamic-engine-environments/{environmentId}', path)));
  return (
    <Loaded query={one}>
      {(it) => (
        <ObjectPage
          name={it.name}
          description={it.description}
          badge={<PlaceBadge status={it.status} />}
          query={one}
          edit={{ label: p.edit, dialog: (gone, close) => <Edit it={it} gone={gone} close={close} /> }}
          remove={{ label: p.delete, question: p.deleteAsk(it.name), hint: p.deleteHint, act: remove }}
          notice={
            it.status === 'SET_UP_REQUIRED' && (
              <Notice tone="warn" title={p.setUp}>
                {p.setUpHint}
              </Notice>
            )
          }
          facts={{
            title: p.facts,
            rows: [
              [p.logs, p.strategies[it.logStrategy] ?? it.logStrategy],
              [p.metrics, p.strategies[it.metricsStrategy] ?? it.metricsStrategy],
              [p.changed, <Moment key="changed" at={it.lastModifiedDate} now={now} />],
              [k.dynamic.changedBy, it.lastModifiedBy ?? '–'],
              [t.id, <Id key="id" id={it.id} what={t.id} />],
            ],
            below: (
              <Text mt="sm">
                <Link to="/manage/environments/$id" params={{ id }}>
                  {p.toWorkspaces}
                </Link>
              </Text>
            ),
          }}
        >
          <Assignment it={it} />
        </ObjectPage>
      )}
    </Loaded>
  );
}
