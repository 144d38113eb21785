/** One role: what it gives and who has it; and making one. */

import { Button, TextInput } from '@mantine/core';
import { IconCopy, IconTrash } from '@tabler/icons-react';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { Link, useNavigate, useParams, useSearch } from '@tanstack/react-router';
import { type FormEvent, useMemo, useState } from 'react';
import { holdersOf, identity, type Role, role } from '../../api/admin';
import { body } from '../../api/client';
import { useMay } from '../../app/context';
import { a } from '../../texts/admin';
import { t } from '../../texts/pages';
import { isPredefined, permissionName } from '../../texts/permissions';
import { DangerButton, Denied, isGone, Meanwhile, useAct, useDraft } from '../../ui/fields';
import { Badge, Failure, Head, Notice, Waiting } from '../../ui/parts';
import { PermissionFields, PermissionList } from '../../ui/permissions';
import { UserPicker } from './groups';
import { nameOf } from './users';

function Denial() {
  return (
    <div className="page">
      <Head title={a.roles.title} />
      <Denied what={a.roles.title} permission={permissionName('TMC_ROLE_MANAGEMENT')} />
    </div>
  );
}

interface Values {
  name: string;
  permissions: string[];
}

function valuesOf(one: Role): Values {
  return { name: one.name, permissions: [...(one.permissions ?? [])].sort() };
}

function Fields(props: { values: Values; change: (values: Values) => void; act: ReturnType<typeof useAct> }) {
  const { values, change, act } = props;
  return (
    <>
      <TextInput
        label={t.name}
        value={values.name}
        error={act.at('name')}
        onChange={(event) => change({ ...values, name: event.currentTarget.value })}
        autoComplete="off"
        required
        maw="26rem"
        mb="md"
      />
      <PermissionFields
        chosen={values.permissions}
        change={(permissions) => change({ ...values, permissions: [...permissions].sort() })}
        error={act.at('permissions')}
      />
      {act.rest}
    </>
  );
}

function Form({ from }: { from: Role | undefined }) {
  const queries = useQueryClient();
  const navigate = useNavigate();
  const [values, setValues] = useState<Values>(
    from ? { ...valuesOf(from), name: a.roles.copyName(from.name) } : { name: '', permissions: [] },
  );
  const act = useAct('name', 'permissions');
  const submit = async (event: FormEvent) => {
    event.preventDefault();
    await act.act(async () => {
      const made = await body(identity.POST('/account/roles', { body: values }));
      await queries.invalidateQueries({ queryKey: ['objects'] });
      await navigate({ to: '/manage/roles/$id', params: { id: made.id ?? '' } });
    });
  };
  return (
    <form onSubmit={submit} noValidate className="panel">
      <Fields values={values} change={setValues} act={act} />
      <div className="saving">
        <Button type="submit" loading={act.busy}>
          {a.roles.create}
        </Button>
      </div>
    </form>
  );
}

export function NewRole() {
  const { from } = useSearch({ from: '/manage/roles/new' });
  const may = useMay('TMC_ROLE_MANAGEMENT');
  const model = useQuery({ ...role(from ?? ''), enabled: may && from !== undefined });
  if (!may) return <Denial />;
  return (
    <div className="page">
      <Head title={a.roles.new} />
      {from === undefined || model.data ? (
        <Form key={from ?? ''} from={model.data} />
      ) : model.error ? (
        <Failure error={model.error} />
      ) : (
        <Waiting />
      )}
    </div>
  );
}

function Custom({ one, gone }: { one: Role; gone: boolean }) {
  const queries = useQueryClient();
  const stored = useMemo(() => valuesOf(one), [one]);
  const form = useDraft(stored);
  const act = useAct('name', 'permissions');
  const [saved, setSaved] = useState(false);
  const values = form.draft ?? stored;
  const submit = async (event: FormEvent) => {
    event.preventDefault();
    const path = { id: one.id ?? '' };
    const done = await act.act(async () => {
      const changed = await body(identity.PUT('/account/roles/{id}', { params: { path }, body: values }));
      queries.setQueryData(role(path.id).queryKey, changed);
      form.set(valuesOf(changed));
    });
    setSaved(done);
  };
  return (
    <form onSubmit={submit} noValidate className="panel span-all">
      <h2>{a.permissions.title}</h2>
      <Meanwhile edit={form} gone={gone} />
      <Fields
        values={values}
        change={(next) => {
          setSaved(false);
          form.set(next);
        }}
        act={act}
      />
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
          {saved && !form.dirty ? a.saved : form.dirty ? a.roles.actsAtOnce : ''}
        </span>
      </div>
    </form>
  );
}

function Holders({ one }: { one: Role }) {
  const id = one.id ?? '';
  const queries = useQueryClient();
  const all = useQuery(holdersOf(id));
  const [chosen, setChosen] = useState<string[]>([]);
  const act = useAct('userIds');
  const refresh = () => queries.invalidateQueries({ queryKey: ['objects'] });
  const give = () =>
    act.act(async () => {
      await body(identity.POST('/account/roles/{id}/users', { params: { path: { id } }, body: chosen }));
      setChosen([]);
      await refresh();
    });
  const take = async (userId: string) => {
    await body(identity.DELETE('/account/roles/{id}/users/{userId}', { params: { path: { id, userId } } }));
    await refresh();
  };
  const holders = all.data ?? [];
  return (
    <section className="panel">
      <h2>{a.roles.holders}</h2>
      {all.error && <Failure error={all.error} />}
      <ul className="rows">
        {holders.map((holder) => (
          <li key={holder.id}>
            <span className="grow line">
              <Link to="/manage/users/$id" params={{ id: holder.id ?? '' }}>
                {nameOf(holder)}
              </Link>{' '}
              <span className="muted">{holder.login}</span>
            </span>
            <DangerButton
              subtle
              label={a.remove}
              named={a.roles.take(nameOf(holder))}
              question={a.roles.takeAsk(one.name, nameOf(holder))}
              hint={a.roles.takeHint}
              act={() => take(holder.id ?? '')}
            />
          </li>
        ))}
        {all.data?.length === 0 && <li className="muted">{a.roles.noHolders}</li>}
      </ul>
      <UserPicker
        label={a.roles.give}
        chosen={chosen}
        change={setChosen}
        without={holders.map((holder) => holder.id ?? '')}
        error={act.at('userIds')}
      />
      {act.rest}
      {chosen.length > 0 && (
        <div className="saving">
          <Button onClick={give} loading={act.busy}>
            {a.add}
          </Button>
        </div>
      )}
    </section>
  );
}

export function RolePage() {
  const { id } = useParams({ from: '/manage/roles/$id' });
  const may = useMay('TMC_ROLE_MANAGEMENT');
  const one = useQuery({ ...role(id), enabled: may });
  const queries = useQueryClient();
  const navigate = useNavigate();
  if (!may) return <Denial />;
  if (!one.data) return one.error ? <Failure error={one.error} retry={() => one.refetch()} /> : <Waiting />;
  const found = one.data;
  const gone = isGone(one.error);
  const fixed = isPredefined(found.name);
  const remove = async () => {
    await body(identity.DELETE('/account/roles/{id}', { params: { path: { id } } }));
    await navigate({ to: '/manage/roles', search: {} });
    queries.removeQueries({ queryKey: role(id).queryKey });
    await queries.invalidateQueries({ queryKey: ['objects'] });
  };
  return (
    <div className="page">
      <Head
        title={found.name}
        badge={<Badge tone={fixed ? 'idle' : 'good'}>{fixed ? a.roles.predefined : a.roles.custom}</Badge>}
      >
        {!gone && (
          <Button
            variant="default"
            leftSection={<IconCopy size={16} aria-hidden />}
            onClick={() => navigate({ to: '/manage/roles/new', search: { from: id } })}
          >
            {a.roles.copy}
          </Button>
        )}
        {!gone && !fixed && (
          <DangerButton
            label={a.roles.delete}
            question={a.roles.deleteAsk(found.name)}
            hint={a.roles.deleteHint}
            act={remove}
            icon={<IconTrash size={16} aria-hidden />}
          />
        )}
      </Head>
      {fixed && (
        <section className="panel">
          <h2>{a.permissions.title}</h2>
          <PermissionList ids={found.permissions ?? []} />
          <p className="muted">{a.roles.predefinedHint}</p>
        </section>
      )}
      {!fixed && <Custom key={id} one={found} gone={gone} />}
      {gone ? <Notice tone="bad" title={a.meanwhile.gone} /> : <Holders key={`holders-${id}`} one={found} />}
    </div>
  );
}
