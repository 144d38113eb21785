/** One user: who it is, its roles, groups, rights and tokens. */

import { Button, Group, MultiSelect, PasswordInput, Select, SimpleGrid, TextInput } from '@mantine/core';
import { IconKey, IconTrash } from '@tabler/icons-react';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { Link, useNavigate, useParams } from '@tanstack/react-router';
import { type FormEvent, useMemo, useState } from 'react';
import { groups, groupsOf, identity, roles, tokensOf, type User, user } from '../../api/admin';
import { body, own } from '../../api/client';
import { useMay, useShared } from '../../app/context';
import { a } from '../../texts/admin';
import { t } from '../../texts/pages';
import { permissionName } from '../../texts/permissions';
import { DangerButton, Denied, FormDialog, isGone, Meanwhile, useAct, useDraft } from '../../ui/fields';
import { Failure, Head, Id, Moment, Notice, useNow, Waiting } from '../../ui/parts';
import { PermissionList } from '../../ui/permissions';
import { GrantPanel } from './grants';
import { nameOf, passwordFault, UserBadge } from './users';

const LANGUAGES = [
  { value: 'en', label: 'English' },
  { value: 'fr', label: 'Français' },
  { value: 'de', label: 'Deutsch' },
  { value: 'ja', label: '日本語' },
  { value: 'unsupported', label: 'Another' },
];

type Language = NonNullable<User['preferredLanguage']>;

const TEXTS = [
  ['firstName', a.users.firstName],
  ['lastName', a.users.lastName],
  ['email', a.users.email],
  ['phone', a.users.phone],
  ['title', a.users.personTitle],
] as const;

/** What the form holds of a user. */
function valuesOf(one: User) {
  return {
    firstName: one.firstName ?? '',
    lastName: one.lastName ?? '',
    email: one.email ?? '',
    phone: one.phone ?? '',
    title: one.title ?? '',
    preferredLanguage: (one.preferredLanguage ?? 'en') as Language,
    timezone: one.timezone ?? 'Etc/UTC',
    roleIds: [...(one.roleIds ?? [])].sort(),
  };
}

/** The body of a change: optional texts that are empty are left out, which removes them. */
function changeOf(one: User, values: ReturnType<typeof valuesOf>, withRoles: boolean) {
  const { roleIds, phone, title, ...rest } = values;
  return {
    login: one.login ?? '',
    ...rest,
    phone: phone || undefined,
    title: title || undefined,
    roleIds: withRoles ? roleIds : undefined,
  };
}

function Details({ one, gone }: { one: User; gone: boolean }) {
  const queries = useQueryClient();
  const maySeeRoles = useMay('TMC_ROLE_MANAGEMENT');
  const known = useQuery({ ...roles(), enabled: maySeeRoles });
  const stored = useMemo(() => valuesOf(one), [one]);
  const form = useDraft(stored);
  const act = useAct('firstName', 'lastName', 'email', 'phone', 'title', 'preferredLanguage', 'timezone', 'roleIds');
  const [saved, setSaved] = useState(false);
  const values = form.draft ?? stored;
  const zones = useMemo(
    () => [...new Set([...Intl.supportedValuesOf('timeZone'), 'Etc/UTC', stored.timezone])].sort(),
    [stored.timezone],
  );
  const set = (change: Partial<typeof values>) => {
    setSaved(false);
    form.set({ ...values, ...change });
  };
  const submit = async (event: FormEvent) => {
    event.preventDefault();
    const path = { id: one.id ?? '' };
    const done = await act.act(async () => {
      const changed = await body(
        identity.PUT('/account/users/{id}', { params: { path }, body: changeOf(one, values, maySeeRoles) }),
      );
      queries.setQueryData(user(path.id).queryKey, changed);
      form.set(valuesOf(changed));
    });
    setSaved(done);
  };
  return (
    <section className="panel">
      <h2>{a.users.details}</h2>
      <form onSubmit={submit} noValidate>
        <Meanwhile edit={form} gone={gone} />
        <SimpleGrid cols={{ base: 1, xs: 2 }} spacing="sm">
          {TEXTS.map(([field, label]) => (
            <TextInput
              key={field}
              label={label}
              value={values[field]}
              error={act.at(field)}
              required={field !== 'phone' && field !== 'title'}
              autoComplete="off"
              onChange={(event) => set({ [field]: event.currentTarget.value })}
            />
          ))}
          <Select
            label={a.users.language}
            data={LANGUAGES}
            value={values.preferredLanguage}
            error={act.at('preferredLanguage')}
            onChange={(language) => language && set({ preferredLanguage: language as Language })}
          />
          <Select
            label={a.users.zone}
            data={zones}
            value={values.timezone}
            error={act.at('timezone')}
            onChange={(zone) => zone && set({ timezone: zone })}
            searchable
            limit={100}
          />
        </SimpleGrid>
        {maySeeRoles ? (
          <MultiSelect
            mt="sm"
            label={a.users.roles}
            description={a.users.rolesHint}
            data={(known.data ?? one.roles ?? []).map((role) => ({ value: role.id ?? '', label: role.name ?? '' }))}
            value={values.roleIds}
            error={act.at('roleIds')}
            onChange={(ids) => set({ roleIds: [...ids].sort() })}
            searchable
          />
        ) : (
          <Notice tone="idle" title={(one.roles ?? []).map((role) => role.name).join(', ') || a.users.noRole}>
            {a.users.noRolesToSee}
          </Notice>
        )}
        {act.rest}
        <div className="saving">
          <Button type="submit" loading={act.busy} disabled={!form.dirty || gone}>
            {t.save}
          </Button>
          {form.dirty && (
            <Button variant="default" onClick={form.reset}>
              {a.discard}
            </Button>
          )}
          <span role="status" className="muted">
            {saved && !form.dirty ? a.saved : ''}
          </span>
        </div>
      </form>
    </section>
  );
}

function SetPassword({ one }: { one: User }) {
  const [open, setOpen] = useState(false);
  const [password, setPassword] = useState('');
  const [fault, setFault] = useState<string>();
  const [done, setDone] = useState(false);
  const act = useAct('newPassword');
  const submit = async () => {
    const wrong = passwordFault(password, one.login ?? '');
    setFault(wrong);
    if (wrong) return;
    const path = { id: one.id ?? '' };
    await body(own.PUT('/stoker/v1/users/{id}/password', { params: { path }, body: { newPassword: password } }));
    setPassword('');
    setOpen(false);
    setDone(true);
  };
  return (
    <>
      {done && (
        <span role="status" className="muted">
          {a.users.passwordSet}
        </span>
      )}
      <Button variant="default" leftSection={<IconKey size={16} aria-hidden />} onClick={() => setOpen(true)}>
        {a.users.setPassword}
      </Button>
      <FormDialog
        open={open}
        close={() => setOpen(false)}
        title={a.users.setPasswordOf(nameOf(one))}
        hint={a.users.setPasswordHint}
        act={act}
        submit={submit}
        label={a.users.setPassword}
      >
        <PasswordInput
          label={a.users.newPassword}
          description={a.profile.nextHint}
          value={password}
          error={fault ?? act.at('newPassword')}
          onChange={(event) => setPassword(event.currentTarget.value)}
          autoComplete="new-password"
          data-autofocus
          visibilityToggleButtonProps={{ 'aria-label': a.signIn.show }}
        />
      </FormDialog>
    </>
  );
}

function Actions({ one }: { one: User }) {
  const { session } = useShared();
  const queries = useQueryClient();
  const navigate = useNavigate();
  const path = { id: one.id ?? '' };
  const name = nameOf(one);
  const active = one.active === true;
  const toggle = async () => {
    const change = { ...changeOf(one, valuesOf(one), false), active: !active };
    const changed = await body(identity.PUT('/account/users/{id}', { params: { path }, body: change }));
    queries.setQueryData(user(path.id).queryKey, changed);
  };
  const remove = async () => {
    await body(identity.DELETE('/account/users/{id}', { params: { path } }));
    await navigate({ to: '/manage/users' });
    queries.removeQueries({ queryKey: user(path.id).queryKey });
    await queries.invalidateQueries({ queryKey: ['objects'] });
  };
  if (session.user.id === one.id) {
    return (
      <span className="muted" title={a.users.youHint}>
        {a.users.you}
      </span>
    );
  }
  return (
    <>
      <SetPassword one={one} />
      <DangerButton
        label={active ? a.users.deactivate : a.users.activate}
        question={active ? a.users.deactivateAsk(name) : a.users.activateAsk(name)}
        hint={active ? a.users.deactivateHint : a.users.activateHint}
        act={toggle}
      />
      <DangerButton
        label={a.users.delete}
        question={a.users.deleteAsk(name)}
        hint={`${a.users.deleteHint} ${a.notUndone}`}
        act={remove}
        icon={<IconTrash size={16} aria-hidden />}
      />
    </>
  );
}

function Groups({ one }: { one: User }) {
  const queries = useQueryClient();
  const id = one.id ?? '';
  const may = useMay('TMC_GROUP_MANAGEMENT');
  const mine = useQuery(groupsOf(id));
  const all = useQuery({ ...groups(), enabled: may });
  const act = useAct();
  const refresh = () => queries.invalidateQueries({ queryKey: ['objects'] });
  const join = async (group: string) => {
    await body(identity.POST('/account/users/{id}/groups', { params: { path: { id } }, body: [group] }));
    await refresh();
  };
  const leave = async (groupId: string) => {
    await body(identity.DELETE('/account/users/{id}/groups/{groupId}', { params: { path: { id, groupId } } }));
    await refresh();
  };
  const free = (all.data ?? []).filter((group) => !(mine.data ?? []).some((held) => held.id === group.id));
  return (
    <section className="panel">
      <h2>{a.users.groups}</h2>
      {mine.error ? (
        <Failure error={mine.error} />
      ) : (
        <ul className="rows">
          {(mine.data ?? []).map((group) => (
            <li key={group.id}>
              <span className="grow line">
                <Link to="/manage/groups/$id" params={{ id: group.id ?? '' }}>
                  {group.name}
                </Link>
              </span>
              {may && (
                <DangerButton
                  subtle
                  label={a.remove}
                  named={a.users.leave(group.name)}
                  question={a.users.leaveAsk(nameOf(one), group.name)}
                  hint={a.groups.takeOutHint}
                  act={() => leave(group.id ?? '')}
                />
              )}
            </li>
          ))}
          {mine.data?.length === 0 && <li className="muted">{a.users.noGroups}</li>}
        </ul>
      )}
      {act.rest}
      {may && free.length > 0 && (
        <Select
          mt="xs"
          aria-label={a.users.joinGroup}
          placeholder={a.users.joinGroup}
          data={free.map((group) => ({ value: group.id ?? '', label: group.name }))}
          value={null}
          onChange={(group) => group && act.act(() => join(group))}
          searchable
        />
      )}
    </section>
  );
}

function Tokens({ one }: { one: User }) {
  const queries = useQueryClient();
  const id = one.id ?? '';
  const all = useQuery(tokensOf(id));
  const now = useNow(30_000);
  const revoke = async (tokenId: string) => {
    await body(own.DELETE('/stoker/v1/users/{id}/tokens/{tokenId}', { params: { path: { id, tokenId } } }));
    await queries.invalidateQueries({ queryKey: tokensOf(id).queryKey });
  };
  return (
    <section className="panel">
      <h2>{a.users.tokens}</h2>
      {all.error && <Failure error={all.error} />}
      <ul className="rows">
        {(all.data ?? []).map((token) => (
          <li key={token.id}>
            <span className="grow">
              {token.name}
              <span className="muted">
                {' '}
                · {a.lastUse.toLowerCase()} {token.lastUsedAt ? <Moment at={token.lastUsedAt} now={now} /> : a.never}
              </span>
            </span>
            <DangerButton
              subtle
              label={a.profile.revoke}
              named={a.profile.revokeOf(token.name)}
              question={a.profile.revokeAsk(token.name)}
              hint={a.profile.revokeHint}
              act={() => revoke(token.id)}
            />
          </li>
        ))}
        {all.data?.length === 0 && <li className="muted">{a.users.noTokens}</li>}
      </ul>
    </section>
  );
}

export function UserPage() {
  const { id } = useParams({ from: '/manage/users/$id' });
  const may = useMay('TMC_USER_MANAGEMENT');
  const one = useQuery({ ...user(id), enabled: may });
  const gone = isGone(one.error);
  if (!may) {
    return (
      <div className="page">
        <Head title={a.users.title} />
        <Denied what={a.users.title} permission={permissionName('TMC_USER_MANAGEMENT')} />
      </div>
    );
  }
  if (!one.data) return one.error ? <Failure error={one.error} retry={() => one.refetch()} /> : <Waiting />;
  const found = one.data;
  const allowed = [...new Set((found.roles ?? []).flatMap((role) => role.permissions ?? []))];
  return (
    <div className="page">
      <Head title={nameOf(found)} badge={<UserBadge user={found} />}>
        {!gone && <Actions one={found} />}
      </Head>
      <Group gap="lg">
        <span className="breaks">
          <span className="muted">{a.users.login}</span> {found.login}
        </span>
        <Group gap={6} component="span">
          <span className="muted">{t.id}</span> <Id id={found.id ?? ''} what={t.id.toLowerCase()} />
        </Group>
      </Group>
      <div className="columns">
        <Details key={id} one={found} gone={gone} />
        <div className="stack">
          <section className="panel">
            <h2>{a.users.may}</h2>
            <PermissionList ids={allowed} />
          </section>
          <GrantPanel kind="users" holder={id} name={nameOf(found)} />
          <Groups one={found} />
          <Tokens one={found} />
        </div>
      </div>
    </div>
  );
}
