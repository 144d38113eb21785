/** Who may what on which workspace. */

import { Button, Group, SegmentedControl, Select } from '@mantine/core';
import { IconPlus } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { useNavigate, useSearch } from '@tanstack/react-router';
import { useState } from 'react';
import { type Grant, grants, type Holder } from '../../api/admin';
import { useMay } from '../../app/context';
import { a } from '../../texts/admin';
import { t } from '../../texts/pages';
import { permissionName, rightNames } from '../../texts/permissions';
import { Denied } from '../../ui/fields';
import { type Column, List } from '../../ui/list';
import { Empty, Failure, Head, isLost, Waiting } from '../../ui/parts';
import { GiveDialog, GrantActions, useHolders, useWorkspaceNames } from './grants';

const KINDS = [
  { value: 'users', label: a.rights.users },
  { value: 'service-accounts', label: a.rights.serviceAccounts },
];

export function RightsPage() {
  const search = useSearch({ from: '/manage/rights' });
  const navigate = useNavigate({ from: '/manage/rights' });
  const kind: Holder = search.kind === 'service-accounts' ? 'service-accounts' : 'users';
  const may = useMay('TMC_ENVIRONMENT_MANAGEMENT', 'TMC_USER_MANAGEMENT');
  const all = useQuery({ ...grants(kind, search.workspace, search.who), enabled: may });
  const { names } = useHolders(kind);
  const places = useWorkspaceNames();
  const [open, setOpen] = useState(false);
  const set = (change: Partial<typeof search>) => navigate({ search: (old) => ({ ...old, ...change }), replace: true });
  if (!may) {
    const either = [permissionName('TMC_USER_MANAGEMENT'), permissionName('TMC_ENVIRONMENT_MANAGEMENT')];
    return (
      <div className="page">
        <Head title={a.rights.title} />
        <Denied what={a.rights.title} permission={either.join('" or "')} />
      </div>
    );
  }
  const who = (one: Grant) => names.get(one.userId) ?? one.userId;
  const where = (one: Grant) => places.get(one.workspaceId) ?? one.workspaceId;
  const rows = [...(all.data ?? [])].sort((x, y) => `${where(x)} ${who(x)}`.localeCompare(`${where(y)} ${who(y)}`));
  const columns: Column<Grant>[] = [
    { key: 'who', title: a.rights.who, width: 'minmax(6rem, 1.2fr)', cell: who },
    { key: 'where', title: t.workspace, width: 'minmax(6rem, 1.2fr)', cell: where },
    {
      key: 'rights',
      title: a.rights.rights,
      width: 'minmax(8rem, 2fr)',
      wide: true,
      cell: (one) => <span title={rightNames(one.permissions)}>{rightNames(one.permissions)}</span>,
    },
    {
      key: 'do',
      title: a.rights.actions,
      width: '5.5rem',
      narrow: '5rem',
      cell: (one) => <GrantActions bare kind={kind} grant={one} who={who(one)} where={where(one)} />,
    },
  ];
  return (
    <div className="page">
      <Head title={a.rights.title} badge={<span className="muted">{all.data && a.rights.total(rows.length)}</span>}>
        <Button leftSection={<IconPlus size={16} aria-hidden />} onClick={() => setOpen(true)}>
          {a.rights.give}
        </Button>
      </Head>
      {open && <GiveDialog kind={kind} workspace={search.workspace} open close={() => setOpen(false)} />}
      <Group gap="sm" className="filters">
        <SegmentedControl
          className="all-wide"
          aria-label={a.rights.who}
          data={KINDS}
          value={kind}
          onChange={(value) => set({ kind: value, who: undefined })}
        />
        <Select
          aria-label={t.workspace}
          placeholder={`${t.workspace}: ${t.all}`}
          data={[...places].map(([value, label]) => ({ value, label }))}
          value={search.workspace ?? null}
          onChange={(workspace) => set({ workspace: workspace ?? undefined })}
          searchable
          clearable
          limit={200}
          clearButtonProps={{ 'aria-label': a.clear }}
        />
        <Select
          aria-label={a.rights.who}
          placeholder={`${a.rights.who}: ${t.all}`}
          data={[...names].map(([value, label]) => ({ value, label }))}
          value={search.who ?? null}
          onChange={(id) => set({ who: id ?? undefined })}
          searchable
          clearable
          limit={200}
          clearButtonProps={{ 'aria-label': a.clear }}
        />
      </Group>
      {isLost(all) ? (
        <Failure error={all.error} retry={() => all.refetch()} />
      ) : !all.data ? (
        <Waiting />
      ) : (
        <List
          label={a.rights.title}
          columns={columns}
          count={rows.length}
          row={(index) => rows[index]}
          rowKey={(one) => `${one.userId} ${one.workspaceId}`}
          empty={
            search.workspace || search.who ? (
              <Empty title={a.noMatch}>{a.noMatchHint}</Empty>
            ) : (
              <Empty title={a.rights.none}>{a.rights.noneHint}</Empty>
            )
          }
        />
      )}
    </div>
  );
}
