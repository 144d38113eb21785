/** All service accounts, and making one: its secret is shown once. */

import { TextInput } from '@mantine/core';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { Link, useNavigate, useSearch } from '@tanstack/react-router';
import { useState } from 'react';
import { accounts, grantable, type ServiceAccount, type ServiceAccountWish, serviceAccounts } from '../../api/admin';
import { body } from '../../api/client';
import { useMay } from '../../app/context';
import { a } from '../../texts/admin';
import { t } from '../../texts/pages';
import { permissionName } from '../../texts/permissions';
import { Denied, FormDialog, SecretDialog, useAct } from '../../ui/fields';
import { FindField, ListPage } from '../../ui/list-page';
import { Head, Moment, useNow } from '../../ui/parts';
import { PermissionFields } from '../../ui/permissions';

/** Id and secret, each to be copied. */
export function secretRows(made: { id: string; secret?: string }) {
  return [
    { label: a.service.id, value: made.id },
    { label: a.service.secret, value: made.secret ?? '' },
  ];
}

function NewAccount({ open, close, made }: { open: boolean; close: () => void; made: (one: ServiceAccount) => void }) {
  const queries = useQueryClient();
  const offered = useQuery({ ...grantable(), enabled: open });
  const [name, setName] = useState('');
  const [permissions, setPermissions] = useState<string[]>([]);
  const act = useAct('name', 'permissions');
  const submit = async () => {
    const account = await body(
      accounts.POST('/account/service-accounts', { body: { name, permissions } as ServiceAccountWish }),
    );
    await queries.invalidateQueries({ queryKey: ['objects', 'service-accounts'] });
    made(account);
  };
  return (
    <FormDialog
      open={open}
      close={close}
      title={a.service.new}
      hint={a.service.newHint}
      act={act}
      submit={submit}
      label={a.service.create}
    >
      <TextInput
        label={t.name}
        value={name}
        error={act.at('name')}
        onChange={(event) => setName(event.currentTarget.value)}
        autoComplete="off"
        required
        data-autofocus
      />
      <PermissionFields
        offered={offered.data}
        chosen={permissions}
        change={setPermissions}
        error={act.at('permissions')}
      />
    </FormDialog>
  );
}

export function ServiceAccounts() {
  const search = useSearch({ from: '/manage/service-accounts' });
  const navigate = useNavigate({ from: '/manage/service-accounts' });
  const may = useMay('TMC_SERVICE_ACCOUNT_MANAGEMENT');
  const all = useQuery({ ...serviceAccounts(), enabled: may });
  const now = useNow(30_000);
  const [open, setOpen] = useState(false);
  const [made, setMade] = useState<ServiceAccount>();
  if (!may) {
    return (
      <div className="page">
        <Head title={a.service.title} />
        <Denied what={a.service.title} permission={permissionName('TMC_SERVICE_ACCOUNT_MANAGEMENT')} />
      </div>
    );
  }
  const wanted = (search.find ?? '').trim().toLowerCase();
  const shown = (all.data ?? []).filter((one) => `${one.name} ${one.id}`.toLowerCase().includes(wanted));
  const finish = async () => {
    const id = made?.id ?? '';
    setMade(undefined);
    await navigate({ to: '/manage/service-accounts/$id', params: { id } });
  };
  return (
    <>
      <NewAccount
        open={open}
        close={() => setOpen(false)}
        made={(one) => {
          setOpen(false);
          setMade(one);
        }}
      />
      <SecretDialog
        open={made !== undefined}
        close={finish}
        title={a.service.secretTitle(made?.name ?? '')}
        hint={a.service.secretHint}
        rows={made ? secretRows(made) : []}
      />
      <ListPage<ServiceAccount>
        title={a.service.title}
        make={{ label: a.service.new, act: () => setOpen(true) }}
        filters={<FindField label={a.find} field="find" />}
        rows={{ query: all, all: all.data ?? [], shown }}
        rowKey={(one) => one.id}
        columns={[
          {
            key: 'name',
            title: t.name,
            width: 'minmax(8rem, 1.2fr)',
            cell: (one) => (
              <Link className="row-link" to="/manage/service-accounts/$id" params={{ id: one.id }}>
                {one.name}
              </Link>
            ),
          },
          {
            key: 'permissions',
            title: a.permissions.title,
            width: 'minmax(8rem, 2fr)',
            wide: true,
            cell: (one) => {
              const names = one.permissions.map(permissionName).join(', ');
              return <span title={names}>{names}</span>;
            },
          },
          {
            key: 'used',
            title: a.lastUse,
            width: '8rem',
            cell: (one) => (one.lastUsedDate ? <Moment at={one.lastUsedDate} now={now} /> : a.never),
          },
          {
            key: 'api',
            title: a.service.lastApi,
            width: 'minmax(8rem, 1.5fr)',
            wide: true,
            cell: (one) => <span className="mono">{one.lastUsedApi ?? ''}</span>,
          },
        ]}
        none={{ title: a.service.none, hint: a.service.noneHint }}
        noMatch={{ title: a.noMatch, hint: a.noMatchHint }}
      />
    </>
  );
}
