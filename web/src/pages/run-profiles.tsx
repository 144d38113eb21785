/** The run profiles of everything in an environment. */

import { Select } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useNavigate, useSearch } from '@tanstack/react-router';
import { useMemo, useState } from 'react';
import { gen2Engines, type ProfileLine, profiles } from '../api/infra';
import { clusters, engines } from '../api/queries';
import { useMay, useScope } from '../app/context';
import { f, infra } from '../texts/infra';
import { t } from '../texts/pages';
import { FindField, ListPage } from '../ui/list-page';
import { Dialog, Empty, Moment, useNow } from '../ui/parts';
import { hasPart } from '../ui/pickers';
import { EditGen2Profile } from './gen2-profile';
import { ProcessingTabs } from './processing';
import { EditProfile, NewProfile } from './profile-form';

const p = infra.profiles;

/** Whether it has arguments of a Java machine; those of the other kinds are settings of Spark. */
export function forJobs(one: ProfileLine): boolean {
  return (
    one.runProfileType === 'JOB_SERVER' ||
    one.runProfileType === 'MICROSERVICE' ||
    one.runProfileType === 'TALEND_RUNTIME'
  );
}

function Opened({ line, close }: { line: ProfileLine; close: () => void }) {
  return forJobs(line) ? <EditProfile id={line.id} close={close} /> : <EditGen2Profile line={line} close={close} />;
}

export function RunProfiles() {
  const scope = useScope();
  const search = useSearch({ from: '/run-profiles' });
  const navigate = useNavigate({ from: '/run-profiles' });
  const now = useNow(30_000);
  const may = useMay('TMC_RUN_PROFILE_MANAGEMENT', 'TMC_CLUSTER_MANAGEMENT');
  const list = useQuery(profiles(scope.environment?.id, may));
  const all = useQuery(engines());
  const groups = useQuery(clusters());
  const other = useQuery(gen2Engines());
  const owners = useMemo(
    () =>
      new Map([...(all.data ?? []), ...(groups.data ?? []), ...(other.data ?? [])].map((one) => [one.id, one.name])),
    [all.data, groups.data, other.data],
  );
  const [open, setOpen] = useState<string>();
  const close = () => setOpen(undefined);
  const here = list.data ?? [];
  const opened = here.find((one) => one.id === open);
  const shown = here.filter((one) => hasPart(one.name, search.name) && (!search.of || one.processorId === search.of));
  const set = (change: Partial<typeof search>) => navigate({ search: (old) => ({ ...old, ...change }), replace: true });
  const used = [...new Set(here.map((one) => one.processorId))];
  return (
    <>
      <Dialog open={open !== undefined} close={close} title={open === 'new' ? p.new : p.edit(opened?.name ?? '')}>
        {open === 'new' ? <NewProfile close={close} /> : opened && <Opened line={opened} close={close} />}
      </Dialog>
      <ListPage
        title={p.title}
        make={may ? { label: p.new, act: () => setOpen('new') } : undefined}
        above={<ProcessingTabs />}
        filters={
          <>
            <FindField label={p.search} />
            <Select
              aria-label={p.of}
              placeholder={`${p.of}: ${t.all}`}
              data={used.map((id) => ({ value: id, label: owners.get(id) ?? id }))}
              value={search.of ?? null}
              onChange={(of) => set({ of: of ?? undefined })}
              searchable
              clearable
              clearButtonProps={{ 'aria-label': infra.engines.clear }}
            />
          </>
        }
        denied={!may && <Empty title={p.noRights}>{p.noRightsHint}</Empty>}
        rows={{ query: list, all: here, shown }}
        rowKey={(one) => one.id}
        columns={[
          {
            key: 'name',
            title: t.name,
            width: 'minmax(8rem, 1.5fr)',
            cell: (one) => (
              <button type="button" className="row-link" onClick={() => setOpen(one.id)}>
                {one.name}
              </button>
            ),
          },
          {
            key: 'of',
            title: p.of,
            width: 'minmax(6rem, 1.5fr)',
            cell: (one) => owners.get(one.processorId) ?? one.processorId,
          },
          {
            key: 'kind',
            title: p.kind,
            width: '10rem',
            narrow: '5rem',
            cell: (one) => p.kinds[one.runProfileType] ?? one.runProfileType,
          },
          {
            key: 'description',
            title: t.description,
            width: 'minmax(6rem, 2fr)',
            wide: true,
            cell: (one) => one.description ?? '',
          },
          {
            key: 'updated',
            title: f.updated,
            width: '8rem',
            wide: true,
            cell: (one) => <Moment at={one.updateDate ?? one.createDate} now={now} />,
          },
        ]}
        none={{ title: p.none, hint: p.noneHint }}
        noMatch={{ title: p.noMatch }}
      />
    </>
  );
}
