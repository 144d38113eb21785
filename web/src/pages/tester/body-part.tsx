/** The body of a request. */

import { Button, Group, Select, Stack, Text } from '@mantine/core';
import { useState } from 'react';
import { laidOutJson } from '../../lib/pretty';
import { type Entity, withAdded } from '../../lib/tester-doc';
import { x } from '../../texts/tester';
import { Expression, ExpressionText } from './expression';
import { Rows } from './rows';

interface Part {
  entity: Entity;
  change: (entity: Entity) => void;
}

type BodyKind = keyof typeof x.bodies;
const MULTIPART = 'multipart/form-data';
const URL_ENCODED = 'application/x-www-form-urlencoded';
const KINDS = (Object.keys(x.bodies) as BodyKind[]).map((value) => ({ value, label: x.bodies[value] }));

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

const isType = (row: { name: string }) => row.name.trim().toLowerCase() === 'content-type';

/** The content type that a header says. */
function mediaOf(entity: Entity): string | null {
  const said = entity.headers?.find((row) => isType(row) && row.enabled === true)?.value ?? '';
  const media = said.split(';')[0]?.trim().toLowerCase() ?? '';
  return media in x.bodyMedias ? media : null;
}

function withMedia(entity: Entity, media: string): Entity {
  const row = { name: 'Content-Type', value: media, enabled: true };
  const rows = entity.headers ?? [];
  const at = rows.findIndex(isType);
  const headers = at < 0 ? [...rows, row] : rows.map((one, index) => (index === at ? { ...one, ...row } : one));
  return { ...entity, headers };
}

const MEDIAS = Object.entries(x.bodyMedias).map(([value, label]) => ({ value, label }));

function Plain({ entity, change }: Part) {
  const [not, setNot] = useState('');
  const text = entity.body?.textBody ?? '';
  const set = (textBody: string) => change({ ...entity, body: { ...entity.body, bodyType: 'Text', textBody } });
  const format = () => {
    const made = laidOutJson(text);
    if (made !== undefined) set(made);
    setNot(made === undefined ? text : '');
  };
  return (
    <>
      <ExpressionText label={x.bodyText} value={text} onChange={set} />
      {text.trim() !== '' && (
        <Group gap="sm">
          <Button variant="default" onClick={format}>
            {x.format}
          </Button>
          {not === text && (
            <span className="muted" role="status">
              {x.formatNot}
            </span>
          )}
        </Group>
      )}
    </>
  );
}

export function BodyPart({ entity, change }: Part) {
  const kind = kindOf(entity);
  const form = entity.body?.formBody;
  const graphql = entity.stoker?.graphql ?? { query: '' };
  return (
    <Stack gap="sm">
      <Group gap="sm" align="flex-end">
        <Select
          label={x.bodyKind}
          data={KINDS}
          value={kind}
          onChange={(value) => value && change(withKind(entity, value as BodyKind))}
          w="11rem"
        />
        {kind === 'text' && (
          <Select
            label={x.bodyMedia}
            data={MEDIAS}
            value={mediaOf(entity)}
            placeholder={x.bodyMediaNone}
            onChange={(media) => media && change(withMedia(entity, media))}
            w="13rem"
          />
        )}
      </Group>
      {kind === 'text' && <Plain entity={entity} change={change} />}
      {(kind === 'form' || kind === 'multipart') && (
        <Rows
          what={x.tabs.body}
          rows={form?.items ?? []}
          files={kind === 'multipart'}
          change={(items) =>
            change({
              ...entity,
              body: { ...entity.body, formBody: { ...form, items: items.map((one) => ({ type: 'Text', ...one })) } },
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
