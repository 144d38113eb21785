/** Oneself: what one may do, tokens, password, sessions. */

import { Button, PasswordInput, Select, TextInput } from '@mantine/core';
import { IconPlus } from '@tabler/icons-react';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { type FormEvent, useState } from 'react';
import { me, myTokens, type Token } from '../../api/admin';
import { body, own } from '../../api/client';
import { useMay, useShared } from '../../app/context';
import { a } from '../../texts/admin';
import { t } from '../../texts/pages';
import { instant } from '../../texts/time';
import { DangerButton, FormDialog, SecretDialog, useAct } from '../../ui/fields';
import { Badge, Empty, Facts, Failure, Head, Moment, useNow, Waiting } from '../../ui/parts';
import { PermissionList } from '../../ui/permissions';
import { sayAtSignIn } from '../sign-in-ways';
import { Authenticator } from './authenticator';
import { Sessions } from './sessions';
import { passwordFault } from './users';

const p = a.profile;
const DAY = 86_400_000;
const FOREVER = 'forever';
const LENGTHS = [
  ...[7, 30, 90, 365].map((days) => ({ value: String(days), label: p.days(days) })),
  { value: FOREVER, label: p.forever },
];

function NewToken({ open, close, made }: { open: boolean; close: () => void; made: (token: Token) => void }) {
  const queries = useQueryClient();
  const [name, setName] = useState('');
  const [length, setLength] = useState('90');
  const act = useAct('name', 'expiresAt');
  const submit = async () => {
    const expiresAt = length === FOREVER ? undefined : new Date(Date.now() + Number(length) * DAY).toISOString();
    const token = await body(own.POST('/stoker/v1/me/tokens', { body: { name, expiresAt } }));
    await queries.invalidateQueries({ queryKey: myTokens().queryKey });
    setName('');
    made(token);
  };
  return (
    <FormDialog open={open} close={close} title={p.newToken} act={act} submit={submit} label={t.create}>
      <TextInput
        label={p.tokenName}
        description={p.tokenNameHint}
        value={name}
        error={act.at('name')}
        onChange={(event) => setName(event.currentTarget.value)}
        autoComplete="off"
        required
        data-autofocus
      />
      <Select
        label={p.ends}
        data={LENGTHS}
        value={length}
        error={act.at('expiresAt')}
        onChange={(value) => value && setLength(value)}
      />
    </FormDialog>
  );
}

function RenameToken({ token }: { token: Token }) {
  const queries = useQueryClient();
  const [open, setOpen] = useState(false);
  const [name, setName] = useState(token.name);
  const act = useAct('name');
  const submit = async () => {
    await body(own.PATCH('/stoker/v1/me/tokens/{id}', { params: { path: { id: token.id } }, body: { name } }));
    await queries.invalidateQueries({ queryKey: myTokens().queryKey });
    setOpen(false);
  };
  return (
    <>
      <Button
        variant="subtle"
        color="gray"
        size="compact-xs"
        aria-label={p.renameOf(token.name)}
        onClick={() => {
          setName(token.name);
          setOpen(true);
        }}
      >
        {p.rename}
      </Button>
      <FormDialog
        open={open}
        close={() => setOpen(false)}
        title={p.renameOf(token.name)}
        act={act}
        submit={submit}
        label={p.rename}
      >
        <TextInput
          label={p.tokenName}
          value={name}
          error={act.at('name')}
          onChange={(event) => setName(event.currentTarget.value)}
          data-autofocus
        />
      </FormDialog>
    </>
  );
}

function Tokens() {
  const queries = useQueryClient();
  const all = useQuery(myTokens());
  const now = useNow(30_000);
  const [open, setOpen] = useState(false);
  const [made, setMade] = useState<Token>();
  const revoke = async (id: string) => {
    await body(own.DELETE('/stoker/v1/me/tokens/{id}', { params: { path: { id } } }));
    await queries.invalidateQueries({ queryKey: myTokens().queryKey });
  };
  const create = (
    <Button leftSection={<IconPlus size={16} aria-hidden />} onClick={() => setOpen(true)}>
      {p.newToken}
    </Button>
  );
  return (
    <section className="panel">
      <div className="panel-head">
        <h2>{p.tokens}</h2>
        {create}
      </div>
      <p className="muted">{p.tokensHint}</p>
      <NewToken
        open={open}
        close={() => setOpen(false)}
        made={(token) => {
          setOpen(false);
          setMade(token);
        }}
      />
      <SecretDialog
        open={made !== undefined}
        close={() => setMade(undefined)}
        title={p.tokenTitle(made?.name ?? '')}
        hint={p.tokenHint}
        rows={[{ label: p.token, value: made?.token ?? '' }]}
      />
      {all.error && <Failure error={all.error} retry={() => all.refetch()} />}
      {!all.data && !all.error && <Waiting />}
      {all.data?.length === 0 && <Empty title={p.noTokens}>{p.noTokensHint}</Empty>}
      <ul className="rows">
        {(all.data ?? []).map((token) => {
          const ends = instant(token.expiresAt);
          return (
            <li key={token.id}>
              <span className="grow">
                <strong>{token.name}</strong>{' '}
                {ends !== undefined && ends <= now && <Badge tone="idle">{p.ended}</Badge>}
                <br />
                <span className="muted">
                  {a.created.toLowerCase()} <Moment at={token.createdAt} now={now} /> · {a.lastUse.toLowerCase()}{' '}
                  {token.lastUsedAt ? <Moment at={token.lastUsedAt} now={now} /> : a.never} · {p.ends.toLowerCase()}{' '}
                  {ends === undefined ? a.never : <Moment at={token.expiresAt} now={now} />}
                </span>
              </span>
              <RenameToken token={token} />
              <DangerButton
                subtle
                label={p.revoke}
                named={p.revokeOf(token.name)}
                question={p.revokeAsk(token.name)}
                hint={p.revokeHint}
                act={() => revoke(token.id)}
              />
            </li>
          );
        })}
      </ul>
    </section>
  );
}

function Password({ login }: { login: string }) {
  const queries = useQueryClient();
  const [current, setCurrent] = useState('');
  const [next, setNext] = useState('');
  const [again, setAgain] = useState('');
  const [fault, setFault] = useState<{ next?: string; again?: string }>({});
  const act = useAct('currentPassword', 'newPassword');
  const submit = async (event: FormEvent) => {
    event.preventDefault();
    const wrong = { next: passwordFault(next, login), again: next === again ? undefined : p.different };
    setFault(wrong);
    if (wrong.next || wrong.again) return;
    const wish = { currentPassword: current, newPassword: next };
    if (await act.act(() => body(own.PUT('/stoker/v1/me/password', { body: wish })))) {
      sayAtSignIn(p.changed);
      queries.setQueryData(['session'], null);
    }
  };
  const field = (label: string, value: string, change: (text: string) => void, more: object) => (
    <PasswordInput
      label={label}
      value={value}
      onChange={(event) => change(event.currentTarget.value)}
      visibilityToggleButtonProps={{ 'aria-label': a.signIn.show }}
      mb="xs"
      {...more}
    />
  );
  return (
    <section className="panel">
      <h2>{p.password}</h2>
      <form onSubmit={submit} noValidate>
        {field(p.current, current, setCurrent, {
          description: p.currentHint,
          error: act.at('currentPassword'),
          autoComplete: 'current-password',
        })}
        {field(p.next, next, setNext, {
          description: p.nextHint,
          error: fault.next ?? act.at('newPassword'),
          autoComplete: 'new-password',
        })}
        {field(p.again, again, setAgain, { error: fault.again, autoComplete: 'new-password' })}
        {act.rest}
        <div className="saving">
          <Button type="submit" loading={act.busy}>
            {p.change}
          </Button>
          <span className="muted">{p.passwordHint}</span>
        </div>
      </form>
    </section>
  );
}

export function Profile() {
  const { session } = useShared();
  const mayChange = useMay('TMC_USER_MANAGEMENT');
  const one = useQuery(me());
  const now = useNow(30_000);
  const person = one.data;
  return (
    <div className="page">
      <Head title={p.title} />
      {one.error && <Failure error={one.error} retry={() => one.refetch()} />}
      <div className="columns halves">
        <div className="stack">
          <Tokens />
          <Sessions />
        </div>
        <div className="stack">
          {person && (
            <section className="panel">
              <div className="panel-head">
                <h2>{p.facts}</h2>
                {mayChange && (
                  <Link to="/manage/users/$id" params={{ id: session.user.id }}>
                    {p.editUser}
                  </Link>
                )}
              </div>
              <Facts
                rows={[
                  [t.name, person.name],
                  [p.login, person.login ?? ''],
                  [a.users.email, person.email || '–'],
                  [a.users.zone, person.timezone ?? ''],
                  [a.users.roles, (person.roles ?? []).map((role) => role.name).join(', ') || a.users.noRole],
                  [
                    p.lastSet,
                    person.lastSetPasswordDate ? (
                      <Moment key="set" at={person.lastSetPasswordDate} now={now} exact />
                    ) : (
                      a.never
                    ),
                  ],
                ]}
              />
            </section>
          )}
          <section className="panel">
            <h2>{p.may}</h2>
            {session.permissions.length === 0 ? (
              <p className="muted">{p.mayNothing}</p>
            ) : (
              <PermissionList ids={session.permissions} />
            )}
          </section>
          <Password login={session.user.login} />
          <Authenticator />
        </div>
      </div>
    </div>
  );
}
