/** The resources of an environment. */

import { Button, Group } from '@mantine/core';
import { IconUpload } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { Link, useNavigate, useSearch } from '@tanstack/react-router';
import { useState } from 'react';
import { resources } from '../api/infra';
import { useMay, useScope } from '../app/context';
import { infra } from '../texts/infra';
import { t } from '../texts/pages';
import { List } from '../ui/list';
import { Dialog, Empty, Failure, Head, Waiting } from '../ui/parts';
import { hasPart, NameFilter } from '../ui/pickers';
import { NewResource } from './resource-form';

const r = infra.resources;

export function Resources() {
  const { query } = useScope();
  const search = useSearch({ from: '/manage/resources' });
  const navigate = useNavigate({ from: '/manage/resources' });
  const may = useMay('TMC_OPERATOR', 'TMC_CONNECTION_RESOURCE_EDIT');
  const list = useQuery(resources(query, may));
  const [open, setOpen] = useState(false);
  const here = list.data ?? [];
  const shown = here.filter((one) => hasPart(one.name, search.name));
  return (
    <div className="page">
      <Head title={r.title}>
        {may && (
          <Button leftSection={<IconUpload size={16} aria-hidden />} onClick={() => setOpen(true)}>
            {r.new}
          </Button>
        )}
      </Head>
      <Dialog open={open} close={() => setOpen(false)} title={r.new}>
        <NewResource close={() => setOpen(false)} />
      </Dialog>
      {may && (
        <Group gap="sm" className="filters">
          <NameFilter
            label={r.search}
            value={search.name}
            change={(name) => navigate({ search: { name }, replace: true })}
          />
        </Group>
      )}
      {!may ? (
        <Empty title={r.noRights}>{r.noRightsHint}</Empty>
      ) : list.error && !list.data ? (
        <Failure error={list.error} retry={() => list.refetch()} />
      ) : !list.data ? (
        <Waiting />
      ) : (
        <List
          label={r.title}
          count={shown.length}
          row={(index) => shown[index]}
          rowKey={(one) => one.id}
          columns={[
            {
              key: 'name',
              title: t.name,
              width: 'minmax(8rem, 2fr)',
              cell: (one) => (
                <Link className="row-link" to="/manage/resources/$id" params={{ id: one.id }}>
                  {one.name}
                </Link>
              ),
            },
            { key: 'kind', title: r.kind, width: '6rem', cell: (one) => (one.file ? r.file : r.folder) },
            {
              key: 'workspace',
              title: t.workspace,
              width: 'minmax(6rem, 1fr)',
              wide: true,
              cell: (one) => one.workspaceInfo.name,
            },
            {
              key: 'description',
              title: t.description,
              width: 'minmax(6rem, 2fr)',
              wide: true,
              cell: (one) => one.description ?? '',
            },
          ]}
          empty={
            here.length > 0 ? (
              <Empty title={r.noMatch} />
            ) : (
              <Empty title={r.none} action={may && <Button onClick={() => setOpen(true)}>{r.new}</Button>}>
                {r.noneHint}
              </Empty>
            )
          }
        />
      )}
    </div>
  );
}
