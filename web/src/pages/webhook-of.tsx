/** The webhook of a task or plan: when its URL was last called. */

import { Text } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { triggerType, webhook } from '../api/queries';
import { ago, fullTime, instant } from '../texts/time';
import { w } from '../texts/work';

/** One line, or nothing where there is no webhook. */
export function WebhookOf({ id, plan, now }: { id: string; plan: boolean; now: number }) {
  const type = useQuery(triggerType(id, plan));
  const hook = useQuery({ ...webhook(id, plan), enabled: type.data === 'WEBHOOK' });
  if (!hook.data) return null;
  const at = instant(hook.data.lastCallAt);
  return (
    <Text size="sm" title={at === undefined ? undefined : fullTime(at)}>
      {at === undefined
        ? w.schedule.webhookUnused(hook.data.name)
        : w.schedule.webhookUsed(hook.data.name, ago(at, now))}
    </Text>
  );
}
