/** Rows, body, assertions, extraction and settings of a request. */

import { ActionIcon, Button, Checkbox, NumberInput, Select, Stack, Text, TextInput } from '@mantine/core';
import { IconTrash } from '@tabler/icons-react';
import {
  type Additions,
  type Assertion,
  type Entity,
  type Extraction,
  type Row,
  withAdded,
} from '../../lib/tester-doc';
import { x } from '../../texts/tester';
import { Expression, ExpressionText } from './expression';

interface Part {
  entity: Entity;
  change: (entity: Entity) => void;
}

export function Remove({ what, act }: { what: string; act: () => void }) {
  return (
    <ActionIcon variant="subtle" color="gray" onClick={act} aria-label={`${x.remove} ${what}`} mt={4}>
      <IconTrash size={16} aria-hidden />
    </ActionIcon>
  );
}

export const replaced = <T,>(list: T[], at: number, one: T) => list.map((known, index) => (index === at ? one : known));
export const dropped = <T,>(list: T[], at: number) => list.filter((_, index) => index !== at);

/** Rows of name and value. */
export function Rows({ what, rows, change }: { what: string; rows: Row[]; change: (rows: Row[]) => void }) {
  return (
    <div>
      {rows.map((row, at) => {
        const named = x.row(what, at + 1);
        return (
          // biome-ignore lint/suspicious/noArrayIndexKey: names repeat; the place is what a row is known by.
          <div className="tester-row" key={at}>
            <Checkbox
              aria-label={`${x.on} ${named}`}
              checked={row.enabled === true}
              onChange={(event) => change(replaced(rows, at, { ...row, enabled: event.currentTarget.checked }))}
            />
            <TextInput
              aria-label={`${x.name} ${named}`}
              placeholder={x.name}
              value={row.name}
              onChange={(event) => change(replaced(rows, at, { ...row, name: event.currentTarget.value }))}
            />
            <Expression
              label={`${x.value} ${named}`}
              bare
              placeholder={x.value}
              value={row.value ?? ''}
              onChange={(value) => change(replaced(rows, at, { ...row, value }))}
            />
            <Remove what={named} act={() => change(dropped(rows, at))} />
          </div>
        );
      })}
      <Button variant="default" onClick={() => change([...rows, { name: '', value: '', enabled: true }])}>
        {x.addRow}
      </Button>
    </div>
  );
}

type BodyKind = keyof typeof x.bodies;
const MULTIPART = 'multipart/form-data';
const URL_ENCODED = 'application/x-www-form-urlencoded';

function kindOf(entity: Entity): BodyKind {
  if (entity.method?.requestBody !== true) return 'none';
  if (entity.stoker?.graphql) return 'graphql';
  if (entity.body?.bodyType === 'File') return 'file';
  if (entity.body?.bodyType !== 'Form') return 'text';
  return entity.body.formBody?.encoding === MULTIPART ? 'multipart' : 'form';
}

function withKind(entity: Entity, kind: BodyKind): Entity {
  const name = entity.method?.name ?? 'GET';
  if (kind === 'none') return { ...entity, method: { name } };
  const graphql = kind === 'graphql' ? (entity.stoker?.graphql ?? { query: '' }) : undefined;
  const file = kind === 'file' ? (entity.stoker?.file ?? '') : undefined;
  const form = kind === 'form' || kind === 'multipart';
  const bodyType = form ? 'Form' : kind === 'file' ? 'File' : 'Text';
  const encoding = kind === 'multipart' ? MULTIPART : URL_ENCODED;
  return {
    ...withAdded(entity, { graphql, file }),
    method: { ...entity.method, name, requestBody: true },
    body: {
      ...entity.body,
      bodyType,
      ...(form ? { formBody: { items: [], ...entity.body?.formBody, encoding } } : {}),
    },
  };
}

export function BodyPart({ entity, change }: Part) {
  const kind = kindOf(entity);
  const form = entity.body?.formBody;
  const graphql = entity.stoker?.graphql ?? { query: '' };
  return (
    <Stack gap="sm">
      <Select
        label={x.bodyKind}
        data={(Object.keys(x.bodies) as BodyKind[]).map((value) => ({ value, label: x.bodies[value] }))}
        value={kind}
        onChange={(value) => value && change(withKind(entity, value as BodyKind))}
        maw="14rem"
      />
      {kind === 'text' && (
        <ExpressionText
          label={x.bodyText}
          value={entity.body?.textBody ?? ''}
          onChange={(textBody) => change({ ...entity, body: { ...entity.body, bodyType: 'Text', textBody } })}
        />
      )}
      {(kind === 'form' || kind === 'multipart') && (
        <Rows
          what={x.tabs.body}
          rows={form?.items ?? []}
          change={(items) =>
            change({
              ...entity,
              body: {
                ...entity.body,
                formBody: { ...form, items: items.map((one) => ({ type: 'Text', ...one })) },
              },
            })
          }
        />
      )}
      {kind === 'file' && (
        <>
          <Expression
            label={x.file}
            value={entity.stoker?.file ?? ''}
            onChange={(file) => change(withAdded(entity, { file }))}
          />
          <Text className="muted">{x.fileHint}</Text>
        </>
      )}
      {kind === 'graphql' && (
        <>
          <ExpressionText
            label={x.graphql}
            value={graphql.query}
            onChange={(query) => change({ ...entity, stoker: { ...entity.stoker, graphql: { ...graphql, query } } })}
          />
          <ExpressionText
            label={x.graphqlVariables}
            value={graphql.variables ?? ''}
            onChange={(variables) =>
              change({ ...entity, stoker: { ...entity.stoker, graphql: { ...graphql, variables } } })
            }
          />
        </>
      )}
    </Stack>
  );
}

const SUBJECTS = Object.entries(x.subjects).map(([value, label]) => ({ value, label }));
export const COMPARISONS = [
  'Equals',
  'DoesNotEqual',
  'Contains',
  'DoesNotContain',
  'Exists',
  'DoesNotExist',
  'IsBlank',
  'IsNotBlank',
  'Matches',
  'DoesNotMatch',
  'Less',
  'LessOrEqual',
  'Greater',
  'GreaterOrEqual',
  'LengthEqual',
  'LengthGreaterThanOrEqual',
  'LengthLessThanOrEqual',
];
export const WITHOUT_VALUE = ['Exists', 'DoesNotExist', 'IsBlank', 'IsNotBlank'];
const FIRST_PATH: Record<string, string> = {
  ResponseStatus: 'code',
  ResponseBody: 'content',
  ResponseJsonBody: '$',
  ResponseXmlBody: '/',
  Response: 'duration',
};

export function Checks({ entity, change }: Part) {
  const all = entity.assertions ?? [];
  const set = (assertions: Assertion[]) => change({ ...entity, assertions });
  return (
    <div>
      {all.map((one, at) => {
        const named = x.row(x.tabs.checks, at + 1);
        const edit = (part: Partial<Assertion>) => set(replaced(all, at, { ...one, ...part }));
        const known = COMPARISONS.includes(one.comparison) ? COMPARISONS : [...COMPARISONS, one.comparison];
        return (
          // biome-ignore lint/suspicious/noArrayIndexKey: the order of assertions is their identity.
          <div className="tester-check" key={at}>
            <Checkbox
              aria-label={`${x.on} ${named}`}
              checked={one.enabled !== false}
              onChange={(event) => edit({ enabled: event.currentTarget.checked })}
            />
            <Select
              aria-label={`${x.subject} ${named}`}
              data={SUBJECTS}
              value={one.subject}
              onChange={(subject) => subject && edit({ subject, path: FIRST_PATH[subject] ?? '' })}
            />
            <TextInput
              aria-label={`${x.path} ${named}`}
              value={one.path ?? ''}
              onChange={(event) => edit({ path: event.currentTarget.value })}
            />
            <Select
              aria-label={`${x.comparison} ${named}`}
              data={known}
              value={one.comparison}
              onChange={(comparison) => comparison && edit({ comparison })}
            />
            {WITHOUT_VALUE.includes(one.comparison) ? (
              <span />
            ) : (
              <Expression
                label={`${x.expected} ${named}`}
                bare
                value={one.value ?? ''}
                onChange={(value) => edit({ value })}
              />
            )}
            <Remove what={named} act={() => set(dropped(all, at))} />
          </div>
        );
      })}
      <Button
        variant="default"
        onClick={() => set([...all, { subject: 'ResponseStatus', path: 'code', comparison: 'Equals', value: '200' }])}
      >
        {x.addCheck}
      </Button>
    </div>
  );
}

export function Extracts({ entity, change }: Part) {
  const all = entity.stoker?.extract ?? [];
  const set = (extract: Extraction[]) => change({ ...entity, stoker: { ...entity.stoker, extract } });
  return (
    <Stack gap="xs">
      <Text className="muted">{x.extractHint}</Text>
      {all.map((one, at) => {
        const named = x.row(x.tabs.extract, at + 1);
        const edit = (part: Partial<Extraction>) => set(replaced(all, at, { ...one, ...part }));
        return (
          // biome-ignore lint/suspicious/noArrayIndexKey: the place is what a row is known by.
          <div className="tester-check" key={at}>
            <span />
            <TextInput
              aria-label={`${x.variableName} ${named}`}
              placeholder={x.variableName}
              value={one.name}
              onChange={(event) => edit({ name: event.currentTarget.value })}
            />
            <Select
              aria-label={`${x.subject} ${named}`}
              data={SUBJECTS}
              value={one.subject}
              onChange={(subject) => subject && edit({ subject, path: FIRST_PATH[subject] ?? '' })}
            />
            <TextInput
              aria-label={`${x.path} ${named}`}
              value={one.path}
              onChange={(event) => edit({ path: event.currentTarget.value })}
            />
            <span />
            <Remove what={named} act={() => set(dropped(all, at))} />
          </div>
        );
      })}
      <Button
        variant="default"
        style={{ alignSelf: 'flex-start' }}
        onClick={() => set([...all, { name: '', subject: 'ResponseJsonBody', path: '$' }])}
      >
        {x.addExtract}
      </Button>
    </Stack>
  );
}

const whole = (value: string | number) => (typeof value === 'number' ? value : undefined);

export function SettingsPart({ entity, change }: Part) {
  const added = entity.stoker ?? {};
  const retry = entity.retryConfiguration ?? { retryCount: 0, intervalInSeconds: 1 };
  const set = (part: Partial<Additions>) => change(withAdded(entity, part));
  return (
    <Stack gap="sm" maw="28rem">
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
  );
}
