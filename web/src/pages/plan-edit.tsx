/** Making and changing a plan. */

import { Button, Group, Select, Stack, TextInput } from '@mantine/core';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { Link, useNavigate, useParams } from '@tanstack/react-router';
import { type FormEvent, useMemo, useState } from 'react';
import { body, core } from '../api/client';
import { taskPage } from '../api/pages';
import { plan } from '../api/work';
import { useMay, useRight, useScope } from '../app/context';
import { fieldError, refusalOf } from '../lib/field-errors';
import { type DraftStep, draftsOf, newStep, requestOf } from '../lib/plan-steps';
import { t } from '../texts/pages';
import { w } from '../texts/work';
import { isGone, Meanwhile, useDraft } from '../ui/fields';
import { Empty, Failure, Head, Notice, Panel, Waiting } from '../ui/parts';
import { PlanSteps } from './plan-steps';
import { stepsOf } from './plans';

interface Draft {
  name: string;
  description: string;
  workspaceId: string;
  steps: DraftStep[];
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
  const draft = typed ?? { name: '', description: '', workspaceId: workspace, steps: [newStep([], 'first')] };
  const send = async (wanted: Draft) => {
    const made = await body(core.POST('/orchestration/executables/plans', { body: bodyOf(wanted) }));
    await queries.invalidateQueries({ queryKey: ['objects'] });
    await navigate({ to: '/plans/$id', params: { id: made.id } });
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
  const it = found.data;
  const author = useRight(it?.workspace?.id, 'AUTHOR');
  const may = useMay('TMC_OPERATOR') && (it === undefined || author);
  const server = useMemo<Draft | undefined>(
    () =>
      it && {
        name: it.name,
        description: it.description ?? '',
        workspaceId: it.workspace?.id ?? '',
        steps: draftsOf(stepsOf(it.chart)),
      },
    [it],
  );
  const edit = useDraft(server);
  const { draft } = edit;
  const send = async (wanted: Draft) => {
    const params = { path: { planId: id } };
    await body(core.PUT('/orchestration/executables/plans/{planId}', { params, body: bodyOf(wanted) }));
    await queries.invalidateQueries({ queryKey: ['objects'] });
    await navigate({ to: '/plans/$id', params: { id } });
  };
  const gone = isGone(found.error);
  if (!may) return <Notice tone="idle" title={w.plan.noRight} />;
  if (found.error && !draft) return <Failure error={found.error} retry={() => found.refetch()} />;
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
