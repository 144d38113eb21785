// Packs every built file once, so that the server packs none, and holds the size of the start route to its limit.
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { brotliCompress, constants, gzip } from 'node:zlib';

const LIMIT = 350 * 1024;
const dist = new URL('../dist/files/', import.meta.url).pathname;
const packable = /\.(js|css|svg|json|txt)$/;
const brotli = (bytes) => promisify(brotliCompress)(bytes, { params: { [constants.BROTLI_PARAM_QUALITY]: 11 } });
const gz = (bytes) => promisify(gzip)(bytes, { level: 9 });

const sizes = new Map();
for (const name of await readdir(dist, { recursive: true })) {
  if (!packable.test(name)) continue;
  const bytes = await readFile(join(dist, name));
  for (const [ending, pack] of Object.entries({ br: brotli, gz })) {
    const packed = await pack(bytes);
    if (packed.length < bytes.length) await writeFile(join(dist, `${name}.${ending}`), packed);
    if (ending === 'gz') sizes.set(name, packed.length);
  }
}
const page = await readFile(join(dist, 'index.html'), 'utf8');
const start = [...page.matchAll(/(?:src|href)="\/(assets\/[^"]+\.js)"/g)].map((match) => match[1]);
const total = start.reduce((sum, name) => sum + (sizes.get(name) ?? 0), 0);
console.log(
  `start route: ${start.length} scripts, ${(total / 1024).toFixed(0)} KiB packed with gzip; limit ${LIMIT / 1024}`,
);
if (total > LIMIT) {
  console.error('the scripts of the start route are too large: load pages or parts of them lazily');
  process.exit(1);
}
