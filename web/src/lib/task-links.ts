/** Which connections and resources a job asks for, by the names of its parameters. */

/** Something a job asks for. */
export interface Wanted {
  /** Its key in the task. */
  key: string;
  /** The parameters that it fills. */
  fills: string[];
}

/** A resource that a job asks for. */
export interface WantedResource extends Wanted {
  /** Whether it is a file; else a folder. */
  file: boolean;
}

const CONNECTION = 'connection_';
const FILE = 'resource_file_';
const FOLDER = 'resource_directory_';

/** Whether a parameter is filled by a connection or a resource. */
export function isLink(name: string): boolean {
  return [CONNECTION, FILE, FOLDER].some((prefix) => name.startsWith(prefix) && name.length > prefix.length);
}

/**
 * The connections: parameters named `connection_oracle_host` and `connection_oracle_user_name` belong to one with the key
 * `oracle`. Keys that the task has already are kept, whatever the job declares.
 */
export function wantedConnections(declared: string[], stored: Record<string, string>): Wanted[] {
  const names = declared.filter((name) => name.startsWith(CONNECTION) && name.length > CONNECTION.length);
  const short = (name: string) => name.slice(CONNECTION.length);
  const stems = names.map((name) => short(name).replace(/_[^_]*$/, ''));
  const known = Object.keys(stored).map((key) => (key.startsWith(CONNECTION) ? short(key) : key));
  const keys = [...new Set([...known, ...stems])].sort((one, other) => one.length - other.length);
  const own = keys.filter(
    (key, at) => known.includes(key) || !keys.slice(0, at).some((shorter) => key.startsWith(`${shorter}_`)),
  );
  const of = (name: string) =>
    own
      .filter((key) => short(name) === key || short(name).startsWith(`${key}_`))
      .sort((a, b) => b.length - a.length)[0];
  return own
    .map((key) => ({
      key: Object.keys(stored).find((one) => one === key || one === CONNECTION + key) ?? key,
      fills: names.filter((name) => of(name) === key),
    }))
    .sort((one, other) => one.key.localeCompare(other.key));
}

/** The resources: one for each parameter that wants a path. The key of the task may leave the prefix out. */
export function wantedResources(declared: string[], stored: Record<string, string>): WantedResource[] {
  const found = declared.flatMap((name): WantedResource[] => {
    const prefix = [FILE, FOLDER].find((one) => name.startsWith(one) && name.length > one.length);
    if (!prefix) return [];
    const key = [name, name.slice(prefix.length)].find((one) => one in stored) ?? name;
    return [{ key, fills: [name], file: prefix === FILE }];
  });
  const rest = Object.keys(stored).filter((key) => !found.some((one) => one.key === key));
  return [...found, ...rest.map((key) => ({ key, fills: [], file: !key.startsWith(FOLDER) }))];
}
