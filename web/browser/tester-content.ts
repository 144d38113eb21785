// biome-ignore-all lint/suspicious/noTemplateCurlyInString: expressions of the tester.
/** A target of API tests that answers with what is hard to show, and a project that calls it. */

import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { deflateSync } from 'node:zlib';
import { type Stage, until } from './stage';

const LONG =
  'Reads every open invoice of every branch office, including those that report late (EMEA, second attempt), page by page';

/** A picture of one colour that changes from corner to corner. */
function picture(width: number, height: number): Buffer {
  const rows = Buffer.alloc(height * (1 + width * 3));
  for (let y = 0; y < height; y += 1) {
    for (let at = 0; at < width; at += 1) {
      const place = y * (1 + width * 3) + 1 + at * 3;
      rows.set([(at * 255) / width, (y * 255) / height, 140], place);
    }
  }
  const chunk = (kind: string, data: Buffer) => {
    const body = Buffer.concat([Buffer.from(kind, 'latin1'), data]);
    const ends = Buffer.alloc(8);
    ends.writeUInt32BE(data.length, 0);
    ends.writeUInt32BE(crc(body), 4);
    return Buffer.concat([ends.subarray(0, 4), body, ends.subarray(4)]);
  };
  const head = Buffer.alloc(13);
  head.writeUInt32BE(width, 0);
  head.writeUInt32BE(height, 4);
  head.set([8, 2, 0, 0, 0], 8);
  const sign = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
  return Buffer.concat([sign, chunk('IHDR', head), chunk('IDAT', deflateSync(rows)), chunk('IEND', Buffer.alloc(0))]);
}

function crc(bytes: Buffer): number {
  let value = 0xffffffff;
  for (const byte of bytes) {
    value ^= byte;
    for (let bit = 0; bit < 8; bit += 1) value = value & 1 ? (value >>> 1) ^ 0xedb88320 : value >>> 1;
  }
  return (value ^ 0xffffffff) >>> 0;
}

const invoice = (number: number) => ({
  id: 9007199254740993n + BigInt(number),
  customer: number % 3 ? `Branch ${number}` : LONG,
  open: number % 2 === 0,
  lines: [{ sku: `A-${number}`, count: number, note: null }],
});

/** JSON with numbers that no JavaScript holds. */
const invoices = (count: number) =>
  JSON.stringify(
    Array.from({ length: count }, (_, at) => invoice(at)),
    (_, value) => (typeof value === 'bigint' ? `#${value}#` : value),
  ).replace(/"#(\d+)#"/g, '$1');

const ANSWERS: Record<string, () => [type: string, body: string | Buffer]> = {
  '/invoices': () => ['application/json', `{"items":${invoices(120)}}`],
  '/many': () => ['application/json', `{"items":${invoices(2_000)}}`],
  '/huge': () => ['application/json', `["${'x'.repeat(10 << 20)}"]`],
  '/picture': () => ['image/png', picture(320, 200)],
  '/bytes': () => ['application/octet-stream', Buffer.from(Array.from({ length: 3_000 }, (_, at) => (at * 7) % 256))],
  '/order': () => [
    'application/xml',
    `<?xml version="1.0"?><order id="7"><customer>Ann &amp; Bob</customer>${'<line sku="A-1"><count>3</count></line>'.repeat(30)}</order>`,
  ],
  '/page': () => ['text/html', '<!doctype html>\n<html lang="en">\n<p onclick="x()">Hello <b>you</b>\n</html>\n'],
  '/empty': () => ['text/plain', ''],
  '/ok': () => ['application/json', '{"ok":true}'],
};

function answer(request: IncomingMessage, response: ServerResponse): void {
  const path = new URL(request.url ?? '/', 'http://x').pathname;
  if (path === '/never') return;
  if (path === '/moved') {
    response.writeHead(302, { location: '/ok' }).end();
    return;
  }
  if (path === '/echo') {
    const parts: Buffer[] = [];
    request.on('data', (part: Buffer) => parts.push(part));
    request.on('end', () => {
      const body = Buffer.concat(parts).toString();
      response.writeHead(200, { 'content-type': 'application/json' });
      response.end(JSON.stringify({ method: request.method, url: request.url, headers: request.headers, body }));
    });
    return;
  }
  const known = ANSWERS[path];
  if (!known) {
    response.writeHead(404, { 'content-type': 'application/problem+json' }).end('{"title":"no such thing"}');
    return;
  }
  const [type, body] = known();
  const headers: Record<string, string> = { 'content-type': type };
  for (let at = 0; path === '/invoices' && at < 40; at += 1) headers[`x-part-${at}`] = at % 5 ? `${at}` : LONG;
  response.writeHead(200, headers).end(body);
}

/** The target. */
export async function target() {
  const server = createServer(answer).listen(0, '127.0.0.1');
  await new Promise((done) => server.once('listening', done));
  const { port } = server.address() as AddressInfo;
  const stop = () => {
    server.closeAllConnections();
    server.close();
  };
  return { port, url: `http://127.0.0.1:${port}`, stop };
}

/** What a server must allow for it. */
export const allowing = ({ url }: { url: string }) => ({ testerTargets: [url], testerNetworks: ['127.0.0.1/32'] });

interface Node {
  entity: Record<string, unknown>;
  children?: Node[];
}

/** A request of a document. */
export function request(id: string, name: string, url: string, more: Record<string, unknown> = {}): Node {
  const { protocol, host, pathname } = new URL(url);
  return {
    entity: {
      type: 'Request',
      id,
      name,
      method: { name: 'GET' },
      uri: { scheme: { name: protocol.slice(0, -1) }, host, path: decodeURI(pathname) },
      headers: [],
      body: { bodyType: 'Text' },
      ...more,
    },
  };
}

const row = (name: string, value: string, enabled = true) => ({ name, value, enabled });
const check = (subject: string, path: string, comparison: string, value = '') => ({ subject, path, comparison, value });

/** A request with much of everything. */
function full(url: string): Node {
  const query = Array.from({ length: 12 }, (_, at) =>
    row(`filter_with_a_long_name_${at}`, `value ${at} ${at % 4 ? '' : LONG}`, at % 5 > 0),
  );
  const headers = Array.from({ length: 40 }, (_, at) =>
    row(`X-Header-Number-${at}`, at % 6 ? `${at}` : LONG, at % 7 > 0),
  );
  const lines = Array.from(
    { length: 200 },
    (_, at) => `    { "number": ${at}, "who": "\${who}", "text": "${at % 9 ? 'short' : LONG}" }`,
  );
  return request('full', `Everything ${LONG}`, `${url}/echo`, {
    method: { name: 'POST', requestBody: true },
    description: LONG,
    uri: {
      scheme: { name: 'http' },
      host: new URL(url).host,
      path: '/echo',
      query: { delimiter: '&', items: query },
    },
    headers: [row('Authorization', 'Bearer ${token}'), row('Content-Type', 'application/json'), ...headers],
    body: { bodyType: 'Text', textBody: `{\n  "items": [\n${lines.join(',\n')}\n  ]\n}` },
    assertions: [
      check('ResponseStatus', 'code', 'Equals', '200'),
      check('ResponseStatus', 'code', 'Equals', '503'),
      check('ResponseHeader', 'content-type', 'Contains', 'xml'),
      check('ResponseJsonBody', '$.headers["x-header-number-1"]', 'Equals', '1'),
      check('ResponseJsonBody', '$.heders', 'Exists'),
      check('ResponseJsonBody', '$.body', 'Equals', LONG),
      check('ResponseBody', 'length', 'LengthGreaterThanOrEqual', '1'),
      check('ResponseXmlBody', '/order', 'Exists'),
      check('Response', 'duration', 'Less', '2000'),
      { ...check('ResponseStatus', 'code', 'Equals', '404'), enabled: false },
    ],
    stoker: {
      extract: [
        { name: 'method', subject: 'ResponseJsonBody', path: '$.method' },
        { name: 'nothing', subject: 'ResponseJsonBody', path: '$.nothing' },
      ],
      before: [{ name: 'stamp', value: '${uuid()}' }],
      when: { value: '${who}', is: 'IsNotBlank' },
      each: { in: '["one","two"]', name: 'item' },
    },
  });
}

/** A document with 60 requests and hard names. */
export function hardDocument(url: string) {
  const hard = [
    ['html', '<b onmouseover="alert(1)">bold</b> & "quoted"', '/page'],
    ['rtl', 'قراءة الفواتير المفتوحة', '/invoices'],
    ['emoji', '🧾🔥 invoices 👩‍👩‍👧', '/invoices'],
    ['picture', 'A picture', '/picture'],
    ['bytes', 'Bytes', '/bytes'],
    ['xml', 'An order', '/order'],
    ['many', 'Two thousand', '/many'],
    ['huge', 'Ten megabytes', '/huge'],
    ['lost', 'Nothing there', '/nowhere'],
    ['never', 'Never answers', '/never'],
    ['empty', 'Empty', '/empty'],
    ['plain', 'Invoices', '/invoices'],
    ['refused', 'Elsewhere', ''],
  ].map(([id = '', name = '', path = '']) =>
    request(id, name, id === 'refused' ? 'http://169.254.169.254/latest' : url + path),
  );
  const many = Array.from({ length: 47 }, (_, at) =>
    request(`m${at}`, at % 6 ? `Page ${at}` : `Page ${at}: ${LONG}`, `${url}/${at % 11 ? 'ok' : 'nowhere'}`),
  );
  const variables = {
    v1: { name: 'who', value: 'ann', enabled: true, createdAt: '2026-01-01T00:00:00Z' },
    v2: { name: 'token', value: 'hush-hush-4711', enabled: true, private: true, createdAt: '2026-01-02T00:00:00Z' },
    v3: {
      name: 'a_variable_with_a_very_long_name_that_goes_on',
      value: LONG,
      enabled: true,
      createdAt: '2026-01-03T00:00:00Z',
    },
    v4: { name: 'off', value: 'x', enabled: false, createdAt: '2026-01-04T00:00:00Z' },
  };
  return {
    version: 6,
    entities: [
      {
        entity: { type: 'Project', id: 'top', name: `Ledger ${LONG}` },
        children: [
          {
            entity: { type: 'Service', id: 'hard', name: 'Hard to show' },
            children: [full(url), ...hard],
          },
          {
            entity: {
              type: 'Scenario',
              id: 'walk',
              name: `All pages, one after the other: ${LONG}`,
              stoker: { carry_on: true },
            },
            children: many,
          },
        ],
      },
    ],
    environments: [
      { id: 'env', name: `Production ${LONG.slice(0, 50)}`, variables },
      { id: 'env2', name: 'none of it', variables: {} },
    ],
  };
}

/** Ids of what {@link hardProject} made. */
export interface Hard {
  project: string;
  /** The last run of each request by its id; that of the scenario is `walk`. */
  runs: Record<string, string>;
}

/** Starts a run and waits for its end; its id. */
export async function ran(stage: Stage, project: string, targetId: string, environmentId?: string): Promise<string> {
  const path = `/stoker/v1/tester/projects/${project}/runs`;
  const { id } = await stage.call<{ id: string }>('POST', path, { targetId, environmentId });
  await until(`the run of ${targetId}`, async () => {
    const { state } = await stage.call<{ state: string }>('GET', `/stoker/v1/tester/runs/${id}?waitSeconds=20`);
    return state === 'running' ? undefined : true;
  });
  return id;
}

/** Makes the project and runs what is worth looking at. */
export async function hardProject(stage: Stage, url: string): Promise<Hard> {
  const text = JSON.stringify(hardDocument(url));
  const made = await stage.call<{ id: string }>('POST', '/stoker/v1/tester/imports', { format: 'native', text });
  const runs: Record<string, string> = {};
  const wanted = ['full', 'html', 'rtl', 'picture', 'bytes', 'xml', 'many', 'huge', 'lost', 'refused', 'walk'];
  for (const id of wanted) runs[id] = await ran(stage, made.id, id, 'env');
  return { project: made.id, runs };
}
