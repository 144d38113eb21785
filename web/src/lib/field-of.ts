/** Finds the field that a refusal of the server names: its messages begin with it. */

const upper = (text: string) => text.charAt(0).toUpperCase() + text.slice(1);

/** A field that a refusal names. */
export interface Named {
  /** Where it is in what was sent, as `parameters[0].name`. */
  path: string;
  /** Its own name, as `name`. */
  field: string;
  /** What is said of it. */
  text: string;
}

const NAMED = /^(?:\[\d+\]\.)?([A-Za-z][\w-]*(?:\[\w+\])*(?:\.[\w-]+(?:\[\w+\])*)*): ([\s\S]+)$/;

/** The field and what is said of it: `name: must not be empty`, `ips[1].ip: …`, `[0].name: …`. */
export function fieldOf(message: string): Named | undefined {
  const [, path, text] = NAMED.exec(message) ?? [];
  if (path && text) return { path, field: (path.split('.').at(-1) ?? path).replace(/\[.*$/, ''), text: upper(text) };
  // Names are refused as `name must not be empty`.
  const plain = /^([a-z]\w*) (must [\s\S]+)$/.exec(message);
  return plain?.[1] && plain[2] ? { path: plain[1], field: plain[1], text: upper(plain[2]) } : undefined;
}

/** Whether a field of a form is the one that is named: it, a part of it, or the same name deeper in what was sent. */
export function isField(named: Named, field: string): boolean {
  const { path } = named;
  return path === field || path.startsWith(`${field}[`) || path.startsWith(`${field}.`) || named.field === field;
}

/** What a refusal says of a line of a list. */
export interface LineFault {
  line: number;
  /** The field of the line, where it is named. */
  field?: string;
  text: string;
}

/** The line of a list that a refusal means: by its number, or because it names an address among `ips`. */
export function lineOf(message: string, ips: string[] = []): LineFault | undefined {
  const [, line, field, text] = /^(?:ips)?\[(\d+)\](?:\.(\w+))?:? ([\s\S]+)$/.exec(message) ?? [];
  if (line && text) return { line: Number(line), field, text: upper(text) };
  const named = /^ip: (\S+) /.exec(message);
  const at = named ? ips.map((one) => one.trim()).lastIndexOf(named[1] ?? '') : -1;
  return at >= 0 ? { line: at, text: upper(message.replace(/^ip: /, '')) } : undefined;
}
