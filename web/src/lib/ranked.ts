/** Which entries fit what was typed, the best first. */

/** Something that can be found by its kind and name. */
export interface Entry {
  key: string;
  kind: string;
  name: string;
}

/** How well one fits; undefined when it does not. Every word has to be in it. */
function score(entry: Entry, words: string[]): number | undefined {
  const name = entry.name.toLowerCase();
  const kind = entry.kind.toLowerCase();
  let sum = 0;
  for (const word of words) {
    if (name.startsWith(word)) sum += 3;
    else if (name.includes(` ${word}`)) sum += 2;
    else if (name.includes(word)) sum += 1;
    else if (kind.startsWith(word)) sum += 1;
    else return undefined;
  }
  return sum;
}

/** The entries that fit; in their own order where they fit equally well. */
export function ranked<T extends Entry>(entries: T[], text: string): T[] {
  const words = text.toLowerCase().split(/\s+/).filter(Boolean);
  if (words.length === 0) return entries;
  return entries
    .map((entry, index) => ({ entry, index, score: score(entry, words) }))
    .filter((one) => one.score !== undefined)
    .sort((one, two) => (two.score ?? 0) - (one.score ?? 0) || one.index - two.index)
    .map((one) => one.entry);
}
