/** The steps of a plan as a form: each a card, in their order. */

import { ActionIcon, Button, Group, Menu, Select, Stack, TextInput } from '@mantine/core';
import { IconArrowDown, IconArrowUp, IconDots, IconPlus, IconTrash } from '@tabler/icons-react';
import { useRef, useState } from 'react';
import type { ScopeQuery } from '../api/queries';
import type { Step } from '../api/work';
import { fieldError, type Refusal } from '../lib/field-errors';
import { type DraftStep, moved, newStep } from '../lib/plan-steps';
import { t } from '../texts/pages';
import { w } from '../texts/work';
import { FoundMultiSelect } from '../ui/found';

interface Props {
  steps: DraftStep[];
  change: (steps: DraftStep[]) => void;
  /** Where tasks and plans are looked for. */
  scope: ScopeQuery;
  /** The plan that is edited, which cannot be a part of itself. */
  planId?: string;
  refusal: Refusal;
}

const CONDITIONS = (Object.keys(w.plan.conditions) as Step['condition'][]).map((value) => ({
  value,
  label: w.plan.conditions[value],
}));
/** What can be done with a step as a whole: buttons, or one menu where there is little room. */
function StepButtons(props: { number: number; count: number; move: (by: number) => void; remove: () => void }) {
  const { number, count } = props;
  const all = [
    { label: w.plan.up(number), off: number === 1, act: () => props.move(-1), Icon: IconArrowUp },
    { label: w.plan.down(number), off: number === count, act: () => props.move(1), Icon: IconArrowDown },
    { label: w.plan.remove(number), off: count === 1, act: props.remove, Icon: IconTrash },
  ];
  return (
    <>
      {all.map(({ label, off, act, Icon }) => (
        <ActionIcon
          key={label}
          variant="default"
          size="lg"
          disabled={off}
          aria-label={label}
          onClick={act}
          visibleFrom="sm"
        >
          <Icon size={16} aria-hidden />
        </ActionIcon>
      ))}
      <Menu position="bottom-end" withinPortal={false} withInitialFocusPlaceholder={false}>
        <Menu.Target>
          <ActionIcon variant="subtle" color="gray" size="lg" aria-label={w.plan.more(number)} hiddenFrom="sm">
            <IconDots size={18} aria-hidden />
          </ActionIcon>
        </Menu.Target>
        <Menu.Dropdown>
          {all.map(({ label, off, act, Icon }) => (
            <Menu.Item key={label} disabled={off} onClick={act} leftSection={<Icon size={16} aria-hidden />}>
              {label}
            </Menu.Item>
          ))}
        </Menu.Dropdown>
      </Menu>
    </>
  );
}

function StepCard(props: {
  step: DraftStep;
  number: number;
  count: number;
  scope: ScopeQuery;
  planId?: string;
  refusal: Refusal;
  set: (change: Partial<DraftStep>) => void;
  move: (by: number) => void;
  remove: () => void;
}) {
  const { step, number, count, set } = props;
  const [handlers, setHandlers] = useState(step.handlerTasks.length + step.handlerPlans.length > 0);
  const wrong = (field: string) => fieldError(props.refusal, `steps[${number - 1}].${field}`);
  return (
    <li className="step-card">
      <div className="step-head">
        <span className="step-number" aria-hidden>
          {number}
        </span>
        <TextInput
          aria-label={`${w.plan.stepName}, ${w.plan.step(number)}`}
          value={step.name}
          onChange={(event) => set({ name: event.currentTarget.value })}
          error={wrong('name')}
          required
          className="grow"
        />
        <StepButtons number={number} count={count} move={props.move} remove={props.remove} />
      </div>
      <div className="form-grid">
        <FoundMultiSelect
          kind="task"
          scope={props.scope}
          label={w.plan.tasks}
          placeholder={step.taskIds.length === 0 ? w.plan.tasksPick : undefined}
          value={step.taskIds}
          change={(taskIds) => set({ taskIds })}
          error={wrong('taskIds')}
        />
        <Select
          label={w.plan.condition}
          data={CONDITIONS}
          value={step.condition}
          allowDeselect={false}
          onChange={(condition) => condition && set({ condition: condition as Step['condition'] })}
          error={wrong('condition')}
        />
        {handlers && (
          <>
            <FoundMultiSelect
              kind="task"
              scope={props.scope}
              label={w.plan.handlerTasks}
              value={step.handlerTasks}
              change={(handlerTasks) => set({ handlerTasks })}
              error={wrong('handlerOnFailure.taskIds')}
            />
            <FoundMultiSelect
              kind="plan"
              scope={props.scope}
              without={props.planId}
              label={w.plan.handlerPlans}
              value={step.handlerPlans}
              change={(handlerPlans) => set({ handlerPlans })}
              error={wrong('handlerOnFailure.planIds')}
            />
            <TextInput
              label={w.plan.note}
              value={step.note}
              onChange={(event) => set({ note: event.currentTarget.value })}
              error={wrong('note')}
            />
          </>
        )}
      </div>
      {!handlers && (
        <Button variant="subtle" size="compact-sm" onClick={() => setHandlers(true)}>
          {w.plan.handlers}
        </Button>
      )}
    </li>
  );
}

/** All of them. */
export function PlanSteps({ steps, change, scope, planId, refusal }: Props) {
  const made = useRef(0);
  const [said, setSaid] = useState('');
  const add = (at: number) => {
    made.current += 1;
    change([...steps.slice(0, at), newStep(steps, `new-${made.current}`), ...steps.slice(at)]);
  };
  const move = (from: number, to: number) => {
    change(moved(steps, from, to));
    setSaid(w.plan.moved(steps[from]?.name ?? '', to + 1));
  };
  return (
    <Stack gap="sm">
      <p className="muted" style={{ margin: 0 }}>
        {w.plan.stepsHint}
      </p>
      <ol className="steps">
        {steps.map((step, index) => (
          <StepCard
            key={step.key}
            step={step}
            number={index + 1}
            count={steps.length}
            scope={scope}
            planId={planId}
            refusal={refusal}
            set={(part) => change(steps.map((one) => (one.key === step.key ? { ...one, ...part } : one)))}
            move={(by) => move(index, index + by)}
            remove={() => change(steps.filter((one) => one.key !== step.key))}
          />
        ))}
      </ol>
      <Group>
        <Button variant="default" leftSection={<IconPlus size={16} aria-hidden />} onClick={() => add(steps.length)}>
          {w.plan.add}
        </Button>
      </Group>
      <span role="status" className="unseen">
        {said}
      </span>
      {fieldError(refusal, 'steps') && !Object.keys(refusal.fields).some((field) => field.startsWith('steps[')) && (
        <p className="field-error" role="alert">
          {t.failed}: {refusal.fields.steps}
        </p>
      )}
    </Stack>
  );
}
