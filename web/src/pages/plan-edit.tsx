/** Making and changing a plan. */

import { Button, Checkbox, Group, Select, Stack, TextInput } from '@mantine/core';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { Link, useNavigate, useParams } from '@tanstack/react-router';
import { type FormEvent, useMemo, useRef, useState } from 'react';
import { body, core } from '../api/client';
import { taskPage } from '../api/pages';
import { type StartConfig, startConfig } from '../api/queries';
import { plan } from '../api/work';
import { useMay, useRight, useScope } from '../app/context';
import { fieldError, refusalOf } from '../lib/field-errors';
import { type DraftStep, draftsOf, newStep, planSteps, requestOf } from '../lib/plan-steps';
import { t } from '../texts/pages';
import { w } from '../texts/work';
import { isGone, Meanwhile, useDraft } from '../ui/fields';
import { Empty, Failure, Head, Notice, Panel, Waiting } from '../ui/parts';
import { PlanSteps } from './plan-steps';

interface Draft {
  name: string;
  description: string;
  workspaceId: string;
  steps: DraftStep[];
  /** Whether runs of it may overlap. */
  parallel: boolean;
}

const KNOWN = /^(name|description|workspaceId|steps(\[\d+\]\..*)?)$/;

function Form(props: {
  draft: Draft;
  setDraft: (draft: Draft) => void;
  planId?: string;
  title: string;
  submit: string;
  send: (draft: Draft) => Promise<unknown>;
  disabled?: boolean;
  notice?: React.ReactNode;
}) {
  const { draft } = props;
  const executes = useRight(draft.workspaceId, 'EXECUTE');
  const scope = useScope();
  const everywhere = { environmentId: scope.environment?.id };
  const tasks = useQuery(taskPage(everywhere, 0));
  const [error, setError] = useState<unknown>();
  const [busy, setBusy] = useState(false);
  const refusal = refusalOf(error, (field) => KNOWN.test(field));
  // Refusals name steps by their place, so they do not outlive a change.
  const setDraft = (changed: Draft) => {
    props.setDraft(changed);
    setError(undefined);
  };
  const submit = async (event: FormEvent) => {
    event.preventDefault();
    setBusy(true);
    setError(undefined);
    try {
      await props.send(draft);
    } catch (problem) {
      setError(problem);
      setBusy(false);
    }
  };
  if (!tasks.data && tasks.error) return <Failure error={tasks.error} retry={() => tasks.refetch()} />;
  if (!tasks.data) return <Waiting />;
  if (tasks.data.total === 0) {
    return (
      <Empty title={w.plan.noTasks} action={<Link to="/tasks/new">{t.tasks.new}</Link>}>
        {w.plan.noTasksHint}
      </Empty>
    );
  }
  return (
    <form className="page" onSubmit={submit} noValidate>
      <Head title={props.title} />
      {props.notice}
      <Panel title={w.plan.about}>
        <div className="form-grid">
          <TextInput
            label={t.name}
            value={draft.name}
            onChange={(event) => setDraft({ ...draft, name: event.currentTarget.value })}
            error={fieldError(refusal, 'name')}
            required
          />
          {props.planId === undefined && (
            <Select
              label={w.plan.workspace}
              data={scope.workspaces.map((one) => ({ value: one.id ?? '', label: one.name ?? '' }))}
              value={draft.workspaceId}
              allowDeselect={false}
              onChange={(id) => id && setDraft({ ...draft, workspaceId: id })}
              error={fieldError(refusal, 'workspaceId')}
            />
          )}
          <TextInput
            label={t.description}
            value={draft.description}
            onChange={(event) => setDraft({ ...draft, description: event.currentTarget.value })}
            error={fieldError(refusal, 'description')}
          />
          {executes && (
            <Checkbox
              label={w.plan.parallel}
              description={w.plan.parallelHint}
              checked={draft.parallel}
              onChange={(event) => setDraft({ ...draft, parallel: event.currentTarget.checked })}
            />
          )}
        </div>
      </Panel>
      <Panel title={w.plan.steps}>
        <PlanSteps
          steps={draft.steps}
          change={(steps) => setDraft({ ...draft, steps })}
          scope={everywhere}
          planId={props.planId}
          refusal={refusal}
        />
      </Panel>
      <Stack gap="sm">
        {refusal.rest !== undefined && <Failure error={refusal.rest} />}
        {Object.keys(refusal.fields).length > 0 && (
          <p className="field-error" role="alert">
            {Object.values(refusal.fields).join(' ')}
          </p>
        )}
        <Group>
          <Button type="submit" loading={busy} disabled={props.disabled}>
            {props.submit}
          </Button>
        </Group>
      </Stack>
    </form>
  );
}

/** Stores whether runs of a plan may overlap; what starts it stays. */
export async function storeParallel(
  planId: string,
  parallelExecutionAllowed: boolean,
  config?: StartConfig,
): Promise<void> {
  const params = { path: { planId } };
  const trigger = config?.trigger ?? ({ type: 'MANUAL' } as StartConfig['trigger']);
  await body(
    core.PUT('/orchestration/executables/plans/{planId}/run-config', {
      params,
      body: { trigger, parallelExecutionAllowed },
    }),
  );
}

const bodyOf = (draft: Draft) => ({
  name: draft.name.trim(),
  description: draft.description,
  workspaceId: draft.workspaceId,
  steps: requestOf(draft.steps),
});

/** A new plan. */
export function NewPlan() {
  const scope = useScope();
  const navigate = useNavigate();
  const queries = useQueryClient();
  const may = useMay('TMC_OPERATOR');
  const [typed, setTyped] = useState<Draft>();
  const workspace = scope.workspace?.id ?? scope.workspaces[0]?.id ?? '';
  const draft = typed ?? {
    name: '',
    description: '',
    workspaceId: workspace,
    steps: [newStep([], 'first')],
    parallel: false,
  };
  // A plan that was made, but could not be told that its runs may overlap, is not made a second time.
  const stored = useRef<string>(undefined);
  const send = async (wanted: Draft) => {
    if (stored.current === undefined) {
      stored.current = (await body(core.POST('/orchestration/executables/plans', { body: bodyOf(wanted) }))).id;
    } else {
      const params = { path: { planId: stored.current } };
      await body(core.PUT('/orchestration/executables/plans/{planId}', { params, body: bodyOf(wanted) }));
    }
    const id = stored.current;
    if (wanted.parallel) await storeParallel(id, true);
    await queries.invalidateQueries({ queryKey: ['objects'] });
    await navigate({ to: '/plans/$id', params: { id } });
  };
  if (!may) return <Notice tone="idle" title={w.plan.noRight} />;
  return <Form draft={draft} setDraft={setTyped} title={w.plan.titleNew} submit={w.plan.create} send={send} />;
}

/** A plan that is there. */
export function EditPlan() {
  const { id } = useParams({ from: '/plans/$id/edit' });
  const navigate = useNavigate();
  const queries = useQueryClient();
  const found = useQuery(plan(id));
  const config = useQuery(startConfig(id, true));
  const it = found.data;
  const parallel = config.data && config.data.parallelExecutionAllowed === true;
  const author = useRight(it?.workspace?.id, 'AUTHOR');
  const may = useMay('TMC_OPERATOR') && (it === undefined || author);
  const server = useMemo<Draft | undefined>(
    () =>
      it === undefined || parallel === undefined
        ? undefined
        : {
            name: it.name,
            description: it.description ?? '',
            workspaceId: it.workspace?.id ?? '',
            steps: draftsOf(planSteps(it.chart)),
            parallel,
          },
    [it, parallel],
  );
  const edit = useDraft(server);
  const { draft } = edit;
  const send = async (wanted: Draft) => {
    const params = { path: { planId: id } };
    await body(core.PUT('/orchestration/executables/plans/{planId}', { params, body: bodyOf(wanted) }));
    if (wanted.parallel !== parallel) await storeParallel(id, wanted.parallel, config.data);
    await queries.invalidateQueries({ queryKey: ['objects'] });
    await navigate({ to: '/plans/$id', params: { id } });
  };
  const gone = isGone(found.error);
  if (!may) return <Notice tone="idle" title={w.plan.noRight} />;
  const lost = found.error ?? config.error;
  if (lost && !draft) {
    return <Failure error={lost} retry={() => void Promise.all([found.refetch(), config.refetch()])} />;
  }
  if (!draft) return <Waiting />;
  return (
    <Form
      draft={draft}
      setDraft={edit.set}
      planId={id}
      title={w.plan.titleEdit(it?.name ?? draft.name)}
      submit={w.plan.save}
      send={send}
      disabled={gone}
      notice={<Meanwhile edit={edit} gone={gone} />}
    />
  );
}
