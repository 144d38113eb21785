/** The connections of an environment. */

import { useQuery } from '@tanstack/react-query';
import { Link, useSearch } from '@tanstack/react-router';
import { useState } from 'react';
import { connectionCount, connections } from '../api/infra';
import { useMay, useScope, useWorkspacesWith } from '../app/context';
import { f, infra } from '../texts/infra';
import { t } from '../texts/pages';
import { FindField, ListPage } from '../ui/list-page';
import { Dialog, Empty, Moment, useNow } from '../ui/parts';
import { hasPart } from '../ui/pickers';
import { NewConnection } from './connection-form';

const c = infra.connections;

export function Connections() {
  const { query } = useScope();
  const search = useSearch({ from: '/manage/connections' });
  const now = useNow(30_000);
  const holds = useWorkspacesWith('AUTHOR', 'MANAGE').length > 0;
  const may = useMay('TMC_OPERATOR', 'TMC_CONNECTION_RESOURCE_EDIT');
  const list = useQuery(connections(query, may));
  const [open, setOpen] = useState(false);
  const here = list.data ?? [];
  const shown = here.filter((one) => hasPart(one.name, search.name));
  return (
    <>
      <Dialog open={open} close={() => setOpen(false)} title={c.new}>
        <NewConnection close={() => setOpen(false)} />
      </Dialog>
      <ListPage
        title={c.title}
        make={may && holds ? { label: c.new, act: () => setOpen(true) } : undefined}
        filters={<FindField label={c.search} />}
        denied={!may && <Empty title={c.noRights}>{c.noRightsHint}</Empty>}
        query={list}
        all={here}
        page={connectionCount(query)}
        shown={shown}
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
        none={{ title: c.none, hint: c.noneHint }}
        noMatch={{ title: c.noMatch }}
      />
    </>
  );
}
