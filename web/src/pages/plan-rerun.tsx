/** Repeating a failed plan run: from a step on, and of that step everything or only what failed. */

import { Button, Checkbox, Group, Select, Stack, Text } from '@mantine/core';
import { IconRefresh } from '@tabler/icons-react';
import { useNavigate } from '@tanstack/react-router';
import { type FormEvent, useState } from 'react';
import { body, core } from '../api/client';
import type { PlanTimeline } from '../api/queries';
import { t } from '../texts/pages';
import { stateOf } from '../texts/status';
import { w } from '../texts/work';
import { Dialog, Failure } from '../ui/parts';

function RerunForm({ it, close }: { it: PlanTimeline; close: () => void }) {
  const navigate = useNavigate();
  const steps = it.steps.filter((step) => step.kind.toUpperCase() === 'STEP' && step.executionId);
  const failed = steps.find((step) => stateOf(step.executionStatus).tone === 'bad') ?? steps[0];
  const [stepId, setStepId] = useState(failed?.executionId ?? null);
  const [only, setOnly] = useState(false);
  const [error, setError] = useState<unknown>();
  const [busy, setBusy] = useState(false);
  const submit = async (event: FormEvent) => {
    event.preventDefault();
    if (!stepId) return;
    setBusy(true);
    setError(undefined);
    try {
      const request = {
        executable: it.planId,
        executionPlanId: it.executionId,
        stepId,
        ...(only ? { rerunOnlyFailedTasks: true } : {}),
      };
      const started = await body(core.POST('/processing/executions/plans', { body: request }));
      close();
      await navigate({ to: '/plan-runs/$id', params: { id: String(started?.executionId) } });
    } catch (problem) {
      setError(problem);
      setBusy(false);
    }
  };
  return (
    <form onSubmit={submit}>
      <Stack>
        <Text className="muted">{w.planRun.hint}</Text>
        <Select
          label={w.planRun.where}
          data={steps.map((step) => ({
            value: step.executionId ?? '',
            label: `${step.name} (${stateOf(step.executionStatus).label.toLowerCase()})`,
          }))}
          value={stepId}
          allowDeselect={false}
          onChange={setStepId}
        />
        <Checkbox
          label={w.planRun.only}
          description={w.planRun.onlyHint}
          checked={only}
          onChange={(event) => setOnly(event.currentTarget.checked)}
        />
        {error !== undefined && <Failure error={error} />}
        <Group justify="flex-end">
          <Button variant="default" onClick={close}>
            {t.cancel}
          </Button>
          <Button type="submit" loading={busy} disabled={!stepId}>
            {w.planRun.go}
          </Button>
        </Group>
      </Stack>
    </form>
  );
}

/** The button with its form. */
export function RerunButton({ it }: { it: PlanTimeline }) {
  const [open, setOpen] = useState(false);
  return (
    <>
      <Button variant="default" leftSection={<IconRefresh size={16} aria-hidden />} onClick={() => setOpen(true)}>
        {w.planRun.from}
      </Button>
      <Dialog open={open} close={() => setOpen(false)} title={w.planRun.title(it.planName)}>
        <RerunForm it={it} close={() => setOpen(false)} />
      </Dialog>
    </>
  );
}
