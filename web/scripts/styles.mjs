// Looks whether the rules of every part of the design system that the scripts use are in the built sheet.
import { readdir, readFile } from 'node:fs/promises';

const assets = new URL('../dist/files/assets/', import.meta.url);
const parts = new URL('../node_modules/@mantine/core/styles/', import.meta.url);
/** The classes of the design system in a text. */
const classes = (text) => new Set(text.match(/\bm_[0-9a-f]{6,8}\b/g));

async function read(folder, wanted) {
  const names = (await readdir(folder)).filter(wanted);
  return Promise.all(names.map(async (name) => [name, classes(await readFile(new URL(name, folder), 'utf8'))]));
}

const used = new Set((await read(assets, (name) => name.endsWith('.js'))).flatMap(([, found]) => [...found]));
const there = new Set((await read(assets, (name) => name.endsWith('.css'))).flatMap(([, found]) => [...found]));
const missing = (await read(parts, (name) => name.endsWith('.css') && !name.endsWith('.layer.css')))
  .filter(([, ruled]) => [...ruled].some((one) => used.has(one) && !there.has(one)))
  .map(([name]) => name);
if (used.size === 0 || missing.length > 0) {
  console.error(`src/app/styles/mantine.css lacks rules of parts that are used: ${missing.join(', ') || 'all'}`);
  process.exit(1);
}
