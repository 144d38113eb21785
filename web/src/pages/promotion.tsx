/** One promotion: analyse it, run it, read its reports, say who may. */

import { Button, Stack, Text, TextInput } from '@mantine/core';
import { IconPencil, IconTrash } from '@tabler/icons-react';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { Link, useNavigate, useParams, useSearch } from '@tanstack/react-router';
import { useState } from 'react';
import { body, core } from '../api/client';
import { executors, type Promotion, promotion, promotionRuns } from '../api/infra';
import { useMay, useShared } from '../app/context';
import { f, infra } from '../texts/infra';
import { t } from '../texts/pages';
import { FormFoot, Meanwhile, useAct, useDraft } from '../ui/fields';
import { ConfirmButton, Dialog, Failure, Head, isLost, Moment, Notice, Panel, useNow, Waiting } from '../ui/parts';
import { Executors } from './promotion-executors';
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
  const mine = useMine(id, manages);
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
          {runner ? <StartForm it={it} may={mine} show={show} /> : <Text className="muted">{p.noRun}</Text>}
          {!mine && <NotMine />}
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

/** Whether one is among the executors; until that is known one may be. */
function useMine(id: string, manages: boolean): boolean {
  const { session } = useShared();
  const list = useQuery(executors(id, manages));
  return !list.data || (list.data.userIds ?? []).includes(session.user.id);
}

function NotMine() {
  return (
    <div style={{ marginTop: '0.75rem' }}>
      <Notice tone="warn" title={p.notExecutor}>
        {p.notExecutorHint}
      </Notice>
    </div>
  );
}
