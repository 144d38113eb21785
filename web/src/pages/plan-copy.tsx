/** Making a copy of a plan, here or in another workspace of its environment. */

import { Stack, Text } from '@mantine/core';
import { useQueryClient } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { useState } from 'react';
import { body, core } from '../api/client';
import type { PlanItem, StartConfig } from '../api/queries';
import { useWorkspacesWith } from '../app/context';
import { draftsOf, planSteps, requestOf } from '../lib/plan-steps';
import { b } from '../texts/bulk';
import { CopyFields } from '../ui/copy-fields';
import { FormFoot, useAct } from '../ui/fields';
import { Dialog } from '../ui/parts';
import { storeParallel } from './plan-edit';

/** The dialog; `config` is how the plan runs. */
export function CopyPlan(props: { plan: PlanItem; config: StartConfig | undefined; close: () => void }) {
  const { plan, config, close } = props;
  const queries = useQueryClient();
  const navigate = useNavigate();
  const act = useAct('name', 'workspaceId');
  const places = useWorkspacesWith('AUTHOR');
  const own = places.some((one) => one.id === plan.workspace?.id) ? (plan.workspace?.id ?? null) : null;
  const [name, setName] = useState(b.copy.name(plan.name));
  const [workspace, setWorkspace] = useState<string | null>(own);
  const [made, setMade] = useState<string>();
  const make = async () => {
    const steps = requestOf(draftsOf(planSteps(plan.chart)).map((step) => ({ ...step, id: undefined })));
    const wish = { name: name.trim(), description: plan.description ?? '', workspaceId: workspace ?? '', steps };
    const id = made ?? (await body(core.POST('/orchestration/executables/plans', { body: wish }))).id;
    setMade(id);
    if (config?.parallelExecutionAllowed) await storeParallel(id, true);
    await queries.invalidateQueries({ queryKey: ['objects'] });
    close();
    await navigate({ to: '/plans/$id', params: { id } });
  };
  return (
    <Dialog open close={close} title={b.copy.plan(plan.name)}>
      <form onSubmit={act.send(make)} noValidate>
        <Stack>
          <Text className="muted">{b.copy.planHint}</Text>
          <CopyFields
            act={act}
            name={name}
            setName={setName}
            workspace={workspace}
            setWorkspace={setWorkspace}
            made={made !== undefined}
          />
          <FormFoot act={act} label={b.copy.make} close={close} disabled={!workspace} />
        </Stack>
      </form>
    </Dialog>
  );
}
