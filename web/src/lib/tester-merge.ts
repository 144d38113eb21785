/** Two documents that were made of the same one, put together: what only one of both changed is taken as that one has it. */

import { add, type Document, type Entity, type Environment, find, moved, type Node, put, without } from './tester-doc';

/** What came of it. */
export interface Merged {
  document: Document;
  /** What both changed, by name: there it is as I have it. */
  clashes: string[];
}

const same = (one: unknown, other: unknown) => JSON.stringify(one) === JSON.stringify(other);

interface Place {
  entity: Entity;
  parent: string | undefined;
  /** Ids of what is in it. */
  inside: string[];
}

function placesOf(nodes: Node[], parent?: string, found = new Map<string, Place>()): Map<string, Place> {
  for (const { entity, children = [] } of nodes) {
    found.set(entity.id, { entity, parent, inside: children.map((child) => child.entity.id) });
    placesOf(children, entity.id, found);
  }
  return found;
}

/** Objects that were made of the same one, member by member; `both` hears of members that differ on both sides. */
function members<T extends object>(base: T, mine: T, theirs: T, both: (key: string) => void): T {
  const made = { ...theirs } as unknown as Record<string, unknown>;
  const [old, my, their] = [base, mine, theirs] as unknown as Record<string, unknown>[];
  for (const key of new Set([...Object.keys(base), ...Object.keys(mine)])) {
    if (same(my?.[key], old?.[key]) || same(my?.[key], their?.[key])) continue;
    if (!same(their?.[key], old?.[key])) both(key);
    if (my?.[key] === undefined) delete made[key];
    else made[key] = my[key];
  }
  return made as T;
}

function environmentsOf(
  base: Document,
  mine: Document,
  theirs: Document,
  clash: (name: string) => void,
): Environment[] {
  const old = new Map((base.environments ?? []).map((one) => [one.id, one]));
  const my = new Map((mine.environments ?? []).map((one) => [one.id, one]));
  const result: Environment[] = [];
  for (const their of theirs.environments ?? []) {
    const [was, is] = [old.get(their.id), my.get(their.id)];
    if (was && !is && same(was, their)) continue;
    if (!was || !is) {
      result.push(their);
      continue;
    }
    const variables = members(was.variables, is.variables, their.variables, (id) =>
      clash(is.variables[id]?.name ?? was.variables[id]?.name ?? is.name),
    );
    result.push({ ...members(was, is, their, () => undefined), variables });
  }
  const known = new Set(result.map((one) => one.id));
  for (const [id, one] of my) {
    // One that they removed comes back when I changed it.
    if (!known.has(id) && (!old.has(id) || !same(old.get(id), one))) result.push(one);
  }
  return result;
}

/** Both together. */
export function merged(base: Document, mine: Document, theirs: Document): Merged {
  const [old, my, their] = [placesOf(base.entities), placesOf(mine.entities), placesOf(theirs.entities)];
  const clashes = new Set<string>();
  let document = theirs;
  for (const [id, { entity, parent }] of my) {
    const [was, is] = [old.get(id), their.get(id)];
    if (is && was) {
      const made = members(was.entity, entity, is.entity, () => clashes.add(entity.name));
      if (!same(made, is.entity)) document = put(document, made);
      if (parent !== was.parent && is.parent === was.parent) document = moved(document, id, parent);
    } else if (!is && !(was && same(was.entity, entity))) {
      // New, or removed by them while I changed it: a change counts more.
      if (was) clashes.add(entity.name);
      const home = parent && find(document.entities, parent) ? parent : undefined;
      document = add(document, { entity }, home);
    }
  }
  for (const [id, { entity }] of [...old].reverse()) {
    const left = find(document.entities, id);
    if (my.has(id) || !left) continue;
    if (same(left.node.entity, entity) && !left.node.children?.length) document = without(document, id);
    else clashes.add(entity.name);
  }
  for (const [id, { entity, inside }] of my) {
    const [was, is] = [old.get(id), their.get(id)];
    const kept = is?.inside.filter((one) => was?.inside.includes(one));
    const untouched =
      was &&
      same(
        kept,
        was.inside.filter((one) => is?.inside.includes(one)),
      );
    if (entity.type === 'Scenario' && untouched && !same(inside, was.inside)) document = ordered(document, id, inside);
  }
  const environments = environmentsOf(base, mine, theirs, (name) => clashes.add(name));
  return { document: environments.length > 0 ? { ...document, environments } : document, clashes: [...clashes] };
}

/** With the requests of a scenario in this order; what it does not name comes last. */
function ordered(document: Document, id: string, order: string[]): Document {
  const place = (node: Node) => {
    const at = order.indexOf(node.entity.id);
    return at < 0 ? order.length : at;
  };
  const sort = (nodes: Node[]): Node[] =>
    nodes.map((node) => {
      const children = node.children && sort(node.children);
      if (!children) return node;
      const own = node.entity.id === id ? children.sort((one, other) => place(one) - place(other)) : children;
      return { ...node, children: own };
    });
  return { ...document, entities: sort(document.entities) };
}
