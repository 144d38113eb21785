/** The editor of a request. */

import { Autocomplete, Button, Stack } from '@mantine/core';
import { Link } from '@tanstack/react-router';
import { useState } from 'react';
import { authOf } from '../../lib/tester-auth';
import { type Entity, METHODS, withMethod } from '../../lib/tester-doc';
import { urlOf, withUrl } from '../../lib/tester-url';
import { x } from '../../texts/tester';
import { TabStrip } from '../../ui/tabs';
import { AuthPart } from './auth';
import { BodyPart } from './body-part';
import { Checks, Extracts } from './checks';
import { CodePart } from './code';
import { Expression } from './expression';
import { FlowPart } from './flow';
import { HeaderRows, Rows } from './rows';
import { SettingsPart } from './settings';

type Part = keyof typeof x.tabs;
const PARTS = Object.keys(x.tabs) as Part[];

const on = (rows: { enabled?: boolean }[] | undefined) => (rows ?? []).filter((row) => row.enabled === true).length;

/** How much there is in a part: a number, or a dot. */
function filled(entity: Entity): Partial<Record<Part, number | '•'>> {
  const { before, when, each, until, events, web_socket, extract } = entity.stoker ?? {};
  const checks = (entity.assertions ?? []).filter((one) => one.enabled !== false).length;
  return {
    query: on(entity.uri?.query?.items),
    headers: on(entity.headers),
    auth: authOf(entity).kind === 'none' ? 0 : '•',
    body: entity.method?.requestBody ? '•' : 0,
    checks,
    extract: extract?.length ?? 0,
    flow: before?.length || when || each || until || events || web_socket ? '•' : 0,
  };
}

/** The address as it is typed: what it means is put in order only when one has done with it. */
function Address({ entity, change }: { entity: Entity; change: (entity: Entity) => void }) {
  const [typed, setTyped] = useState<{ line: string; uri: Entity['uri'] }>();
  return (
    <Expression
      label={x.url}
      bare
      value={typed && typed.uri === entity.uri ? typed.line : urlOf(entity)}
      onChange={(line) => {
        const made = withUrl(entity, line);
        setTyped({ line, uri: made.uri });
        change(made);
      }}
      onBlur={() => setTyped(undefined)}
      placeholder={x.urlHint}
    />
  );
}

export function RequestEditor(props: {
  entity: Entity;
  part: string | undefined;
  change: (entity: Entity) => void;
  send: () => void;
  busy: boolean;
  /** Whether it can only be looked at. */
  frozen: boolean;
}) {
  const { entity, change } = props;
  const part = PARTS.find((one) => one === props.part) ?? 'query';
  const much = filled(entity);
  return (
    <Stack gap="sm">
      <form
        className="tester-line"
        onSubmit={(event) => {
          event.preventDefault();
          props.send();
        }}
      >
        <fieldset className="tester-frozen" disabled={props.frozen}>
          <Autocomplete
            aria-label={x.method}
            data={[...METHODS]}
            filter={({ options }) => options}
            value={entity.method?.name ?? 'GET'}
            onChange={(name) => change(withMethod(entity, name.toUpperCase().replace(/[^A-Z0-9_-]/g, '')))}
            onFocus={(event) => event.currentTarget.select()}
            className="tester-verb"
            spellCheck={false}
            size="sm"
          />
          <Address entity={entity} change={change} />
        </fieldset>
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
            {much[one] ? (
              <span className="tester-much" aria-hidden>
                {much[one]}
              </span>
            ) : null}
          </Link>
        ))}
      </TabStrip>
      <fieldset className="tester-frozen" disabled={props.frozen && part !== 'code'}>
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
          <HeaderRows rows={entity.headers ?? []} change={(headers) => change({ ...entity, headers })} />
        )}
        {part === 'auth' && <AuthPart entity={entity} change={change} />}
        {part === 'body' && <BodyPart entity={entity} change={change} />}
        {part === 'checks' && <Checks entity={entity} change={change} />}
        {part === 'extract' && <Extracts entity={entity} change={change} />}
        {part === 'flow' && <FlowPart entity={entity} change={change} />}
        {part === 'settings' && <SettingsPart entity={entity} change={change} />}
        {part === 'code' && <CodePart entity={entity} />}
      </fieldset>
    </Stack>
  );
}
