/** One promotion: analyse it, run it, read its reports, say who may. */

import { Button, Group, Select, Stack, Text, TextInput } from '@mantine/core';
import { IconPencil, IconTrash } from '@tabler/icons-react';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { Link, useNavigate, useParams, useSearch } from '@tanstack/react-router';
import { useState } from 'react';
import { body, core } from '../api/client';
import { executors, type Promotion, people, promotion, promotionRuns } from '../api/infra';
import { useMay, useShared } from '../app/context';
import { f, infra } from '../texts/infra';
import { t } from '../texts/pages';
import { FormFoot, Meanwhile, useAct, useDraft } from '../ui/fields';
import { ConfirmButton, Dialog, Failure, Head, isLost, Moment, Notice, Panel, useNow, Waiting } from '../ui/parts';
import { UndoableButton } from '../ui/undo';
import { PromotionBadge, ReportPanel } from './promotion-report';
import { StartForm } from './promotion-start';

const p = infra.promotions;

function Describe({ it, gone, close }: { it: Promotion; gone: boolean; close: () => void }) {
  const queries = useQueryClient();
  const edit = useDraft({ description: it.description ?? '' });
  const act = useAct('description');
  const store = async () => {
    await body(
      core.PATCH('/orchestration/executables/promotions/{promotionId}', {
        params: { path: { promotionId: it.executable } },
        body: edit.draft,
      }),
    );
    await queries.invalidateQueries({ queryKey: ['objects', 'promotion'] });
    close();
  };
  return (
    <form onSubmit={act.send(store)}>
      <Stack>
        <Meanwhile edit={edit} gone={gone} />
        <TextInput
          label={t.description}
          value={edit.draft.description}
          onChange={(event) => edit.patch({ description: event.currentTarget.value })}
          error={act.at('description')}
          data-autofocus
        />
        <FormFoot act={act} label={t.save} close={close} disabled={gone} />
      </Stack>
    </form>
  );
}

function Executors({ id }: { id: string }) {
  const { session } = useShared();
  const queries = useQueryClient();
  const list = useQuery(executors(id, true));
  const seesPeople = useMay('TMC_USER_MANAGEMENT');
  const all = useQuery(people(seesPeople));
  const [chosen, setChosen] = useState<string | null>(null);
  const act = useAct('userId');
  const users = list.data?.userIds ?? [];
  const accounts = list.data?.serviceAccountIds ?? [];
  const name = (userId: string) =>
    userId === session.user.id
      ? session.user.login
      : ((all.data ?? []).find((one) => one.id === userId)?.login ?? userId);
  const renewed = () => queries.invalidateQueries({ queryKey: ['objects', 'executors', id] });
  const path = (userId: string) => ({ params: { path: { promotionId: id, userId } } });
  const add = (userId: string) => async () => {
    await body(core.PUT('/orchestration/executables/promotions/{promotionId}/users/{userId}', path(userId)));
    setChosen(null);
    await renewed();
  };
  const remove = (userId: string) => async () => {
    await body(core.DELETE('/orchestration/executables/promotions/{promotionId}/users/{userId}', path(userId)));
    await renewed();
  };
  const ofAccount = '/orchestration/executables/promotions/{promotionId}/service-accounts/{serviceAccountId}' as const;
  const accountPath = (serviceAccountId: string) => ({ params: { path: { promotionId: id, serviceAccountId } } });
  const addAccount = (serviceAccountId: string) => async () => {
    await body(core.PUT(ofAccount, accountPath(serviceAccountId)));
    await renewed();
  };
  const removeAccount = (serviceAccountId: string) => async () => {
    await body(core.DELETE(ofAccount, accountPath(serviceAccountId)));
    await renewed();
  };
  const free = (all.data ?? []).filter((one) => !users.includes(one.id));
  return (
    <Panel title={p.executors}>
      {list.error && <Failure error={list.error} retry={() => list.refetch()} />}
      {list.data && users.length + accounts.length === 0 && <Text className="muted">{p.noExecutors}</Text>}
      <ul className="rows">
        {users.map((userId) => (
          <li key={userId}>
            <span className="grow line">{name(userId)}</span>
            <UndoableButton
              label={f.remove}
              named={p.removeExecutor(name(userId))}
              done={p.executorRemoved(name(userId))}
              act={remove(userId)}
              back={add(userId)}
            />
          </li>
        ))}
        {accounts.map((account) => (
          <li key={account}>
            <span className="grow line">
              {account} <span className="muted">{p.serviceAccount}</span>
            </span>
            <UndoableButton
              label={f.remove}
              named={p.removeExecutor(account)}
              done={p.executorRemoved(account)}
              act={removeAccount(account)}
              back={addAccount(account)}
            />
          </li>
        ))}
      </ul>
      {list.data && !users.includes(session.user.id) && (
        <form onSubmit={act.send(add(session.user.id))}>
          <Group mt="sm">
            <Button type="submit" variant="default" loading={act.busy}>
              {p.addMe}
            </Button>
          </Group>
        </form>
      )}
      <form onSubmit={act.send(add(chosen ?? ''))}>
        <Group mt="sm" align="flex-end">
          {seesPeople ? (
            <Select
              label={f.add}
              placeholder={p.pickPerson}
              data={free.map((one) => ({ value: one.id, label: one.login }))}
              value={chosen}
              onChange={setChosen}
              error={act.at('userId')}
              searchable
            />
          ) : (
            <TextInput
              label={p.executor}
              value={chosen ?? ''}
              onChange={(event) => setChosen(event.currentTarget.value || null)}
              error={act.at('userId')}
            />
          )}
          <Button type="submit" variant="default" disabled={!chosen}>
            {f.add}
          </Button>
        </Group>
        {act.rest}
      </form>
    </Panel>
  );
}

function Runs({ id, shown }: { id: string; shown: string | undefined }) {
  const now = useNow(5_000);
  const list = useQuery(promotionRuns(id));
  return (
    <Panel title={p.runs}>
      {isLost(list) ? (
        <Failure error={list.error} retry={() => list.refetch()} />
      ) : !list.data ? (
        <Waiting />
      ) : list.data.items.length === 0 ? (
        <Text className="muted">{p.noRuns}</Text>
      ) : (
        <ul className="rows">
          {list.data.items.map((run) => (
            <li key={run.executionId} className={run.executionId === shown ? 'picked' : undefined}>
              <PromotionBadge status={run.status} defective={run.defective} />
              <span className="grow line">
                <Link
                  to="/manage/promotions/$id"
                  params={{ id }}
                  search={{ run: run.executionId }}
                  aria-current={run.executionId === shown ? 'true' : undefined}
                >
                  {run.context ?? p.report}
                </Link>{' '}
                <span className="muted">
                  {p.by} {run.userId}
                </span>
              </span>
              <Moment at={run.triggerTimestamp} now={now} />
            </li>
          ))}
        </ul>
      )}
    </Panel>
  );
}

export function PromotionPage() {
  const { id } = useParams({ from: '/manage/promotions/$id' });
  const search = useSearch({ from: '/manage/promotions/$id' });
  const navigate = useNavigate({ from: '/manage/promotions/$id' });
  const queries = useQueryClient();
  const one = useQuery(promotion(id));
  const runs = useQuery(promotionRuns(id));
  const manages = useMay('TMC_PIPELINE_MANAGEMENT');
  const runner = useMay('TMC_PROMOTION_EXECUTION');
  const [open, setOpen] = useState(false);
  const shown = search.run ?? runs.data?.items[0]?.executionId;
  const show = (run: string | undefined) => navigate({ search: { run } });
  if (!one.data) {
    return one.error ? <Failure error={one.error} retry={() => one.refetch()} /> : <Waiting />;
  }
  const it = one.data;
  const title = `${it.sourceEnvironment?.name} → ${it.targetEnvironment?.name}`;
  const remove = async () => {
    await body(
      core.DELETE('/orchestration/executables/promotions/{promotionId}', { params: { path: { promotionId: id } } }),
    );
    await navigate({ to: '/manage/promotions' });
    await queries.invalidateQueries({ queryKey: ['objects', 'promotions'] });
  };
  return (
    <div className="page">
      <Head title={title}>
        {manages && (
          <>
            <Button variant="default" leftSection={<IconPencil size={16} aria-hidden />} onClick={() => setOpen(true)}>
              {f.edit}
            </Button>
            <ConfirmButton
              label={p.delete}
              question={p.deleteAsk(it.name)}
              hint={p.deleteHint}
              act={remove}
              icon={<IconTrash size={16} aria-hidden />}
              danger
            />
          </>
        )}
      </Head>
      {one.error && <Failure error={one.error} retry={() => one.refetch()} />}
      <Dialog open={open} close={() => setOpen(false)} title={p.edit(title)}>
        <Describe it={it} gone={one.error !== null} close={() => setOpen(false)} />
      </Dialog>
      {it.description && <Text>{it.description}</Text>}
      <div className="split">
        <Panel title={p.run}>
          {runner ? <StartForm it={it} show={show} /> : <Text className="muted">{p.noRun}</Text>}
          <Mine id={id} manages={manages} />
        </Panel>
        <div>
          <Runs id={id} shown={shown} />
          {manages && <Executors id={id} />}
        </div>
      </div>
      {shown && <ReportPanel key={shown} executionId={shown} />}
    </div>
  );
}

/** Says so when whoever looks may manage the promotion but not run it. */
function Mine({ id, manages }: { id: string; manages: boolean }) {
  const { session } = useShared();
  const list = useQuery(executors(id, manages));
  if (!list.data || (list.data.userIds ?? []).includes(session.user.id)) return null;
  return (
    <div style={{ marginTop: '0.75rem' }}>
      <Notice tone="warn" title={p.notExecutor}>
        {p.notExecutorHint}
      </Notice>
    </div>
  );
}
