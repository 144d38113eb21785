/** All users: who may get in and with which roles. */

import { Button, Group, MultiSelect, PasswordInput, Select, SimpleGrid, TextInput } from '@mantine/core';
import { IconPlus, IconSearch } from '@tabler/icons-react';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { Link, useNavigate, useSearch } from '@tanstack/react-router';
import { useState } from 'react';
import { identity, roles, type User, users } from '../../api/admin';
import { body, own } from '../../api/client';
import { MOST_READ } from '../../api/queries';
import { useMay } from '../../app/context';
import { a } from '../../texts/admin';
import { t } from '../../texts/pages';
import { permissionName } from '../../texts/permissions';
import { fullTime, instant, shortTime } from '../../texts/time';
import { Denied, FormDialog, useAct } from '../../ui/fields';
import { type Column, List } from '../../ui/list';
import { Badge, Empty, Failure, Head, isLost, Notice, useNow, Waiting } from '../../ui/parts';

/** What is shown of a user where there is room for one text. */
export function nameOf(user: User): string {
  return user.name || user.login || user.id || '';
}

/** Whether a user may get in. */
export function UserBadge({ user }: { user: User }) {
  if (!user.active) return <Badge tone="idle">{a.users.inactive}</Badge>;
  if ((user.roles ?? []).length === 0) return <Badge tone="warn">{a.users.noRole}</Badge>;
  return <Badge tone="good">{a.users.active}</Badge>;
}

/** What is wrong with a password before it is sent; the server checks it again. */
export function passwordFault(password: string, login: string): string | undefined {
  if ([...password].length < 12) return a.profile.tooShort;
  if (password.toLowerCase() === login.toLowerCase()) return a.profile.isLogin;
  return undefined;
}

const EMPTY = { login: '', firstName: '', lastName: '', email: '' };
const FIELDS = [
  ['login', a.users.login, a.users.loginHint],
  ['email', a.users.email, undefined],
  ['firstName', a.users.firstName, undefined],
  ['lastName', a.users.lastName, undefined],
] as const;

function NewUser({ open, close }: { open: boolean; close: () => void }) {
  const queries = useQueryClient();
  const navigate = useNavigate();
  const maySeeRoles = useMay('TMC_ROLE_MANAGEMENT');
  const known = useQuery({ ...roles(), enabled: open && maySeeRoles });
  const act = useAct('login', 'firstName', 'lastName', 'email', 'roleIds');
  const [values, setValues] = useState(EMPTY);
  const [roleIds, setRoleIds] = useState<string[]>([]);
  const [password, setPassword] = useState('');
  const [fault, setFault] = useState<string>();
  const [half, setHalf] = useState<{ id: string; message: string }>();
  const submit = async () => {
    const wrong = password ? passwordFault(password, values.login) : undefined;
    setFault(wrong);
    if (wrong) return;
    const made = await body(identity.POST('/account/users', { body: { ...values, roleIds } }));
    const id = made.id ?? '';
    await queries.invalidateQueries({ queryKey: ['objects'] });
    if (password) {
      try {
        const path = { id };
        await body(own.PUT('/stoker/v1/users/{id}/password', { params: { path }, body: { newPassword: password } }));
      } catch (problem) {
        setHalf({ id, message: (problem as Error).message });
        return;
      }
    }
    await navigate({ to: '/manage/users/$id', params: { id } });
  };
  return (
    <FormDialog
      open={open}
      close={close}
      title={a.users.new}
      act={act}
      submit={submit}
      label={t.create}
      disabled={half !== undefined}
    >
      <SimpleGrid cols={{ base: 1, xs: 2 }} spacing="sm">
        {FIELDS.map(([field, label, hint]) => (
          <TextInput
            key={field}
            label={label}
            description={hint}
            inputWrapperOrder={['label', 'input', 'description', 'error']}
            value={values[field]}
            error={act.at(field)}
            autoComplete="off"
            required
            data-autofocus={field === 'login' || undefined}
            onChange={(event) => setValues({ ...values, [field]: event.currentTarget.value })}
          />
        ))}
      </SimpleGrid>
      {maySeeRoles ? (
        <MultiSelect
          label={a.users.roles}
          description={a.users.rolesHint}
          placeholder={roleIds.length ? undefined : a.users.pickRoles}
          data={(known.data ?? []).map((one) => ({ value: one.id ?? '', label: one.name }))}
          value={roleIds}
          onChange={setRoleIds}
          error={act.at('roleIds')}
          searchable
        />
      ) : (
        <Notice tone="idle" title={a.users.rolesHint}>
          {a.users.noRolesToSee}
        </Notice>
      )}
      <PasswordInput
        label={a.users.password}
        description={a.users.passwordHint}
        value={password}
        error={fault}
        onChange={(event) => setPassword(event.currentTarget.value)}
        autoComplete="new-password"
        visibilityToggleButtonProps={{ 'aria-label': a.signIn.show }}
      />
      {half && (
        <Notice tone="warn" title={a.users.halfDone}>
          {half.message}{' '}
          <Link to="/manage/users/$id" params={{ id: half.id }}>
            {a.users.open}
          </Link>
        </Notice>
      )}
    </FormDialog>
  );
}

const STATES = [
  { value: 'active', label: a.users.active },
  { value: 'inactive', label: a.users.inactive },
  { value: 'no-role', label: a.users.noRole },
];

function fits(user: User, search: { find?: string; state?: string; role?: string }): boolean {
  const text = `${user.login} ${nameOf(user)} ${user.email}`.toLowerCase();
  if (search.find && !text.includes(search.find.trim().toLowerCase())) return false;
  if (search.role && !(user.roles ?? []).some((role) => role.name === search.role)) return false;
  if (search.state === 'active') return user.active === true;
  if (search.state === 'inactive') return user.active === false;
  if (search.state === 'no-role') return (user.roles ?? []).length === 0;
  return true;
}

export function Users() {
  const search = useSearch({ from: '/manage/users' });
  const navigate = useNavigate({ from: '/manage/users' });
  const may = useMay('TMC_USER_MANAGEMENT');
  const all = useQuery({ ...users(), enabled: may });
  const now = useNow(30_000);
  const [open, setOpen] = useState(false);
  const set = (change: Partial<typeof search>) => navigate({ search: (old) => ({ ...old, ...change }), replace: true });
  const narrowed = Boolean(search.find ?? search.state ?? search.role);
  const shown = (all.data ?? []).filter((user) => fits(user, search));
  const held = [
    ...new Set((all.data ?? []).flatMap((user) => (user.roles ?? []).map((role) => role.name ?? ''))),
  ].sort();
  if (!may) {
    return (
      <div className="page">
        <Head title={a.users.title} />
        <Denied what={a.users.title} permission={permissionName('TMC_USER_MANAGEMENT')} />
      </div>
    );
  }
  const columns: Column<User>[] = [
    { key: 'state', title: a.state, width: '7.5rem', narrow: '7rem', cell: (one) => <UserBadge user={one} /> },
    {
      key: 'name',
      title: t.name,
      width: 'minmax(8rem, 1.5fr)',
      cell: (one) => (
        <Link className="row-link" to="/manage/users/$id" params={{ id: one.id ?? '' }}>
          {nameOf(one)}
        </Link>
      ),
    },
    { key: 'login', title: a.users.login, width: 'minmax(5rem, 1fr)', cell: (one) => one.login },
    { key: 'email', title: a.users.email, width: 'minmax(8rem, 1.5fr)', wide: true, cell: (one) => one.email },
    {
      key: 'roles',
      title: a.users.roles,
      width: 'minmax(8rem, 2fr)',
      wide: true,
      cell: (one) => (one.roles ?? []).map((role) => role.name).join(', '),
    },
    {
      key: 'changed',
      title: a.changed,
      width: '7rem',
      wide: true,
      cell: (one) => {
        const at = instant(one.lastModified) ?? 0;
        return <span title={fullTime(at)}>{shortTime(at, now)}</span>;
      },
    },
  ];
  return (
    <div className="page">
      <Head
        title={a.users.title}
        badge={
          <span className="muted">{all.data && a.users.total(all.data.length, all.data.length >= MOST_READ)}</span>
        }
      >
        <Button leftSection={<IconPlus size={16} aria-hidden />} onClick={() => setOpen(true)}>
          {a.users.new}
        </Button>
      </Head>
      <NewUser open={open} close={() => setOpen(false)} />
      <Group gap="sm" className="filters">
        <TextInput
          aria-label={a.find}
          placeholder={a.find}
          leftSection={<IconSearch size={16} aria-hidden />}
          value={search.find ?? ''}
          onChange={(event) => set({ find: event.currentTarget.value || undefined })}
        />
        <Select
          aria-label={a.state}
          placeholder={`${a.state}: ${t.all}`}
          data={STATES}
          value={search.state ?? null}
          onChange={(state) => set({ state: state ?? undefined })}
          clearable
          clearButtonProps={{ 'aria-label': a.clear }}
        />
        <Select
          aria-label={a.users.roles}
          placeholder={`${a.users.roles}: ${t.all}`}
          data={held}
          value={search.role ?? null}
          onChange={(role) => set({ role: role ?? undefined })}
          clearable
          searchable
          clearButtonProps={{ 'aria-label': a.clear }}
        />
        {narrowed && (
          <Button variant="subtle" onClick={() => navigate({ search: {}, replace: true })}>
            {a.clear}
          </Button>
        )}
      </Group>
      {isLost(all) ? (
        <Failure error={all.error} retry={() => all.refetch()} />
      ) : !all.data ? (
        <Waiting />
      ) : (
        <List
          label={a.users.title}
          columns={columns}
          count={shown.length}
          row={(index) => shown[index]}
          rowKey={(one) => one.id ?? ''}
          empty={
            narrowed ? (
              <Empty title={a.noMatch}>{a.noMatchHint}</Empty>
            ) : (
              <Empty title={a.users.none}>{a.users.noneHint}</Empty>
            )
          }
        />
      )}
    </div>
  );
}
