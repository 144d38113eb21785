/** The steps of a plan as a form: each a card, in their order. */

import { ActionIcon, Button, Group, MultiSelect, Select, Stack, TextInput } from '@mantine/core';
import { IconArrowDown, IconArrowUp, IconPlus, IconTrash } from '@tabler/icons-react';
import { useRef, useState } from 'react';
import type { Step } from '../api/work';
import { fieldError, type Refusal } from '../lib/field-errors';
import { type DraftStep, moved, newStep } from '../lib/plan-steps';
import { t } from '../texts/pages';
import { w } from '../texts/work';

type Choice = { value: string; label: string };

interface Props {
  steps: DraftStep[];
  change: (steps: DraftStep[]) => void;
  tasks: Choice[];
  plans: Choice[];
  refusal: Refusal;
}

const CONDITIONS = (Object.keys(w.plan.conditions) as Step['condition'][]).map((value) => ({
  value,
  label: w.plan.conditions[value],
}));
/** Most entries a list shows at once; typing narrows it. */
const SHOWN = 100;

/** Names of those that are gone stay to be seen as their ids. */
function withChosen(list: Choice[], chosen: string[]): Choice[] {
  const known = new Set(list.map((one) => one.value));
  return [...list, ...chosen.filter((id) => !known.has(id)).map((id) => ({ value: id, label: id }))];
}

function StepCard(props: {
  step: DraftStep;
  number: number;
  count: number;
  tasks: Choice[];
  plans: Choice[];
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
        <ActionIcon
          variant="default"
          size="lg"
          disabled={number === 1}
          aria-label={w.plan.up(number)}
          onClick={() => props.move(-1)}
        >
          <IconArrowUp size={16} aria-hidden />
        </ActionIcon>
        <ActionIcon
          variant="default"
          size="lg"
          disabled={number === count}
          aria-label={w.plan.down(number)}
          onClick={() => props.move(1)}
        >
          <IconArrowDown size={16} aria-hidden />
        </ActionIcon>
        <ActionIcon
          variant="default"
          size="lg"
          disabled={count === 1}
          aria-label={w.plan.remove(number)}
          onClick={props.remove}
        >
          <IconTrash size={16} aria-hidden />
        </ActionIcon>
      </div>
      <div className="form-grid">
        <MultiSelect
          label={w.plan.tasks}
          placeholder={step.taskIds.length === 0 ? w.plan.tasksPick : undefined}
          data={withChosen(props.tasks, step.taskIds)}
          value={step.taskIds}
          onChange={(taskIds) => set({ taskIds })}
          error={wrong('taskIds')}
          searchable
          limit={SHOWN}
          hidePickedOptions
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
            <MultiSelect
              label={w.plan.handlerTasks}
              data={withChosen(props.tasks, step.handlerTasks)}
              value={step.handlerTasks}
              onChange={(handlerTasks) => set({ handlerTasks })}
              error={wrong('handlerOnFailure.taskIds')}
              searchable
              limit={SHOWN}
              hidePickedOptions
            />
            <MultiSelect
              label={w.plan.handlerPlans}
              data={withChosen(props.plans, step.handlerPlans)}
              value={step.handlerPlans}
              onChange={(handlerPlans) => set({ handlerPlans })}
              error={wrong('handlerOnFailure.planIds')}
              searchable
              limit={SHOWN}
              hidePickedOptions
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
export function PlanSteps({ steps, change, tasks, plans, refusal }: Props) {
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
            tasks={tasks}
            plans={plans}
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
