/** Every operation of the server, each to be tried in the tester. */

import { Button, Select, TextInput } from '@mantine/core';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useNavigate, useSearch } from '@tanstack/react-router';
import { raw } from '../../api/client';
import { createProject, project, projects, saveProject } from '../../api/tester';
import { usePublicUrl } from '../../app/context';
import { exampleOf, type Schema } from '../../lib/openapi-example';
import { add, type Document, fresh, withMethod } from '../../lib/tester-doc';
import { withUrl } from '../../lib/tester-url';
import { x } from '../../texts/tester';
import { useAct } from '../../ui/fields';
import { type Column, List } from '../../ui/list';
import { Empty, Failure, Head, Waiting } from '../../ui/parts';
import { TesterTabs } from './tabs';

const DOCUMENTS = ['core', 'stoker', 'identity', 'service-accounts', 'observability', 'scim', 'dynamic-engines'];

interface Operation {
  key: string;
  method: string;
  path: string;
  summary: string;
  query: string[];
  /** A body to be filled in. */
  body?: string;
}

interface Described {
  paths: Record<
    string,
    Record<
      string,
      {
        summary?: string;
        parameters?: { in?: string; name?: string; required?: boolean }[];
        requestBody?: { content?: Record<string, { schema?: Schema }> };
      }
    >
  >;
  components?: { schemas?: Record<string, Schema> };
}

function bodyOf(schema: Schema | undefined, read: Described): string | undefined {
  return schema && JSON.stringify(exampleOf(schema, read.components?.schemas ?? {}), null, 2);
}

const operations = (document: string) => ({
  queryKey: ['tester', 'operations', document],
  staleTime: Infinity,
  queryFn: async () => {
    const read = await raw<Described>(`/openapi/${document}.json`);
    return Object.entries(read.paths).flatMap(([path, methods]) =>
      Object.entries(methods)
        .filter(([method]) => ['get', 'put', 'post', 'patch', 'delete'].includes(method))
        .map(
          ([method, one]): Operation => ({
            key: `${method} ${path}`,
            method: method.toUpperCase(),
            path,
            summary: one.summary ?? '',
            query: (one.parameters ?? []).filter((p) => p.in === 'query' && p.required).map((p) => p.name ?? ''),
            body: bodyOf(one.requestBody?.content?.['application/json']?.schema, read),
          }),
        ),
    );
  },
});

/** The request of an operation: parts of its path become variables to be filled in. */
function requestOf(one: Operation) {
  const node = fresh('Request', `${one.method} ${one.path}`);
  const path = one.path.replace(/\{(\w+)\}/g, (_, name) => `\${${name}}`);
  const made = withMethod(withUrl(node.entity, `\${base}${path}`), one.method);
  // What is filled in stands under Flow: a name that has no value is sent as it is.
  const names = [...one.path.matchAll(/\{(\w+)\}/g)].map(([, name = '']) => name);
  const type = made.method?.requestBody ? [{ name: 'Content-Type', value: 'application/json', enabled: true }] : [];
  return {
    entity: {
      ...made,
      description: one.summary || undefined,
      ...(names.length > 0 ? { stoker: { before: names.map((name) => ({ name, value: '' })) } } : {}),
      uri: {
        ...made.uri,
        query: { delimiter: '&', items: one.query.map((name) => ({ name, value: '', enabled: true })) },
      },
      // biome-ignore lint/suspicious/noTemplateCurlyInString: an expression of the tester.
      headers: [{ name: 'Authorization', value: 'Bearer ${token}', enabled: true }, ...type],
      body: { bodyType: 'Text', ...(made.method?.requestBody ? { textBody: one.body ?? '' } : {}) },
    },
  };
}

function beginning(document: Document, base: string): Document {
  const now = new Date().toISOString();
  const variables = {
    [crypto.randomUUID()]: { name: 'base', value: base, enabled: true, createdAt: now },
    [crypto.randomUUID()]: { name: 'token', enabled: true, private: true, value: x.token, createdAt: now },
  };
  return { ...document, environments: [{ id: crypto.randomUUID(), name: 'this server', variables }] };
}

export function TesterReference() {
  const search = useSearch({ from: '/tester/reference' });
  const navigate = useNavigate({ from: '/tester/reference' });
  const queries = useQueryClient();
  const base = usePublicUrl();
  const act = useAct();
  const document = DOCUMENTS.find((one) => one === search.document) ?? 'core';
  const all = useQuery(operations(document));
  const wanted = (search.find ?? '').toLowerCase();
  const fit = (all.data ?? []).filter((one) => `${one.key} ${one.summary}`.toLowerCase().includes(wanted));
  const tryIt = (one: Operation) =>
    act.act(async () => {
      const { items } = await queries.fetchQuery({ ...projects(), staleTime: 0 });
      // One that is shared is nobody's place to try things.
      const known = items.find((line) => line.name === x.referenceProject && !line.workspaceId);
      const id = known?.id ?? (await createProject(x.referenceProject)).id;
      const held = await queries.fetchQuery({ ...project(id), staleTime: 0 });
      const node = requestOf(one);
      const content = held.document.environments ? held.document : beginning(held.document, base);
      const parent = content.entities.find((top) => top.entity.type === 'Project')?.entity.id;
      await saveProject(id, held.version, held.name, add(content, node, parent));
      await queries.invalidateQueries({ queryKey: ['tester'] });
      await navigate({
        to: '/tester/projects/$id',
        params: { id },
        search: { at: node.entity.id, part: one.path.includes('{') ? 'flow' : one.body ? 'body' : undefined },
      });
    });
  const columns: Column<Operation>[] = [
    { key: 'method', title: x.method, width: '5rem', cell: (row) => <strong>{row.method}</strong> },
    {
      key: 'path',
      title: x.path,
      width: 'minmax(8rem, 2fr)',
      cell: (row) => (
        <span className="mono" title={row.path}>
          {row.path}
        </span>
      ),
    },
    { key: 'summary', title: x.description, width: 'minmax(8rem, 2fr)', wide: true, cell: (row) => row.summary },
    {
      key: 'try',
      title: x.tryIt,
      width: '6rem',
      cell: (row) => (
        <Button variant="default" size="compact-sm" onClick={() => tryIt(row)} aria-label={`${x.tryIt} ${row.key}`}>
          {x.tryIt}
        </Button>
      ),
    },
  ];
  return (
    <div className="page">
      <Head title={x.reference}>
        <Select
          aria-label={x.family}
          data={DOCUMENTS}
          value={document}
          onChange={(next) => navigate({ search: (before) => ({ ...before, document: next ?? undefined }) })}
        />
        <TextInput
          aria-label={x.search}
          placeholder={x.search}
          defaultValue={search.find ?? ''}
          onChange={(event) => {
            const find = event.currentTarget.value || undefined;
            navigate({ search: (before) => ({ ...before, find }), replace: true });
          }}
        />
      </Head>
      <TesterTabs />
      <p className="muted">{x.referenceHint}</p>
      {act.rest}
      {all.error && <Failure error={all.error} retry={() => all.refetch()} />}
      {all.isPending ? (
        <Waiting />
      ) : (
        <List
          label={x.operations}
          columns={columns}
          count={fit.length}
          row={(index) => fit[index]}
          rowKey={(row) => row.key}
          empty={<Empty title={x.noOperation} />}
        />
      )}
    </div>
  );
}
