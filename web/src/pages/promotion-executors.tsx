/** Who may run a promotion: people and service accounts. */

import { Button, Group, Text } from '@mantine/core';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { serviceAccounts } from '../api/admin';
import { body, core } from '../api/client';
import { executors, people } from '../api/infra';
import { useMay, useShared } from '../app/context';
import { infra } from '../texts/infra';
import { useAct } from '../ui/fields';
import { AddMember, type Member, MemberRows } from '../ui/members';
import { Failure, Panel } from '../ui/parts';

const p = infra.promotions;
const ONE_USER = '/orchestration/executables/promotions/{promotionId}/users/{userId}' as const;
const ONE_ACCOUNT = '/orchestration/executables/promotions/{promotionId}/service-accounts/{serviceAccountId}' as const;

/** What can be done with the executors; each reads them again. */
function useChanges(promotionId: string) {
  const queries = useQueryClient();
  const then = (change: (id: string) => Promise<unknown>) => async (id: string) => {
    await change(id);
    await queries.invalidateQueries({ queryKey: ['objects', 'executors', promotionId] });
  };
  const user = (userId: string) => ({ params: { path: { promotionId, userId } } });
  const account = (serviceAccountId: string) => ({ params: { path: { promotionId, serviceAccountId } } });
  return {
    add: then((id) => body(core.PUT(ONE_USER, user(id)))),
    remove: then((id) => body(core.DELETE(ONE_USER, user(id)))),
    addAccount: then((id) => body(core.PUT(ONE_ACCOUNT, account(id)))),
    removeAccount: then((id) => body(core.DELETE(ONE_ACCOUNT, account(id)))),
  };
}

/** The panel. */
export function Executors({ id }: { id: string }) {
  const { session } = useShared();
  const list = useQuery(executors(id, true));
  const seesPeople = useMay('TMC_USER_MANAGEMENT');
  const seesAccounts = useMay('TMC_SERVICE_ACCOUNT_MANAGEMENT');
  const everybody = useQuery(people(seesPeople)).data;
  const accounts = useQuery({ ...serviceAccounts(), enabled: seesAccounts }).data;
  const change = useChanges(id);
  const me = useAct();
  const allPeople: Member[] = (everybody ?? []).map((one) => ({ id: one.id, name: one.login }));
  const allAccounts: Member[] = (accounts ?? []).map((one) => ({ id: one.id ?? '', name: one.name ?? '' }));
  const users = list.data?.userIds ?? [];
  const programs = list.data?.serviceAccountIds ?? [];
  const nameOf = (all: Member[], one: string) => all.find((member) => member.id === one)?.name ?? one;
  const userName = (one: string) => (one === session.user.id ? session.user.login : nameOf(allPeople, one));
  const texts = { named: p.removeExecutor, done: p.executorRemoved };
  return (
    <Panel title={p.executors}>
      {list.error && <Failure error={list.error} retry={() => list.refetch()} />}
      {list.data && users.length + programs.length === 0 && <Text className="muted">{p.noExecutors}</Text>}
      <ul className="rows">
        <MemberRows
          members={users.map((one) => ({ id: one, name: userName(one) }))}
          add={change.add}
          remove={change.remove}
          {...texts}
        />
        <MemberRows
          members={programs.map((one) => ({ id: one, name: nameOf(allAccounts, one), kind: p.serviceAccount }))}
          add={change.addAccount}
          remove={change.removeAccount}
          {...texts}
        />
      </ul>
      {list.data && !users.includes(session.user.id) && (
        <form onSubmit={me.send(() => change.add(session.user.id))}>
          <Group mt="sm">
            <Button type="submit" variant="default" loading={me.busy}>
              {p.addMe}
            </Button>
          </Group>
          {me.rest}
        </form>
      )}
      <AddMember
        label={p.addPerson}
        placeholder={p.pickPerson}
        idLabel={p.executor}
        field="userId"
        free={seesPeople ? allPeople.filter((one) => !users.includes(one.id)) : undefined}
        add={change.add}
      />
      <AddMember
        label={p.addAccount}
        placeholder={p.pickAccount}
        idLabel={p.account}
        field="serviceAccountId"
        free={seesAccounts ? allAccounts.filter((one) => !programs.includes(one.id)) : undefined}
        add={change.addAccount}
      />
    </Panel>
  );
}
