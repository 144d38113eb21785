/** All roles: predefined ones and those made here. */

import { Select } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { Link, useNavigate, useSearch } from '@tanstack/react-router';
import { type Role, roles } from '../../api/admin';
import { useMay } from '../../app/context';
import { a } from '../../texts/admin';
import { t } from '../../texts/pages';
import { isPredefined, permissionName } from '../../texts/permissions';
import { Denied } from '../../ui/fields';
import { FindField, ListPage } from '../../ui/list-page';
import { Badge, Head } from '../../ui/parts';

const KINDS = [
  { value: 'predefined', label: a.roles.predefined },
  { value: 'custom', label: a.roles.custom },
];

export function Roles() {
  const search = useSearch({ from: '/manage/roles' });
  const navigate = useNavigate({ from: '/manage/roles' });
  const may = useMay('TMC_ROLE_MANAGEMENT');
  const all = useQuery({ ...roles(), enabled: may });
  const set = (change: Partial<typeof search>) => navigate({ search: (old) => ({ ...old, ...change }), replace: true });
  if (!may) {
    return (
      <div className="page">
        <Head title={a.roles.title} />
        <Denied what={a.roles.title} permission={permissionName('TMC_ROLE_MANAGEMENT')} />
      </div>
    );
  }
  const wanted = (search.find ?? '').trim().toLowerCase();
  const shown = (all.data ?? []).filter(
    (one) =>
      one.name.toLowerCase().includes(wanted) &&
      (!search.kind || (search.kind === 'predefined') === isPredefined(one.name)),
  );
  return (
    <ListPage<Role>
      title={a.roles.title}
      make={{ label: a.roles.new, act: () => navigate({ to: '/manage/roles/new', search: {} }) }}
      filters={
        <>
          <FindField label={a.find} field="find" />
          <Select
            aria-label={a.roles.kind}
            placeholder={`${a.roles.kind}: ${t.all}`}
            data={KINDS}
            value={search.kind ?? null}
            onChange={(kind) => set({ kind: kind ?? undefined })}
            clearable
            clearButtonProps={{ 'aria-label': a.clear }}
          />
        </>
      }
      rows={{ query: all, all: all.data ?? [], shown }}
      rowKey={(one) => one.id ?? ''}
      columns={[
        {
          key: 'name',
          title: t.name,
          width: 'minmax(9rem, 1fr)',
          cell: (one) => (
            <Link className="row-link" to="/manage/roles/$id" params={{ id: one.id ?? '' }}>
              {one.name}
            </Link>
          ),
        },
        {
          key: 'kind',
          title: a.roles.kind,
          width: '8rem',
          cell: (one) =>
            isPredefined(one.name) ? (
              <Badge tone="idle">{a.roles.predefined}</Badge>
            ) : (
              <Badge tone="good">{a.roles.custom}</Badge>
            ),
        },
        {
          key: 'gives',
          title: a.roles.gives,
          width: 'minmax(10rem, 3fr)',
          wide: true,
          cell: (one) => {
            const names = (one.permissions ?? []).map(permissionName).join(', ') || a.permissions.none;
            return <span title={names}>{names}</span>;
          },
        },
      ]}
      none={{ title: a.noMatch }}
      noMatch={{ title: a.noMatch, hint: a.noMatchHint }}
    />
  );
}
