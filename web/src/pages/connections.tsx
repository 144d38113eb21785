/** The connections of an environment. */

import { Link, useSearch } from '@tanstack/react-router';
import { useState } from 'react';
import type { Connection } from '../api/infra';
import { connectionPage } from '../api/pages';
import { useMay, useScope, useWorkspacesWith } from '../app/context';
import { usePages, useSettled } from '../lib/use-pages';
import { f, infra } from '../texts/infra';
import { t } from '../texts/pages';
import { FindField, ListPage } from '../ui/list-page';
import { Dialog, Empty, Moment, useNow } from '../ui/parts';
import { NewConnection } from './connection-form';

const c = infra.connections;

export function Connections() {
  const { query } = useScope();
  const search = useSearch({ from: '/manage/connections' });
  const now = useNow(30_000);
  const holds = useWorkspacesWith('AUTHOR', 'MANAGE').length > 0;
  const may = useMay('TMC_OPERATOR', 'TMC_CONNECTION_RESOURCE_EDIT');
  const name = useSettled(search.name);
  const list = usePages<Connection>((number) => connectionPage({ ...query, name }, number, may));
  const [open, setOpen] = useState(false);
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
        rows={{ pages: list, narrowed: name !== undefined }}
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
