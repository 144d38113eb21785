/** The connections of an environment. */

import { Button, Group } from '@mantine/core';
import { IconPlus } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { Link, useNavigate, useSearch } from '@tanstack/react-router';
import { useState } from 'react';
import { connections } from '../api/infra';
import { useMay, useScope } from '../app/context';
import { f, infra } from '../texts/infra';
import { t } from '../texts/pages';
import { List } from '../ui/list';
import { Dialog, Empty, Failure, Head, Moment, useNow, Waiting } from '../ui/parts';
import { hasPart, NameFilter } from '../ui/pickers';
import { NewConnection } from './connection-form';

const c = infra.connections;

export function Connections() {
  const { query } = useScope();
  const search = useSearch({ from: '/manage/connections' });
  const navigate = useNavigate({ from: '/manage/connections' });
  const now = useNow(30_000);
  const may = useMay('TMC_OPERATOR', 'TMC_CONNECTION_RESOURCE_EDIT');
  const list = useQuery(connections(query, may));
  const [open, setOpen] = useState(false);
  const here = list.data ?? [];
  const shown = here.filter((one) => hasPart(one.name, search.name));
  return (
    <div className="page">
      <Head title={c.title}>
        {may && (
          <Button leftSection={<IconPlus size={16} aria-hidden />} onClick={() => setOpen(true)}>
            {c.new}
          </Button>
        )}
      </Head>
      <Dialog open={open} close={() => setOpen(false)} title={c.new}>
        <NewConnection close={() => setOpen(false)} />
      </Dialog>
      {may && (
        <Group gap="sm" className="filters">
          <NameFilter
            label={c.search}
            value={search.name}
            change={(name) => navigate({ search: { name }, replace: true })}
          />
        </Group>
      )}
      {!may ? (
        <Empty title={c.noRights}>{c.noRightsHint}</Empty>
      ) : list.error && !list.data ? (
        <Failure error={list.error} retry={() => list.refetch()} />
      ) : !list.data ? (
        <Waiting />
      ) : (
        <List
          label={c.title}
          count={shown.length}
          row={(index) => shown[index]}
          rowKey={(one) => one.id}
          columns={[
            {
              key: 'name',
              title: t.name,
              width: 'minmax(8rem, 2fr)',
              cell: (one) => (
                <Link className="row-link" to="/manage/connections/$id" params={{ id: one.id }}>
                  {one.name}
                </Link>
              ),
            },
            { key: 'app', title: c.app, width: 'minmax(6rem, 1fr)', cell: (one) => one.app },
            {
              key: 'parameters',
              title: c.parameters,
              width: '8rem',
              wide: true,
              cell: (one) => c.count(one.parameters.length),
            },
            {
              key: 'workspace',
              title: t.workspace,
              width: 'minmax(6rem, 1fr)',
              wide: true,
              cell: (one) => one.workspace.name,
            },
            {
              key: 'updated',
              title: f.updated,
              width: '8rem',
              wide: true,
              cell: (one) => <Moment at={one.updateDate ?? one.createDate} now={now} />,
            },
          ]}
          empty={
            here.length > 0 ? (
              <Empty title={c.noMatch} />
            ) : (
              <Empty title={c.none} action={may && <Button onClick={() => setOpen(true)}>{c.new}</Button>}>
                {c.noneHint}
              </Empty>
            )
          }
        />
      )}
    </div>
  );
}
