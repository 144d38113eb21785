/** Settings of a request. */

import { Checkbox, NumberInput, Stack, Textarea, TextInput } from '@mantine/core';
import { type Additions, type Entity, withAdded } from '../../lib/tester-doc';
import { x } from '../../texts/tester';

const whole = (value: string | number) => (typeof value === 'number' ? value : undefined);

interface Part {
  entity: Entity;
  change: (entity: Entity) => void;
}

/** Name and description, which everything has. */
export function Naming({ entity, change }: Part) {
  return (
    <>
      <TextInput
        label={x.name}
        value={entity.name}
        maxLength={255}
        onChange={(event) => change({ ...entity, name: event.currentTarget.value })}
      />
      <Textarea
        label={x.description}
        value={entity.description ?? ''}
        onChange={(event) => change({ ...entity, description: event.currentTarget.value || undefined })}
        autosize
        minRows={2}
        maxRows={8}
      />
    </>
  );
}

export function SettingsPart({ entity, change }: Part) {
  const added = entity.stoker ?? {};
  const retry = entity.retryConfiguration ?? { retryCount: 0, intervalInSeconds: 1 };
  const set = (part: Partial<Additions>) => change(withAdded(entity, part));
  return (
    <div className="tester-settings">
      <Stack gap="sm">
        <Naming entity={entity} change={change} />
      </Stack>
      <Stack gap="sm">
        <Checkbox
          label={x.redirects}
          checked={added.follow_redirects === true}
          onChange={(event) => set({ follow_redirects: event.currentTarget.checked || undefined })}
        />
        <Checkbox
          label={x.rawBody}
          checked={added.raw_body === true}
          onChange={(event) => set({ raw_body: event.currentTarget.checked || undefined })}
        />
        <NumberInput
          label={x.timeout}
          min={1}
          max={60_000}
          allowDecimal={false}
          value={added.timeout_ms ?? ''}
          onChange={(value) => set({ timeout_ms: whole(value) })}
        />
        <NumberInput
          label={x.retry}
          min={0}
          max={100}
          allowDecimal={false}
          value={retry.retryCount}
          onChange={(value) => change({ ...entity, retryConfiguration: { ...retry, retryCount: whole(value) ?? 0 } })}
        />
        <NumberInput
          label={x.retryPause}
          min={0}
          max={600}
          allowDecimal={false}
          value={retry.intervalInSeconds}
          onChange={(value) =>
            change({ ...entity, retryConfiguration: { ...retry, intervalInSeconds: whole(value) ?? 0 } })
          }
        />
      </Stack>
    </div>
  );
}
