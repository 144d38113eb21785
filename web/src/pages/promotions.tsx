/** The promotions, and making a new one. */

import { Select, Stack, Text, TextInput } from '@mantine/core';
import { useQueries, useQuery, useQueryClient } from '@tanstack/react-query';
import { Link, useNavigate } from '@tanstack/react-router';
import { useState } from 'react';
import { body, core } from '../api/client';
import { promotionRuns, promotions } from '../api/infra';
import { environments } from '../api/queries';
import { useMay, useScope } from '../app/context';
import { infra } from '../texts/infra';
import { t } from '../texts/pages';
import { FormFoot, useAct } from '../ui/fields';
import { ListPage } from '../ui/list-page';
import { Dialog, Empty, Moment, useNow } from '../ui/parts';
import { PromotionBadge } from './promotion-report';

const p = infra.promotions;
/** Of how many promotions the list shows the last run. */
const LOOKED_AT = 50;

function NewPromotion({ close }: { close: () => void }) {
  const scope = useScope();
  const queries = useQueryClient();
  const navigate = useNavigate();
  const all = useQuery(environments());
  const [source, setSource] = useState<string | null>(scope.environment?.id ?? null);
  const [target, setTarget] = useState<string | null>(null);
  const [description, setDescription] = useState('');
  const act = useAct('sourceEnvironmentId', 'targetEnvironmentId', 'description');
  const data = (all.data ?? []).map((one) => ({ value: one.id, label: one.name ?? one.id }));
  const make = async () => {
    const made = await body(
      core.POST('/orchestration/executables/promotions', {
        body: {
          sourceEnvironmentId: source ?? '',
          targetEnvironmentId: target ?? '',
          description: description || undefined,
        },
      }),
    );
    await queries.invalidateQueries({ queryKey: ['objects', 'promotions'] });
    await navigate({ to: '/manage/promotions/$id', params: { id: made.executable } });
  };
  return (
    <form onSubmit={act.send(make)}>
      <Stack>
        <Text className="muted">{p.newHint}</Text>
        {data.length < 2 && <Text>{p.oneEnvironment}</Text>}
        <Select
          label={p.source}
          placeholder={p.pick}
          data={data}
          value={source}
          onChange={setSource}
          error={act.at('sourceEnvironmentId')}
          required
        />
        <Select
          label={p.target}
          placeholder={p.pick}
          data={data.filter((one) => one.value !== source)}
          value={target}
          onChange={setTarget}
          error={act.at('targetEnvironmentId')}
          required
        />
        <TextInput
          label={t.description}
          value={description}
          onChange={(event) => setDescription(event.currentTarget.value)}
          error={act.at('description')}
        />
        <FormFoot act={act} label={t.create} close={close} disabled={!source || !target} />
      </Stack>
    </form>
  );
}

export function Promotions() {
  const now = useNow(30_000);
  const see = useMay('TMC_PIPELINE_MANAGEMENT', 'TMC_PROMOTION_EXECUTION');
  const may = useMay('TMC_PIPELINE_MANAGEMENT');
  const list = useQuery(promotions(see));
  const [open, setOpen] = useState(false);
  const all = list.data ?? [];
  const lasts = useQueries({
    queries: all.slice(0, LOOKED_AT).map((one) => promotionRuns(one.executable)),
    combine: (found) => new Map(all.map((one, index) => [one.executable, found[index]?.data?.items[0]])),
  });
  return (
    <>
      <Dialog open={open} close={() => setOpen(false)} title={p.new}>
        <NewPromotion close={() => setOpen(false)} />
      </Dialog>
      <ListPage
        title={p.title}
        make={may ? { label: p.new, act: () => setOpen(true) } : undefined}
        denied={!see && <Empty title={p.noRights}>{p.noRightsHint}</Empty>}
        rows={{ query: list, all, shown: all }}
        rowKey={(one) => one.executable}
        columns={[
          {
            key: 'name',
            title: t.name,
            width: 'minmax(8rem, 2fr)',
            cell: (one) => (
              <Link className="row-link" to="/manage/promotions/$id" params={{ id: one.executable }}>
                {one.sourceEnvironment?.name} → {one.targetEnvironment?.name}
              </Link>
            ),
          },
          {
            key: 'last',
            title: p.lastRun,
            width: 'minmax(11rem, 1fr)',
            narrow: 'minmax(11rem, max-content)',
            cell: (one) => {
              const last = lasts.get(one.executable);
              return last ? <PromotionBadge status={last.status} defective={last.defective} /> : '–';
            },
          },
          {
            key: 'at',
            title: t.run.asked,
            width: '8rem',
            wide: true,
            cell: (one) => <Moment at={lasts.get(one.executable)?.triggerTimestamp} now={now} />,
          },
        ]}
        none={{ title: p.none, hint: p.noneHint }}
      />
    </>
  );
}
