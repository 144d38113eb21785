/** When, how often and with what a request or a scenario is run. */

import { Select, Stack, Text, Textarea, TextInput } from '@mantine/core';
import { type Additions, type Condition, type Entity, withAdded } from '../../lib/tester-doc';
import { x } from '../../texts/tester';
import { comparisons, WITHOUT_VALUE } from './comparisons';
import { Expression } from './expression';
import { Choice, Whole } from './flow-parts';
import { Add, dropped, Remove, replaced } from './rows';
import { FIRST_TURN, TalkEditor } from './web-socket';

interface Part {
  entity: Entity;
  change: (entity: Entity) => void;
}

const FIRST: Condition = { value: '', is: 'Equals', to: '' };

function ConditionFields(props: { of: string; condition: Condition; change: (condition: Condition) => void }) {
  const { condition } = props;
  const edit = (part: Partial<Condition>) => props.change({ ...condition, ...part });
  return (
    <div className="tester-condition">
      <Expression
        label={`${x.conditionValue}: ${props.of}`}
        bare
        placeholder={x.conditionValue}
        value={condition.value}
        onChange={(value) => edit({ value })}
      />
      <Select
        aria-label={`${x.comparison}: ${props.of}`}
        data={comparisons(condition.is)}
        value={condition.is}
        onChange={(is) => is && edit({ is })}
      />
      {!WITHOUT_VALUE.includes(condition.is) && (
        <Expression
          label={`${x.conditionTo}: ${props.of}`}
          bare
          placeholder={x.conditionTo}
          value={condition.to ?? ''}
          onChange={(to) => edit({ to })}
        />
      )}
    </div>
  );
}

function Before({ entity, change }: Part) {
  const all = entity.stoker?.before ?? [];
  const set = (before: NonNullable<Additions['before']>) =>
    change(withAdded(entity, { before: before.length > 0 ? before : undefined }));
  return (
    <div>
      <Text className="muted" mb="xs">
        {x.before}
      </Text>
      {all.map((one, at) => {
        const named = x.row(x.tabs.flow, at + 1);
        return (
          // biome-ignore lint/suspicious/noArrayIndexKey: the place is what a row is known by.
          <div className="tester-row" key={at}>
            <span />
            <TextInput
              aria-label={`${x.variableName} ${named}`}
              placeholder={x.variableName}
              value={one.name}
              onChange={(event) => set(replaced(all, at, { ...one, name: event.currentTarget.value }))}
            />
            <Expression
              label={`${x.value} ${named}`}
              bare
              placeholder={x.value}
              value={one.value}
              onChange={(value) => set(replaced(all, at, { ...one, value }))}
            />
            <Remove what={named} act={() => set(dropped(all, at))} />
          </div>
        );
      })}
      <Add label={x.addBefore} act={() => set([...all, { name: '', value: '' }])} />
    </div>
  );
}

/** Of a request. */
export function FlowPart({ entity, change }: Part) {
  const { when, each, until, events, web_socket } = entity.stoker ?? {};
  const set = (part: Partial<Additions>) => change(withAdded(entity, part));
  return (
    <Stack gap="md">
      <Before entity={entity} change={change} />
      <Choice label={x.onlyWhen} on={when !== undefined} turn={(on) => set({ when: on ? FIRST : undefined })}>
        {when && <ConditionFields of={x.onlyWhen} condition={when} change={(next) => set({ when: next })} />}
      </Choice>
      <Choice
        label={x.each}
        on={each !== undefined}
        turn={(on) => set({ each: on ? { in: '', name: 'item' } : undefined })}
      >
        {each && (
          <Stack gap="xs">
            <Expression label={x.eachIn} value={each.in} onChange={(list) => set({ each: { ...each, in: list } })} />
            <TextInput
              label={x.eachName}
              value={each.name}
              onChange={(event) => set({ each: { ...each, name: event.currentTarget.value } })}
            />
          </Stack>
        )}
      </Choice>
      <Choice
        label={x.until}
        on={until !== undefined}
        turn={(on) => set({ until: on ? { holds: FIRST, at_most: 10, pause_ms: 1000 } : undefined })}
      >
        {until && (
          <Stack gap="xs">
            <ConditionFields
              of={x.until}
              condition={until.holds}
              change={(holds) => set({ until: { ...until, holds } })}
            />
            <Whole
              label={x.atMost}
              min={1}
              max={10_000}
              value={until.at_most}
              change={(at_most) => set({ until: { ...until, at_most } })}
            />
            <Whole
              label={x.pause}
              min={0}
              max={3_600_000}
              value={until.pause_ms ?? 0}
              change={(pause_ms) => set({ until: { ...until, pause_ms } })}
            />
          </Stack>
        )}
      </Choice>
      <Choice
        label={x.events}
        on={events !== undefined}
        turn={(on) => set({ events: on ? { at_most: 10, within_ms: 5_000 } : undefined })}
      >
        {events && (
          <Stack gap="xs">
            <Whole
              label={x.eventsMost}
              min={1}
              max={10_000}
              value={events.at_most}
              change={(at_most) => set({ events: { ...events, at_most } })}
            />
            <Whole
              label={x.eventsWithin}
              min={1}
              max={600_000}
              value={events.within_ms}
              change={(within_ms) => set({ events: { ...events, within_ms } })}
            />
          </Stack>
        )}
      </Choice>
      <Choice
        label={x.webSocket}
        on={web_socket !== undefined}
        turn={(on) => set({ web_socket: on ? { turns: [FIRST_TURN] } : undefined })}
      >
        {web_socket && <TalkEditor talk={web_socket} change={(talk) => set({ web_socket: talk })} />}
      </Choice>
    </Stack>
  );
}

const FORMATS = (Object.keys(x.dataFormats) as (keyof typeof x.dataFormats)[]).map((value) => ({
  value,
  label: x.dataFormats[value],
}));

/** Of a scenario. */
export function ScenarioFlow({ entity, change }: Part) {
  const { when, data } = entity.stoker ?? {};
  const set = (part: Partial<Additions>) => change(withAdded(entity, part));
  return (
    <Stack gap="md" w="100%">
      <Choice label={x.onlyWhen} on={when !== undefined} turn={(on) => set({ when: on ? FIRST : undefined })}>
        {when && <ConditionFields of={x.onlyWhen} condition={when} change={(next) => set({ when: next })} />}
      </Choice>
      <Choice label={x.data} on={data !== undefined} turn={(on) => set({ data: on ? { text: '' } : undefined })}>
        {data && (
          <Stack gap="xs">
            <Select
              label={x.dataFormat}
              data={FORMATS}
              value={data.format ?? 'csv'}
              onChange={(format) => format && set({ data: { ...data, format: format as 'csv' | 'json' } })}
              maw="18rem"
            />
            {data.file !== undefined ? (
              <TextInput
                label={x.file}
                value={data.file}
                description={x.fileHint}
                onChange={(event) => set({ data: { ...data, file: event.currentTarget.value } })}
              />
            ) : (
              <Textarea
                label={x.dataText}
                value={data.text ?? ''}
                onChange={(event) => set({ data: { ...data, text: event.currentTarget.value } })}
                autosize
                minRows={4}
                maxRows={16}
                spellCheck={false}
                styles={{ input: { fontFamily: 'var(--mantine-font-family-monospace)' } }}
              />
            )}
          </Stack>
        )}
      </Choice>
    </Stack>
  );
}
