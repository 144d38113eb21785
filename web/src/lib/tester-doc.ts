/** The document of a project of API tests, and changes of it. Nothing is changed in place: undo keeps the old ones. */

export interface Row {
  name: string;
  value?: string;
  enabled?: boolean;
  [key: string]: unknown;
}

export interface Assertion {
  subject: string;
  path?: string;
  comparison: string;
  value?: string;
  enabled?: boolean;
}

export interface Extraction {
  name: string;
  subject: string;
  path: string;
}

/** A comparison of two texts. */
export interface Condition {
  value: string;
  is: string;
  to?: string;
}

/** One turn of a talk over a WebSocket: what is said, and what is waited for. */
export interface Turn {
  send?: string[];
  at_most?: number;
  within_ms?: number;
  until?: { path?: string; is: string; to?: string };
}

export interface WebSocketTalk {
  protocols?: string[];
  turns?: Turn[];
}

export interface Additions {
  /** Of requests and scenarios: left out unless it holds. */
  when?: Condition;
  each?: { in: string; name: string };
  until?: { holds: Condition; at_most: number; pause_ms?: number };
  before?: { name: string; value: string }[];
  events?: { at_most: number; within_ms: number };
  web_socket?: WebSocketTalk;
  /** File that is the body. */
  file?: string;
  /** Of scenarios: run once for each row. */
  data?: { format?: 'csv' | 'json'; text?: string; file?: string };
  extract?: Extraction[];
  graphql?: { query: string; variables?: string };
  follow_redirects?: boolean;
  timeout_ms?: number;
  raw_body?: boolean;
  carry_on?: boolean;
  [key: string]: unknown;
}

/** With these additions changed; what is undefined goes, and nothing is left of an empty list of additions. */
export function withAdded(entity: Entity, part: Partial<Additions>): Entity {
  const kept = Object.entries({ ...entity.stoker, ...part }).filter(([, value]) => value !== undefined);
  return { ...entity, stoker: kept.length > 0 ? Object.fromEntries(kept) : undefined };
}

export type Kind = 'Project' | 'Service' | 'Scenario' | 'Request';

export interface Entity {
  id: string;
  type: Kind;
  name: string;
  description?: string;
  method?: { name: string; requestBody?: boolean; custom?: boolean };
  uri?: {
    scheme?: { name?: string; secure?: boolean; version?: string };
    host?: string;
    path?: string;
    query?: { delimiter?: string; items: Row[] };
  };
  headers?: Row[];
  body?: {
    bodyType?: string;
    textBody?: string;
    formBody?: { encoding?: string; overrideContentType?: boolean; items?: Row[] };
    [key: string]: unknown;
  };
  assertions?: Assertion[];
  retryConfiguration?: { retryCount: number; intervalInSeconds: number };
  stoker?: Additions;
  [key: string]: unknown;
}

export interface Node {
  entity: Entity;
  children?: Node[];
}

export interface Variable {
  name: string;
  value?: string;
  enabled?: boolean;
  private?: boolean;
  createdAt?: string;
  [key: string]: unknown;
}

export interface Environment {
  id: string;
  name: string;
  variables: Record<string, Variable>;
}

export interface Document {
  version: number;
  entities: Node[];
  environments?: Environment[];
  [key: string]: unknown;
}

const HOLDS: Record<Kind, readonly Kind[]> = {
  Project: ['Service', 'Scenario', 'Request'],
  Service: ['Scenario', 'Request'],
  Scenario: ['Request'],
  Request: [],
};

/** What may be made inside an entity; at the top, when none is given. */
export const childKinds = (kind?: Kind): readonly Kind[] =>
  kind ? HOLDS[kind] : ['Project', 'Service', 'Scenario', 'Request'];

const RANK: Record<Kind, number> = { Project: 0, Service: 1, Scenario: 2, Request: 3 };

/** Children as they are shown and run: those of a scenario as they stand, others by kind, then by name. */
export function inOrder(nodes: Node[], parent?: Kind): Node[] {
  if (parent === 'Scenario') return nodes;
  const byName = (one: string, other: string) => (one < other ? -1 : one > other ? 1 : 0);
  return [...nodes].sort(
    ({ entity: one }, { entity: other }) => RANK[one.type] - RANK[other.type] || byName(one.name, other.name),
  );
}

/** The entity with this id and the entities above it. */
export function find(nodes: Node[], id: string, above: Node[] = []): { node: Node; above: Node[] } | undefined {
  for (const node of nodes) {
    if (node.entity.id === id) return { node, above };
    const inside = find(node.children ?? [], id, [...above, node]);
    if (inside) return inside;
  }
  return undefined;
}

const mapped = (nodes: Node[], change: (node: Node) => Node | undefined): Node[] =>
  nodes.flatMap((node) => {
    const made = change(node);
    if (!made) return [];
    return [made.children ? { ...made, children: mapped(made.children, change) } : made];
  });

/** With another entity in the place of the one with its id. */
export const put = (document: Document, entity: Entity): Document => ({
  ...document,
  entities: mapped(document.entities, (node) => (node.entity.id === entity.id ? { ...node, entity } : node)),
});

/** Without the entity and everything in it. */
export const without = (document: Document, id: string): Document => ({
  ...document,
  entities: mapped(document.entities, (node) => (node.entity.id === id ? undefined : node)),
});

/** With a node in an entity, or at the top: before the one with this id, else at the end. */
export function add(document: Document, node: Node, parent?: string, before?: string): Document {
  const within = (nodes: Node[]): Node[] => {
    const at = nodes.findIndex((one) => one.entity.id === before);
    return at < 0 ? [...nodes, node] : [...nodes.slice(0, at), node, ...nodes.slice(at)];
  };
  if (!parent) return { ...document, entities: within(document.entities) };
  return {
    ...document,
    entities: mapped(document.entities, (one) =>
      one.entity.id === parent ? { ...one, children: within(one.children ?? []) } : one,
    ),
  };
}

/** Whether an entity may stand there: in an entity that holds its kind and is not inside it, or at the top. */
export function mayStand(document: Document, id: string, parent: string | undefined): boolean {
  const moved = find(document.entities, id);
  if (!moved) return false;
  if (!parent) return true;
  const place = find(document.entities, parent);
  return (
    place !== undefined &&
    HOLDS[place.node.entity.type].includes(moved.node.entity.type) &&
    ![...place.above, place.node].some((one) => one.entity.id === id)
  );
}

/** With an entity elsewhere, when it may stand there. */
export function moved(document: Document, id: string, parent?: string, before?: string): Document {
  const node = find(document.entities, id)?.node;
  if (!node || before === id || !mayStand(document, id, parent)) return document;
  return add(without(document, id), node, parent, before);
}

/** The same with new ids, so that it can stand beside the original. */
export const copied = (node: Node, name: string): Node => ({
  entity: { ...node.entity, id: crypto.randomUUID(), name },
  ...(node.children ? { children: node.children.map((child) => copied(child, child.entity.name)) } : {}),
});

/** With a request of a scenario one place further up or down. */
export function shifted(document: Document, id: string, by: -1 | 1): Document {
  const shift = (nodes: Node[]): Node[] => {
    const from = nodes.findIndex((node) => node.entity.id === id);
    if (from < 0) {
      return nodes.map((node) => (node.children ? { ...node, children: shift(node.children) } : node));
    }
    const to = from + by;
    if (to < 0 || to >= nodes.length) return nodes;
    const order = [...nodes];
    const [moved] = order.splice(from, 1);
    if (moved) order.splice(to, 0, moved);
    return order;
  };
  return { ...document, entities: shift(document.entities) };
}

/** Where an entity may be moved to: every entity that may hold it and is not inside it; the top is an empty id. */
export function places(document: Document, node: Node): { id: string; path: string }[] {
  const found: { id: string; path: string }[] = [{ id: '', path: '' }];
  const walk = (nodes: Node[], path: string[]) => {
    for (const one of nodes) {
      if (one.entity.id === node.entity.id) continue;
      const here = [...path, one.entity.name];
      if (HOLDS[one.entity.type].includes(node.entity.type)) found.push({ id: one.entity.id, path: here.join(' / ') });
      walk(one.children ?? [], here);
    }
  };
  walk(document.entities, []);
  return found;
}

/** Names that get their values in a run: made before a request, taken from an answer, or an element of a list. */
export function boundNames(nodes: Node[], found = new Set<string>()): Set<string> {
  for (const { entity, children } of nodes) {
    const { before = [], extract = [], each } = entity.stoker ?? {};
    for (const { name } of [...before, ...extract, ...(each ? [each] : [])]) if (name) found.add(name);
    boundNames(children ?? [], found);
  }
  return found;
}

/** A new entity. */
export function fresh(type: Kind, name: string): Node {
  const entity: Entity = { id: crypto.randomUUID(), type, name };
  if (type === 'Request') {
    entity.method = { name: 'GET' };
    entity.uri = { scheme: { name: 'http' }, host: '', path: '' };
    entity.headers = [];
    entity.body = { bodyType: 'Text' };
  }
  return { entity };
}

/** Methods that take a body unless a request says otherwise. */
export const METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'TRACE'] as const;
export const takesBody = (entity: Entity) => entity.method?.requestBody === true;
export const withMethod = (entity: Entity, name: string): Entity => ({
  ...entity,
  method: ['POST', 'PUT', 'PATCH'].includes(name) ? { name, requestBody: true } : { name },
});
