/** Finds the field that a refusal of the server names: its messages begin with it. */

const upper = (text: string) => text.charAt(0).toUpperCase() + text.slice(1);

/** The field and what is said of it: `name: must not be empty`, `ips[1].ip: …`, `[0].name: …`. */
export function fieldOf(message: string): { field: string; text: string } | undefined {
  const match = /^(?:\[\d+\]\.)?([A-Za-z]\w*)(?:\[\d+\])?(?:\.(\w+))?: ([\s\S]+)$/.exec(message);
  if (match?.[1] && match[3]) return { field: match[2] ?? match[1], text: upper(match[3]) };
  // Names are refused as `name must not be empty`.
  const plain = /^([a-z]\w*) (must [\s\S]+)$/.exec(message);
  return plain?.[1] && plain[2] ? { field: plain[1], text: upper(plain[2]) } : undefined;
}

/** The line of a list of addresses that a refusal means, by its number or because it names an address. */
export function lineOf(message: string, lines: { ip: string }[]): { line: number; text: string } | undefined {
  const numbered = /^(?:ips)?\[(\d+)\](?:\.\w+)?: ([\s\S]+)$/.exec(message);
  if (numbered?.[2]) return { line: Number(numbered[1]), text: upper(numbered[2]) };
  const named = /^ip: (\S+) /.exec(message);
  const line = named ? lines.map((one) => one.ip.trim()).lastIndexOf(named[1] ?? '') : -1;
  return line >= 0 ? { line, text: upper(message.replace(/^ip: /, '')) } : undefined;
}
