/** The editor of a request. */

import { Button, Select, Stack, TextInput } from '@mantine/core';
import { Link } from '@tanstack/react-router';
import { type Entity, METHODS, urlOf, withMethod, withUrl } from '../../lib/tester-doc';
import { x } from '../../texts/tester';
import { TabStrip } from '../../ui/tabs';
import { CodePart } from './code';
import { Expression } from './expression';
import { FlowPart } from './flow';
import { BodyPart, Checks, Extracts, Rows, SettingsPart } from './request-parts';

type Part = keyof typeof x.tabs;
const PARTS = Object.keys(x.tabs) as Part[];

export function RequestEditor(props: {
  entity: Entity;
  part: string | undefined;
  change: (entity: Entity) => void;
  send: () => void;
  busy: boolean;
}) {
  const { entity, change } = props;
  const part = PARTS.find((one) => one === props.part) ?? 'query';
  const method = entity.method?.name ?? 'GET';
  const methods = METHODS.some((one) => one === method) ? METHODS : [...METHODS, method];
  return (
    <Stack gap="sm">
      <form
        className="tester-line"
        onSubmit={(event) => {
          event.preventDefault();
          props.send();
        }}
      >
        <Select
          aria-label={x.method}
          data={[...methods]}
          value={method}
          onChange={(name) => name && change(withMethod(entity, name))}
        />
        <Expression
          label={x.url}
          bare
          value={urlOf(entity)}
          onChange={(line) => change(withUrl(entity, line))}
          placeholder={x.urlHint}
        />
        <Button type="submit" loading={props.busy}>
          {x.send}
        </Button>
      </form>
      <TabStrip label={x.parts}>
        {PARTS.map((one) => (
          <Link
            key={one}
            from="/tester/projects/$id"
            to="."
            search={(before) => ({ ...before, part: one })}
            aria-current={one === part ? 'page' : 'false'}
            activeProps={{ 'aria-current': one === part ? 'page' : 'false' }}
          >
            {x.tabs[one]}
          </Link>
        ))}
      </TabStrip>
      {part === 'query' && (
        <Rows
          what={x.tabs.query}
          rows={entity.uri?.query?.items ?? []}
          change={(items) =>
            change({ ...entity, uri: { ...entity.uri, query: { delimiter: '&', ...entity.uri?.query, items } } })
          }
        />
      )}
      {part === 'headers' && (
        <Rows what={x.tabs.headers} rows={entity.headers ?? []} change={(headers) => change({ ...entity, headers })} />
      )}
      {part === 'body' && <BodyPart entity={entity} change={change} />}
      {part === 'checks' && <Checks entity={entity} change={change} />}
      {part === 'extract' && <Extracts entity={entity} change={change} />}
      {part === 'flow' && <FlowPart entity={entity} change={change} />}
      {part === 'settings' && (
        <>
          <TextInput
            label={x.name}
            value={entity.name}
            maxLength={255}
            onChange={(event) => change({ ...entity, name: event.currentTarget.value })}
          />
          <SettingsPart entity={entity} change={change} />
        </>
      )}
      {part === 'code' && <CodePart entity={entity} />}
    </Stack>
  );
}
