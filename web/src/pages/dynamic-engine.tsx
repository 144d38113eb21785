/** One Dynamic Engine: its state, and the environments assigned to it. */

import { Button, Select, Stack, Text } from '@mantine/core';
import { IconPlus } from '@tabler/icons-react';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { Link, useParams } from '@tanstack/react-router';
import { useState } from 'react';
import { body, dynamic } from '../api/client';
import {
  assign,
  type DynamicEngine,
  dynamicEngine,
  dynamicPlaces,
  dynamicServices,
  unassign,
} from '../api/engine-kinds';
import { useMay } from '../app/context';
import { k } from '../texts/engine-kinds';
import { t } from '../texts/pages';
import { FormDialog, Meanwhile, NameFields, useAct, useDraft } from '../ui/fields';
import { Loaded, ObjectPage, useRemoval } from '../ui/object-page';
import { ConfirmButton, Failure, Id, Moment, Notice, Panel, useNow } from '../ui/parts';
import { DynamicBadge } from './dynamic-engines';
import { PlaceBadge } from './dynamic-environments';

const d = k.dynamic;

function Edit({ it, gone, close }: { it: DynamicEngine; gone: boolean; close: () => void }) {
  const queries = useQueryClient();
  const edit = useDraft({ name: it.name, description: it.description ?? '' });
  const act = useAct('name', 'description');
  const store = async () => {
    await body(
      dynamic.PUT('/processing/runtimes/dynamic-engines/{id}', {
        params: { path: { id: it.id } },
        body: edit.draft,
      }),
    );
    await queries.invalidateQueries({ queryKey: ['engines'] });
    close();
  };
  return (
    <FormDialog open close={close} title={d.editOf(it.name)} act={act} submit={store} label={t.save} disabled={gone}>
      <Stack>
        <Meanwhile edit={edit} gone={gone} />
        <NameFields edit={edit} act={act} />
      </Stack>
    </FormDialog>
  );
}

function Assign({ it, close }: { it: DynamicEngine; close: () => void }) {
  const queries = useQueryClient();
  const places = useQuery(dynamicPlaces(true));
  const [place, setPlace] = useState<string | null>(null);
  const act = useAct();
  const free = (places.data ?? []).filter((one) => !one.deId);
  const store = async () => {
    await assign(place ?? '', it.id);
    await queries.invalidateQueries({ queryKey: ['objects'] });
    close();
  };
  return (
    <FormDialog
      open
      close={close}
      title={`${d.assign}: ${it.name}`}
      act={act}
      submit={store}
      label={d.assign}
      disabled={!place}
    >
      {places.data && free.length === 0 ? (
        <Text className="muted">{d.allAssigned}</Text>
      ) : (
        <Select
          label={t.environment}
          placeholder={d.pick}
          data={free.map((one) => ({ value: one.id, label: one.name }))}
          value={place}
          onChange={setPlace}
          searchable
          openOnFocus={false}
          required
          data-autofocus
        />
      )}
    </FormDialog>
  );
}

function Environments({ it, may }: { it: DynamicEngine; may: boolean }) {
  const queries = useQueryClient();
  const sees = useMay('TMC_ENVIRONMENT_MANAGEMENT');
  const places = useQuery(dynamicPlaces(sees));
  const [open, setOpen] = useState(false);
  const mine = (places.data ?? []).filter((one) => one.deId === it.id);
  const takeOff = (id: string) => async () => {
    await unassign(id);
    await queries.invalidateQueries({ queryKey: ['objects'] });
  };
  return (
    <Panel
      title={d.environments}
      actions={
        may &&
        sees && (
          <Button variant="default" leftSection={<IconPlus size={16} aria-hidden />} onClick={() => setOpen(true)}>
            {d.assign}
          </Button>
        )
      }
    >
      {open && <Assign it={it} close={() => setOpen(false)} />}
      {places.error && <Failure error={places.error} retry={() => places.refetch()} />}
      {mine.length === 0 ? (
        <Text className="muted">{sees ? d.noEnvironments : d.seeEnvironments}</Text>
      ) : (
        <ul className="rows">
          {mine.map((one) => (
            <li key={one.id}>
              <PlaceBadge status={one.status} />
              <span className="grow line">
                <Link to="/dynamic-environments/$id" params={{ id: one.id }}>
                  {one.name}
                </Link>
              </span>
              {may && (
                <ConfirmButton
                  label={d.unassign}
                  question={d.unassignAsk(one.name, it.name)}
                  hint={d.unassignHint}
                  act={takeOff(one.id)}
                />
              )}
            </li>
          ))}
        </ul>
      )}
    </Panel>
  );
}

/** The page. */
export function DynamicEnginePage() {
  const { id } = useParams({ from: '/dynamic-engines/$id' });
  const now = useNow(30_000);
  const may = useMay('TMC_CLUSTER_MANAGEMENT');
  const one = useQuery(dynamicEngine(id));
  const status = useQuery(dynamicServices(id, may)).data?.status;
  const removed = useRemoval('/dynamic-engines', 'engines');
  const remove = () =>
    removed(body(dynamic.DELETE('/processing/runtimes/dynamic-engines/{id}', { params: { path: { id } } })));
  return (
    <Loaded query={one}>
      {(it) => (
        <ObjectPage
          name={it.name}
          description={it.description}
          badge={<DynamicBadge state={it.state} />}
          query={one}
          edit={
            may ? { label: d.edit, dialog: (gone, close) => <Edit it={it} gone={gone} close={close} /> } : undefined
          }
          remove={
            may ? { label: d.delete, question: d.deleteAsk(it.name), hint: d.deleteHint, act: remove } : undefined
          }
          notice={
            <Notice tone="idle" title={d.cannot}>
              {d.cannotHint}
            </Notice>
          }
          facts={{
            title: d.facts,
            rows: [
              [d.state, <DynamicBadge key="state" state={it.state} />],
              [d.since, <Moment key="since" at={it.lastModifiedStateDate} now={now} />],
              ...(status ? [[d.services, d.servicesStates[status] ?? status] as [string, string]] : []),
              [d.by, it.createdBy],
              [d.changedBy, it.lastModifiedBy],
              [t.id, <Id key="id" id={it.id} what={t.id} />],
            ],
          }}
        >
          <Environments it={it} may={may} />
        </ObjectPage>
      )}
    </Loaded>
  );
}
