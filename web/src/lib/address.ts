/** What the address of a page may hold. */

const text = (value: unknown): string | undefined => (typeof value === 'string' && value !== '' ? value : undefined);

/** What an address may hold beside its path: texts, each of which may be missing. */
export const holds =
  <K extends string>(...names: K[]) =>
  (search: Record<string, unknown>): { [Name in K]?: string } =>
    Object.fromEntries(names.map((name) => [name, text(search[name])])) as { [Name in K]?: string };
