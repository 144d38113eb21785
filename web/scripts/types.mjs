// Types of the API from the documents in ../openapi, so that the console cannot speak of a field that is not there.
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import openapiTS, { astToString } from 'openapi-typescript';

const FAMILIES = ['core', 'stoker', 'identity', 'service-accounts', 'dynamic-engines', 'observability'];
const folder = new URL('../src/api/generated/', import.meta.url);

await mkdir(folder, { recursive: true });
for (const family of FAMILIES) {
  const document = JSON.parse(await readFile(new URL(`../../openapi/${family}.json`, import.meta.url), 'utf8'));
  await writeFile(new URL(`${family}.d.ts`, folder), astToString(await openapiTS(document)));
}
