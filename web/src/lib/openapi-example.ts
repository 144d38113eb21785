/** A body that fits a schema of an OpenAPI document, to be filled in. */

export interface Schema {
  $ref?: string;
  type?: string | string[];
  format?: string;
  enum?: unknown[];
  example?: unknown;
  default?: unknown;
  properties?: Record<string, Schema>;
  required?: string[];
  items?: Schema;
  allOf?: Schema[];
  oneOf?: Schema[];
  anyOf?: Schema[];
  minimum?: number;
}

/** How deep objects may be in each other; more would only be in the way. */
const DEEP = 4;

const TEXTS: Record<string, string> = {
  'date-time': '2030-01-01T00:00:00Z',
  date: '2030-01-01',
  uuid: '00000000-0000-4000-8000-000000000000',
  email: 'somebody@example.com',
};

function plain(schema: Schema): unknown {
  const type = Array.isArray(schema.type) ? schema.type.find((one) => one !== 'null') : schema.type;
  if (type === 'integer' || type === 'number') return schema.minimum ?? 0;
  if (type === 'boolean') return false;
  return TEXTS[schema.format ?? ''] ?? '';
}

/** An example: of an object those members that it must have, and all of them when it must have none. */
export function exampleOf(schema: Schema | undefined, known: Record<string, Schema>, deep = 0): unknown {
  if (!schema) return {};
  if (schema.$ref) return exampleOf(known[schema.$ref.split('/').at(-1) ?? ''], known, deep);
  for (const given of [schema.example, schema.default, schema.enum?.[0]]) if (given !== undefined) return given;
  const parts = schema.allOf ?? [];
  if (parts.length > 0) {
    return Object.assign({}, ...parts.map((part) => exampleOf(part, known, deep)));
  }
  const choice = (schema.oneOf ?? schema.anyOf)?.[0];
  if (choice) return exampleOf(choice, known, deep);
  if (schema.items || schema.type === 'array') return deep < DEEP ? [exampleOf(schema.items, known, deep + 1)] : [];
  if (!schema.properties && schema.type !== 'object') return plain(schema);
  if (deep >= DEEP) return {};
  const all = Object.entries(schema.properties ?? {});
  const needed = all.filter(([name]) => schema.required?.includes(name));
  return Object.fromEntries(
    (needed.length > 0 ? needed : all).map(([name, one]) => [name, exampleOf(one, known, deep + 1)]),
  );
}
