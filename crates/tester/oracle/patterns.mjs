// What JavaScript itself finds with patterns made at random: one line of JSON for each, with the pattern, its flags, a text,
// and the whole match with its groups, or null.

const COUNT = 3000;
let state = 20260203;

/** The next number from 0 to below `bound`; the same at every run. */
function below(bound) {
  state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
  return Math.floor((state / 2 ** 32) * bound);
}

const one = (list) => list[below(list.length)];

class Maker {
  groups = 0;
  names = [];

  alternatives(depth) {
    return Array.from({ length: one([1, 1, 1, 2, 3]) }, () => this.sequence(depth)).join('|');
  }

  sequence(depth) {
    return Array.from({ length: one([0, 1, 1, 2, 2, 3, 4]) }, () => this.term(depth)).join('');
  }

  term(depth) {
    const kind = below(20);
    if (kind === 0) return one(['^', '$', '\\b', '\\B']);
    if (kind === 1 && depth > 0) return `(?${one(['=', '!', '<=', '<!'])}${this.alternatives(depth - 1)})`;
    return this.atom(depth) + (below(5) < 2 ? this.quantifier() : '');
  }

  quantifier() {
    const count = one(['*', '+', '?', '{2}', '{0}', '{1,}', '{0,2}', '{1,3}', '{2,4}']);
    return count + one(['', '', '?']);
  }

  atom(depth) {
    const kind = below(depth > 0 ? 16 : 10);
    if (kind < 5) return one(['a', 'b', 'c', 'A', '1', '_', 'é', 'É', '-', ' ']);
    if (kind < 6) return '.';
    if (kind < 7) return one(['\\d', '\\D', '\\w', '\\W', '\\s', '\\S', '\\n', '\\x61', '\\u0062', '\\.', '\\/']);
    if (kind < 9) return this.set();
    if (kind < 10) return this.reference();
    if (kind < 12) return `(?:${this.alternatives(depth - 1)})`;
    if (kind < 13) {
      const name = `n${this.names.length}`;
      this.names.push(name);
      this.groups += 1;
      return `(?<${name}>${this.alternatives(depth - 1)})`;
    }
    this.groups += 1;
    return `(${this.alternatives(depth - 1)})`;
  }

  reference() {
    if (this.names.length > 0 && below(2) === 0) return `\\k<${one(this.names)}>`;
    return this.groups > 0 ? `(?:\\${1 + below(this.groups)})` : 'b';
  }

  set() {
    const parts = Array.from({ length: 1 + below(3) }, () =>
      one(['a', 'b', 'A', '1', '_', 'é', 'a-c', 'A-B', '0-5', '\\d', '\\w', '\\s', '\\n', '.', '^', '\\]']),
    );
    return `[${one(['', '', '^'])}${parts.join('')}]`;
  }
}

const text = () => Array.from({ length: below(11) }, () => one([...'aaabbbccAB01_ -.\n/^]éÉ'])).join('');

const lines = new Set();
while (lines.size < COUNT) {
  const pattern = new Maker().alternatives(3);
  const flags = ['i', 'm', 's'].filter(() => below(4) === 0).join('');
  const source = pattern.replaceAll(/\\\/|\//g, '\\/');
  let regex;
  try {
    regex = new RegExp(source, `${flags}u`);
  } catch {
    continue;
  }
  for (let tries = 0; tries < 2; tries += 1) {
    const given = text();
    const found = regex.exec(given);
    lines.add(JSON.stringify([source, flags, given, found && Array.from(found, (group) => group ?? null)]));
  }
}
process.stdout.write(`${[...lines].join('\n')}\n`);
