/** Who works on a project: people one by one, and groups. */

import { Text } from '@mantine/core';
import { type QueryKey, useQuery, useQueryClient } from '@tanstack/react-query';
import { groups } from '../api/admin';
import { body, core } from '../api/client';
import { people, projectGroups, projectUsers } from '../api/infra';
import { useMay } from '../app/context';
import { infra } from '../texts/infra';
import { AddMember, type Member, MemberRows } from '../ui/members';
import { Failure, isLost, Panel, Waiting } from '../ui/parts';

const p = infra.projects;

/** One kind of them as a panel. */
function Members(props: {
  title: string;
  none: string;
  list: { data: string[] | undefined; error: unknown; refetch: () => unknown };
  /** All there are, for whoever may see them. */
  all: Member[] | undefined;
  texts: { label: string; pick: string; id: string };
  field: string;
  put: (id: string) => Promise<unknown>;
  take: (id: string) => Promise<unknown>;
  /** What is read again after a change. */
  stale: QueryKey;
}) {
  const { list, all } = props;
  const queries = useQueryClient();
  const then = (change: (id: string) => Promise<unknown>) => async (id: string) => {
    await change(id);
    await queries.invalidateQueries({ queryKey: props.stale });
  };
  if (isLost(list)) return <Failure error={list.error} retry={() => list.refetch()} />;
  const ids = list.data ?? [];
  const name = (id: string) => all?.find((one) => one.id === id)?.name ?? id;
  return (
    <Panel title={props.title}>
      {!list.data ? <Waiting /> : ids.length === 0 && <Text className="muted">{props.none}</Text>}
      <ul className="rows">
        <MemberRows
          members={ids.map((id) => ({ id, name: name(id) }))}
          add={then(props.put)}
          remove={then(props.take)}
          named={p.removePerson}
          done={p.personRemoved}
        />
      </ul>
      <AddMember
        label={props.texts.label}
        placeholder={props.texts.pick}
        idLabel={props.texts.id}
        field={props.field}
        free={all?.filter((one) => !ids.includes(one.id))}
        add={then(props.put)}
      />
    </Panel>
  );
}

/** The users. */
export function ProjectPeople({ id }: { id: string }) {
  const sees = useMay('TMC_USER_MANAGEMENT');
  const all = useQuery(people(sees)).data;
  const path = (userId: string) => ({ params: { path: { projectId: id, userId } } });
  return (
    <Members
      title={p.people}
      none={p.noPeople}
      list={useQuery(projectUsers(id))}
      all={sees ? (all ?? []).map((one) => ({ id: one.id, name: one.login })) : undefined}
      texts={{ label: p.addPerson, pick: infra.promotions.pickPerson, id: p.person }}
      field="userId"
      put={(user) => body(core.PUT('/orchestration/projects/{projectId}/users/{userId}', path(user)))}
      take={(user) => body(core.DELETE('/orchestration/projects/{projectId}/users/{userId}', path(user)))}
      stale={['objects', 'project-users', id]}
    />
  );
}

/** The groups, each with all of its users. */
export function ProjectGroups({ id }: { id: string }) {
  const sees = useMay('TMC_GROUP_MANAGEMENT');
  const all = useQuery({ ...groups(), enabled: sees }).data;
  const path = (groupId: string) => ({ params: { path: { projectId: id, groupId } } });
  return (
    <Members
      title={p.groups}
      none={p.noGroups}
      list={useQuery(projectGroups(id))}
      all={sees ? (all ?? []).map((one) => ({ id: one.id ?? '', name: one.name ?? '' })) : undefined}
      texts={{ label: p.addGroup, pick: p.pickGroup, id: p.group }}
      field="groupId"
      put={(group) => body(core.PUT('/orchestration/projects/{projectId}/groups/{groupId}', path(group)))}
      take={(group) => body(core.DELETE('/orchestration/projects/{projectId}/groups/{groupId}', path(group)))}
      stale={['objects', 'project-groups', id]}
    />
  );
}
