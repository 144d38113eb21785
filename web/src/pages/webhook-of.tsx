/** The webhook of a task or plan: when its URL was last called, and how long it may be. */

import { Button, Group, Select, Text } from '@mantine/core';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { setWebhookTerm, triggerType, webhook } from '../api/queries';
import { ago, fullTime, instant } from '../texts/time';
import { w } from '../texts/work';
import { Failure } from '../ui/parts';

const DAY = 24 * 60;
/** Terms to choose from, minutes; empty is without an end. */
const TERMS = ['', DAY, 7 * DAY, 30 * DAY, 90 * DAY, 365 * DAY].map(String);

/** Chooses how long the URL may be called from now on. */
function Term({ id, plan, minutes }: { id: string; plan: boolean; minutes: number | undefined }) {
  const current = minutes === undefined ? '' : String(minutes);
  const [chosen, setChosen] = useState(current);
  const [error, setError] = useState<unknown>();
  const client = useQueryClient();
  const known = TERMS.includes(current) ? TERMS : [...TERMS, current];
  const save = async () => {
    setError(undefined);
    try {
      await setWebhookTerm(id, plan, chosen === '' ? undefined : Number(chosen));
      await client.invalidateQueries({ queryKey: ['objects', 'webhook', id] });
    } catch (problem) {
      setError(problem);
    }
  };
  return (
    <>
      <Group align="flex-end" gap="xs" mt="xs">
        <Select
          label={w.schedule.webhookTerm}
          data={known.map((term) => ({ value: term, label: w.schedule.webhookTermOf(term === '' ? 0 : Number(term)) }))}
          value={chosen}
          onChange={(term) => setChosen(term ?? '')}
          allowDeselect={false}
        />
        <Button variant="default" onClick={save}>
          {w.schedule.webhookBegin}
        </Button>
      </Group>
      {error !== undefined && <Failure error={error} />}
    </>
  );
}

/** What is known of a webhook, or nothing where there is none. `may` says whether its term may be changed. */
export function WebhookOf({ id, plan, now, may }: { id: string; plan: boolean; now: number; may: boolean }) {
  const type = useQuery(triggerType(id, plan));
  const hook = useQuery({ ...webhook(id, plan), enabled: type.data === 'WEBHOOK' });
  if (!hook.data) return null;
  const { name, lastCallAt, expiresAt, lastLateCallAt, expired, lifetimeMinutes } = hook.data;
  const [at, end, late] = [instant(lastCallAt), instant(expiresAt), instant(lastLateCallAt)];
  return (
    <>
      <Text size="sm" title={at === undefined ? undefined : fullTime(at)}>
        {at === undefined ? w.schedule.webhookUnused(name) : w.schedule.webhookUsed(name, ago(at, now))}
      </Text>
      <Text size="sm" fw={expired ? 600 : undefined} title={end === undefined ? undefined : fullTime(end)}>
        {end === undefined
          ? w.schedule.webhookEndless
          : expired
            ? w.schedule.webhookEnded(fullTime(end))
            : w.schedule.webhookEnds(fullTime(end))}
      </Text>
      {late !== undefined && (
        <Text size="sm" title={fullTime(late)}>
          {w.schedule.webhookLate(ago(late, now))}
        </Text>
      )}
      {may && <Term key={String(lifetimeMinutes)} id={id} plan={plan} minutes={lifetimeMinutes} />}
    </>
  );
}
