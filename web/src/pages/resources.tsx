/** The resources of an environment. */

import { IconUpload } from '@tabler/icons-react';
import { Link, useSearch } from '@tanstack/react-router';
import { useState } from 'react';
import type { Resource } from '../api/infra';
import { resourcePage } from '../api/pages';
import { useMay, useScope, useWorkspacesWith } from '../app/context';
import { usePages, useSettled } from '../lib/use-pages';
import { infra } from '../texts/infra';
import { t } from '../texts/pages';
import { FindField, ListPage } from '../ui/list-page';
import { Dialog, Empty } from '../ui/parts';
import { NewResource } from './resource-form';

const r = infra.resources;

export function Resources() {
  const { query } = useScope();
  const search = useSearch({ from: '/manage/resources' });
  const holds = useWorkspacesWith('AUTHOR', 'MANAGE').length > 0;
  const may = useMay('TMC_OPERATOR', 'TMC_CONNECTION_RESOURCE_EDIT');
  const name = useSettled(search.name);
  const list = usePages<Resource>((number) => resourcePage({ ...query, name }, number, may));
  const [open, setOpen] = useState(false);
  return (
    <>
      <Dialog open={open} close={() => setOpen(false)} title={r.new}>
        <NewResource close={() => setOpen(false)} />
      </Dialog>
      <ListPage
        title={r.title}
        make={
          may && holds
            ? { label: r.new, act: () => setOpen(true), icon: <IconUpload size={16} aria-hidden /> }
            : undefined
        }
        filters={<FindField label={r.search} />}
        denied={!may && <Empty title={r.noRights}>{r.noRightsHint}</Empty>}
        rows={{ pages: list, narrowed: name !== undefined }}
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
        none={{ title: r.none, hint: r.noneHint }}
        noMatch={{ title: r.noMatch }}
      />
    </>
  );
}
