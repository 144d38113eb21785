/** Rights on workspaces: naming both ends, setting many at once, and the part of a user's or service account's page. */

import { Button, MultiSelect, TagsInput, Text } from '@mantine/core';
import { IconPencil, IconPlus, IconTrash } from '@tabler/icons-react';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { useMemo, useState } from 'react';
import {
  type Grant,
  grants,
  type Holder,
  type Refused,
  removeGrant,
  serviceAccounts,
  setGrants,
  users,
} from '../../api/admin';
import { Problem } from '../../api/client';
import { workspaces } from '../../api/queries';
import { useMay } from '../../app/context';
import { a } from '../../texts/admin';
import { rightNames } from '../../texts/permissions';
import { DangerButton, FormDialog, useAct } from '../../ui/fields';
import { Failure } from '../../ui/parts';
import { RightFields } from '../../ui/permissions';
import { nameOf } from './users';

/** Names of everybody of a kind who can be listed, by id; `known` tells whether they can be. */
export function useHolders(kind: Holder) {
  const mayUsers = useMay('TMC_USER_MANAGEMENT');
  const mayAccounts = useMay('TMC_SERVICE_ACCOUNT_MANAGEMENT');
  const people = useQuery({ ...users(), enabled: kind === 'users' && mayUsers });
  const programs = useQuery({ ...serviceAccounts(), enabled: kind === 'service-accounts' && mayAccounts });
  const known = kind === 'users' ? mayUsers : mayAccounts;
  const names = useMemo(
    () =>
      new Map(
        kind === 'users'
          ? (people.data ?? []).map((one) => [one.id ?? '', nameOf(one)] as const)
          : (programs.data ?? []).map((one) => [one.id, one.name] as const),
      ),
    [kind, people.data, programs.data],
  );
  return { known, names };
}

/** What each workspace is called, with its environment. */
export function useWorkspaceNames(): Map<string, string> {
  const all = useQuery(workspaces());
  return useMemo(
    () => new Map((all.data ?? []).map((one) => [one.id ?? '', `${one.environment?.name ?? ''} / ${one.name ?? ''}`])),
    [all.data],
  );
}

/** What a batch did: how many are set, and each that was refused with the reason. */
function Outcome({
  refused,
  all,
  holders,
  places,
}: {
  refused: Refused[];
  all: number;
  holders: Map<string, string>;
  places: Map<string, string>;
}) {
  const title = refused.length === all ? a.rights.refusedAll(all) : a.rights.refused(refused.length);
  return (
    <div role="alert" className="notice tone-bad">
      <strong>{title}</strong>
      <ul className="rows">
        {refused.map((one) => {
          const pair = one.permission ?? one.permissionId;
          const who = holders.get(pair?.userId ?? '') ?? pair?.userId ?? '';
          const where = places.get(pair?.workspaceId ?? '') ?? pair?.workspaceId ?? '';
          return (
            <li key={`${pair?.userId} ${pair?.workspaceId}`}>
              <span className="grow">
                {who} {a.rights.on} {where}: {one.message}
              </span>
            </li>
          );
        })}
      </ul>
    </div>
  );
}

/** Sets the same rights for many holders on many workspaces, in the place of those there are. */
export function GiveDialog(props: {
  kind: Holder;
  open: boolean;
  close: () => void;
  /** Chosen at the beginning; a holder that is fixed cannot be changed. */
  holder?: string;
  workspace?: string;
}) {
  const { kind } = props;
  const queries = useQueryClient();
  const { known, names } = useHolders(kind);
  const places = useWorkspaceNames();
  const [who, setWho] = useState<string[]>(props.holder ? [props.holder] : []);
  const [where, setWhere] = useState<string[]>(props.workspace ? [props.workspace] : []);
  const [rights, setRights] = useState<string[]>(['VIEW']);
  const [refused, setRefused] = useState<{ list: Refused[]; all: number }>();
  const act = useAct();
  const count = who.length * where.length;
  const submit = async () => {
    setRefused(undefined);
    const now = await queries.fetchQuery({ ...grants(kind), staleTime: 0 });
    const has = new Set(now.map((one) => `${one.userId} ${one.workspaceId}`));
    const wanted: Grant[] = who.flatMap((userId) =>
      where.map((workspaceId) => ({ userId, workspaceId, permissions: rights as Grant['permissions'] })),
    );
    const isNew = (one: Grant) => !has.has(`${one.userId} ${one.workspaceId}`);
    const parts: [Grant[], boolean][] = [
      [wanted.filter(isNew), true],
      [wanted.filter((one) => !isNew(one)), false],
    ];
    const list: Refused[] = [];
    for (const [part, fresh] of parts) if (part.length > 0) list.push(...(await setGrants(kind, part, fresh)));
    await queries.invalidateQueries({ queryKey: ['objects', 'grants'] });
    if (list.length > 0) setRefused({ list, all: wanted.length });
    else props.close();
  };
  const people = [...names].map(([value, label]) => ({ value, label }));
  return (
    <FormDialog
      open={props.open}
      close={props.close}
      title={a.rights.giveTitle}
      hint={a.rights.giveHint}
      act={act}
      submit={submit}
      label={a.rights.set(count)}
      disabled={count === 0 || rights.length === 0}
    >
      {props.holder ? null : known ? (
        <MultiSelect
          label={a.rights.who}
          placeholder={who.length ? undefined : a.rights.pickWho}
          data={people}
          value={who}
          onChange={setWho}
          searchable
          limit={200}
          required
        />
      ) : (
        <TagsInput label={a.rights.who} description={a.rights.idsHint} value={who} onChange={setWho} required />
      )}
      <MultiSelect
        label={a.rights.title}
        placeholder={where.length ? undefined : a.rights.pickWorkspaces}
        data={[...places].map(([value, label]) => ({ value, label }))}
        value={where}
        onChange={setWhere}
        searchable
        limit={200}
        required
      />
      <RightFields chosen={rights} change={setRights} error={rights.length === 0 ? a.rights.noneChosen : undefined} />
      {refused && <Outcome refused={refused.list} all={refused.all} holders={names} places={places} />}
    </FormDialog>
  );
}

/** Changes the rights of one holder on one workspace. */
export function EditGrant(props: { kind: Holder; grant: Grant; who: string; where: string; close: () => void }) {
  const queries = useQueryClient();
  const [rights, setRights] = useState<string[]>(props.grant.permissions);
  const act = useAct('permissions');
  const submit = async () => {
    const changed = { ...props.grant, permissions: rights as Grant['permissions'] };
    const [refused] = await setGrants(props.kind, [changed], false);
    if (refused) throw new Problem(refused.status, refused.message);
    await queries.invalidateQueries({ queryKey: ['objects', 'grants'] });
    props.close();
  };
  return (
    <FormDialog
      open
      close={props.close}
      title={a.rights.editOf(props.who, props.where)}
      act={act}
      submit={submit}
      label={a.edit}
      disabled={rights.length === 0}
    >
      <RightFields
        chosen={rights}
        change={setRights}
        error={rights.length === 0 ? a.rights.noneChosen : act.at('permissions')}
      />
    </FormDialog>
  );
}

/** The two buttons of an entry; as signs alone where there is little room. */
export function GrantActions(props: { kind: Holder; grant: Grant; who: string; where: string; bare?: boolean }) {
  const { kind, grant, who, where, bare } = props;
  const queries = useQueryClient();
  const [open, setOpen] = useState(false);
  return (
    <span className="row-actions">
      <Button
        variant="subtle"
        color="gray"
        size="compact-xs"
        aria-label={a.rights.edit(who, where)}
        title={bare ? a.edit : undefined}
        onClick={() => setOpen(true)}
      >
        {bare ? <IconPencil size={16} aria-hidden /> : a.edit}
      </Button>
      <DangerButton
        subtle
        label={a.remove}
        sign={bare ? <IconTrash size={16} aria-hidden /> : undefined}
        named={a.rights.remove(who, where)}
        question={a.rights.removeAsk(who, where)}
        hint={a.rights.removeHint}
        act={async () => {
          await removeGrant(kind, grant.workspaceId, grant.userId);
          await queries.invalidateQueries({ queryKey: ['objects', 'grants'] });
        }}
      />
      {open && <EditGrant kind={kind} grant={grant} who={who} where={where} close={() => setOpen(false)} />}
    </span>
  );
}

/** The rights of one holder, on its page. */
export function GrantPanel({ kind, holder, name }: { kind: Holder; holder: string; name: string }) {
  const may = useMay('TMC_ENVIRONMENT_MANAGEMENT', 'TMC_USER_MANAGEMENT');
  const all = useQuery({ ...grants(kind, undefined, holder), enabled: may });
  const places = useWorkspaceNames();
  const [open, setOpen] = useState(false);
  if (!may) return null;
  return (
    <section className="panel">
      <div className="panel-head">
        <h2>{a.rights.title}</h2>
        <Button variant="default" leftSection={<IconPlus size={16} aria-hidden />} onClick={() => setOpen(true)}>
          {a.rights.give}
        </Button>
      </div>
      {open && <GiveDialog kind={kind} holder={holder} open close={() => setOpen(false)} />}
      {all.error && <Failure error={all.error} />}
      <ul className="rows">
        {(all.data ?? []).map((grant) => {
          const where = places.get(grant.workspaceId) ?? grant.workspaceId;
          return (
            <li key={grant.workspaceId}>
              <span className="grow">
                <Link to="/manage/rights" search={{ kind, workspace: grant.workspaceId }}>
                  {where}
                </Link>
                <Text component="span" className="muted">
                  {' '}
                  · {rightNames(grant.permissions)}
                </Text>
              </span>
              <GrantActions kind={kind} grant={grant} who={name} where={where} />
            </li>
          );
        })}
        {all.data?.length === 0 && <li className="muted">{a.rights.noRights}</li>}
      </ul>
      {kind === 'service-accounts' && all.data?.length === 0 && <Text className="muted">{a.rights.noneHint}</Text>}
    </section>
  );
}
