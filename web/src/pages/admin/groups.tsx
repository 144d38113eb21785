/** Groups: users who belong together. */

import { Button, MultiSelect, TextInput } from '@mantine/core';
import { IconTrash } from '@tabler/icons-react';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { Link, useNavigate, useParams, useSearch } from '@tanstack/react-router';
import { useState } from 'react';
import { type Group, group, groups, identity, membersOf, users } from '../../api/admin';
import { body } from '../../api/client';
import { useMay } from '../../app/context';
import { a } from '../../texts/admin';
import { t } from '../../texts/pages';
import { permissionName } from '../../texts/permissions';
import { fullTime, instant, shortTime } from '../../texts/time';
import { DangerButton, Denied, FormDialog, isGone, Meanwhile, useAct } from '../../ui/fields';
import { FindField, ListPage } from '../../ui/list-page';
import { Failure, Head, Notice, useNow, Waiting } from '../../ui/parts';
import { nameOf } from './users';

/** Chooses users by name; says what is needed where they cannot be listed. */
export function UserPicker(props: {
  label: string;
  chosen: string[];
  change: (ids: string[]) => void;
  without?: string[];
  error?: string;
}) {
  const may = useMay('TMC_USER_MANAGEMENT');
  const all = useQuery({ ...users(), enabled: may });
  if (!may) {
    return (
      <Notice tone="idle" title={props.label}>
        {a.groups.needUsers}
      </Notice>
    );
  }
  const free = (all.data ?? []).filter((one) => !props.without?.includes(one.id ?? ''));
  return (
    <MultiSelect
      label={props.label}
      placeholder={props.chosen.length ? undefined : a.groups.pick}
      data={free.map((one) => ({ value: one.id ?? '', label: `${nameOf(one)} (${one.login})` }))}
      value={props.chosen}
      onChange={props.change}
      error={props.error}
      searchable
      limit={200}
    />
  );
}

function Denial() {
  return (
    <div className="page">
      <Head title={a.groups.title} />
      <Denied what={a.groups.title} permission={permissionName('TMC_GROUP_MANAGEMENT')} />
    </div>
  );
}

function NewGroup({ open, close }: { open: boolean; close: () => void }) {
  const queries = useQueryClient();
  const navigate = useNavigate();
  const [name, setName] = useState('');
  const [userIds, setUserIds] = useState<string[]>([]);
  const act = useAct('name', 'userIds');
  const submit = async () => {
    const made = await body(identity.POST('/account/groups', { body: { name, userIds } }));
    await queries.invalidateQueries({ queryKey: ['objects'] });
    await navigate({ to: '/manage/groups/$id', params: { id: made.id ?? '' } });
  };
  return (
    <FormDialog open={open} close={close} title={a.groups.new} act={act} submit={submit} label={t.create}>
      <TextInput
        label={t.name}
        value={name}
        error={act.at('name')}
        onChange={(event) => setName(event.currentTarget.value)}
        autoComplete="off"
        required
        data-autofocus
      />
      <UserPicker label={a.groups.members} chosen={userIds} change={setUserIds} error={act.at('userIds')} />
    </FormDialog>
  );
}

export function Groups() {
  const search = useSearch({ from: '/manage/groups' });
  const may = useMay('TMC_GROUP_MANAGEMENT');
  const all = useQuery({ ...groups(), enabled: may });
  const now = useNow(30_000);
  const [open, setOpen] = useState(false);
  if (!may) return <Denial />;
  const wanted = (search.find ?? '').trim().toLowerCase();
  const shown = (all.data ?? []).filter((one) => one.name.toLowerCase().includes(wanted));
  return (
    <>
      <NewGroup open={open} close={() => setOpen(false)} />
      <ListPage<Group>
        title={a.groups.title}
        make={{ label: a.groups.new, act: () => setOpen(true) }}
        filters={<FindField label={a.find} field="find" />}
        rows={{ query: all, all: all.data ?? [], shown }}
        rowKey={(one) => one.id ?? ''}
        columns={[
          {
            key: 'name',
            title: t.name,
            width: 'minmax(8rem, 2fr)',
            cell: (one) => (
              <Link className="row-link" to="/manage/groups/$id" params={{ id: one.id ?? '' }}>
                {one.name}
              </Link>
            ),
          },
          {
            key: 'members',
            title: a.groups.members,
            width: '8rem',
            cell: (one) => a.groups.count((one.userIds ?? []).length),
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
        ]}
        none={{ title: a.groups.none, hint: a.groups.noneHint }}
        noMatch={{ title: a.noMatch, hint: a.noMatchHint }}
      />
    </>
  );
}

function Rename({ one }: { one: Group }) {
  const queries = useQueryClient();
  const [open, setOpen] = useState(false);
  const [name, setName] = useState(one.name);
  const act = useAct('name');
  const submit = async () => {
    const path = { id: one.id ?? '' };
    const changed = await body(identity.PATCH('/account/groups/{id}', { params: { path }, body: { name } }));
    queries.setQueryData(group(path.id).queryKey, changed);
    setOpen(false);
  };
  return (
    <>
      <Button
        variant="default"
        onClick={() => {
          setName(one.name);
          setOpen(true);
        }}
      >
        {a.groups.rename}
      </Button>
      <FormDialog
        open={open}
        close={() => setOpen(false)}
        title={a.groups.renameOf(one.name)}
        act={act}
        submit={submit}
        label={a.groups.rename}
      >
        <TextInput
          label={t.name}
          value={name}
          error={act.at('name')}
          onChange={(event) => setName(event.currentTarget.value)}
          data-autofocus
        />
      </FormDialog>
    </>
  );
}

function Members({ one }: { one: Group }) {
  const id = one.id ?? '';
  const queries = useQueryClient();
  const all = useQuery(membersOf(id));
  const [chosen, setChosen] = useState<string[]>([]);
  const act = useAct('userIds');
  const refresh = () => queries.invalidateQueries({ queryKey: ['objects'] });
  const add = () =>
    act.act(async () => {
      await body(identity.POST('/account/groups/{id}/users', { params: { path: { id } }, body: chosen }));
      setChosen([]);
      await refresh();
    });
  const takeOut = async (userId: string) => {
    await body(identity.DELETE('/account/groups/{id}/users/{userId}', { params: { path: { id, userId } } }));
    await refresh();
  };
  const members = all.data ?? [];
  return (
    <section className="panel">
      <h2>{a.groups.members}</h2>
      {all.error && <Failure error={all.error} />}
      <ul className="rows">
        {members.map((member) => (
          <li key={member.id}>
            <span className="grow line">
              <Link to="/manage/users/$id" params={{ id: member.id ?? '' }}>
                {nameOf(member)}
              </Link>{' '}
              <span className="muted">{member.login}</span>
            </span>
            <DangerButton
              subtle
              label={a.remove}
              named={a.groups.takeOut(nameOf(member))}
              question={a.groups.takeOutAsk(nameOf(member), one.name)}
              hint={a.groups.takeOutHint}
              act={() => takeOut(member.id ?? '')}
            />
          </li>
        ))}
        {all.data?.length === 0 && <li className="muted">{a.groups.noMembers}</li>}
      </ul>
      <UserPicker
        label={a.groups.addMember}
        chosen={chosen}
        change={setChosen}
        without={members.map((member) => member.id ?? '')}
        error={act.at('userIds')}
      />
      {act.rest}
      {chosen.length > 0 && (
        <div className="saving">
          <Button onClick={add} loading={act.busy}>
            {a.add}
          </Button>
        </div>
      )}
    </section>
  );
}

export function GroupPage() {
  const { id } = useParams({ from: '/manage/groups/$id' });
  const may = useMay('TMC_GROUP_MANAGEMENT');
  const one = useQuery({ ...group(id), enabled: may });
  const queries = useQueryClient();
  const navigate = useNavigate();
  if (!may) return <Denial />;
  if (!one.data) return one.error ? <Failure error={one.error} retry={() => one.refetch()} /> : <Waiting />;
  const found = one.data;
  const gone = isGone(one.error);
  const remove = async () => {
    await body(identity.DELETE('/account/groups/{id}', { params: { path: { id } } }));
    await navigate({ to: '/manage/groups' });
    queries.removeQueries({ queryKey: group(id).queryKey });
    await queries.invalidateQueries({ queryKey: ['objects'] });
  };
  return (
    <div className="page">
      <Head title={found.name}>
        {!gone && (
          <>
            <Rename one={found} />
            <DangerButton
              label={a.groups.delete}
              question={a.groups.deleteAsk(found.name)}
              hint={a.groups.deleteHint}
              act={remove}
              icon={<IconTrash size={16} aria-hidden />}
            />
          </>
        )}
      </Head>
      <Meanwhile gone={gone} />
      <div className="columns">
        <Members key={id} one={found} />
      </div>
    </div>
  );
}
