// biome-ignore-all lint/suspicious/noTemplateCurlyInString: expressions of the tester.
import { describe, expect, it } from 'vitest';
import { hexLines, jsonLines, kindOf, laidOutJson, prettyLines, written, xmlLines } from './pretty';
import { authOf, withAuth } from './tester-auth';
import { add, type Document, type Entity, fresh, moved, put, without } from './tester-doc';
import { merged } from './tester-merge';
import { urlOf, withUrl } from './tester-url';

const request = (more: Partial<Entity> = {}): Entity => ({ ...fresh('Request', 'R').entity, id: 'r', ...more });

describe('the address', () => {
  it('holds the query, and its rows follow it', () => {
    const line = 'https://example.org:8443/a?x=1&y=${"a&?/b"}&z';
    const made = withUrl(request(), line);
    expect(urlOf(made)).toBe(line);
    expect(made.uri?.query?.items.map((row) => [row.name, row.value])).toEqual([
      ['x', '1'],
      ['y', '${"a&?/b"}'],
      ['z', undefined],
    ]);
    const off = { name: 'off', value: 'kept', enabled: false };
    const items = [
      { name: 'x', value: '1', enabled: true, note: 'mine' },
      off,
      { name: 'y', value: '2', enabled: true },
    ];
    const with3 = request({ uri: { scheme: { name: 'http' }, host: 'h', path: '/', query: { items } } });
    expect(urlOf(with3)).toBe('http://h/?x=1&y=2');
    const fewer = withUrl(with3, 'http://h/?x=5');
    expect(fewer.uri?.query?.items).toEqual([{ name: 'x', value: '5', enabled: true, note: 'mine' }, off]);
    expect(withUrl(fewer, 'http://h/').uri?.query?.items).toEqual([off]);
  });

  it('comes out as it was typed, letter by letter', () => {
    let entity = request();
    const line = 'https://${host}:80/a b?q=1&&r=a=b';
    for (let end = 1; end <= line.length; end += 1) entity = withUrl(entity, line.slice(0, end));
    expect(urlOf(entity)).toBe(line);
  });
});

describe('who sends it', () => {
  it('is read from the header and written there', () => {
    expect(authOf(request())).toEqual({ kind: 'none' });
    const old = request({ headers: [{ name: 'authorization', value: `Basic ${btoa('ann:p:w')}`, enabled: true }] });
    expect(authOf(old)).toEqual({ kind: 'basic', user: 'ann', password: 'p:w' });
    const made = withAuth(old, { kind: 'basic', user: '${"a:b"}', password: '${pw}' });
    expect(authOf(made)).toEqual({ kind: 'basic', user: '${"a:b"}', password: '${pw}' });
    expect(made.headers).toEqual([
      { name: 'Authorization', value: 'Basic ${basic_credentials.base64()}', enabled: true },
    ]);
    const token = withAuth(made, { kind: 'bearer', token: '${token}' });
    expect([authOf(token), token.stoker]).toEqual([{ kind: 'bearer', token: '${token}' }, undefined]);
    expect(withAuth(token, { kind: 'none' }).headers).toEqual([]);
    const digest = request({ headers: [{ name: 'Authorization', value: 'Digest x', enabled: true }] });
    expect(authOf(digest)).toEqual({ kind: 'other' });
  });
});

describe('a body', () => {
  it('keeps long numbers, repeated names and expressions', () => {
    const text = '{"a":12345678901234567890,"a":[],"b":[1,{"c":null}],"d":"x\\"{"}';
    const lines = jsonLines(text) ?? [];
    expect(lines.map(written)).toEqual([
      '{',
      '  "a": 12345678901234567890,',
      '  "a": [],',
      '  "b": [',
      '    1,',
      '    {',
      '      "c": null',
      '    }',
      '  ],',
      '  "d": "x\\"{"',
      '}',
    ]);
    expect(lines[1]?.map((piece) => piece.look)).toEqual(['plain', 'name', 'mark', 'number', 'mark']);
    const body = '{"t":"${"a"."b"}","n":${n}}';
    expect(laidOutJson(body)).toBe('{\n  "t": "${"a"."b"}",\n  "n": ${n}\n}');
    for (const wrong of ['{"a":', '{"a" 1}', '[1,]', '{]', 'no', '', '{"a":"${x}'])
      expect(laidOutJson(wrong)).toBe(undefined);
    expect(jsonLines('{"a":1')).toBe(undefined);
  });

  it('is told by its type, then by its beginning', () => {
    expect(kindOf('application/problem+json; charset=utf-8', '<')).toBe('json');
    expect([kindOf('', ' [1]'), kindOf('', '<a/>'), kindOf('', '<!DOCTYPE html>'), kindOf('', 'x')]).toEqual([
      'json',
      'xml',
      'html',
      'text',
    ]);
    const xml = '<?xml version="1.0"?><a b="1"><c>text</c><d/><e></e><!-- no --></a>';
    expect(xmlLines(xml)?.map(written)).toEqual([
      '<?xml version="1.0"?>',
      '<a b="1">',
      '  <c>text</c>',
      '  <d/>',
      '  <e></e>',
      '  <!-- no -->',
      '</a>',
    ]);
    expect(xmlLines('<a><b></a>')).toBe(undefined);
    expect(prettyLines('text/html', '<p>a<br>\n<b>c').map(written)).toEqual(['<p>a<br>', '<b>c']);
    expect(prettyLines('application/json', '{broken').map(written)).toEqual(['{broken']);
    expect(hexLines(new Uint8Array([0x89, 0x50, 0x0a]))).toEqual([
      `00000000  ${'89 50 0a'.padEnd(23)}  ${''.padEnd(23)}  .P.`,
    ]);
  });
});

describe('what two people changed', () => {
  const node = (id: string, name: string) => ({ entity: { ...fresh('Request', name).entity, id } });
  const base: Document = {
    version: 6,
    entities: [
      {
        entity: { id: 'p', type: 'Project', name: 'P' },
        children: [
          {
            entity: { id: 's', type: 'Scenario', name: 'S' },
            children: [node('a', 'A'), node('b', 'B'), node('c', 'C')],
          },
        ],
      },
    ],
    environments: [{ id: 'e', name: 'E', variables: { v: { name: 'v', value: '1' }, w: { name: 'w', value: '1' } } }],
  };
  const entity = (document: Document, id: string) =>
    document.entities[0]?.children?.[0]?.children?.find((one) => one.entity.id === id)?.entity;
  const changed = (document: Document, id: string, part: Partial<Entity>) =>
    put(document, { ...(entity(document, id) as Entity), ...part });

  it('is put together when it is not the same', () => {
    let mine = changed(base, 'a', { method: { name: 'PUT' } });
    mine = moved(mine, 'c', 's', 'a');
    mine = add(mine, { entity: { id: 'n', type: 'Service', name: 'N' }, children: [node('m', 'M')] }, 'p');
    const [environment] = mine.environments ?? [];
    if (environment) {
      mine = {
        ...mine,
        environments: [{ ...environment, variables: { ...environment.variables, v: { name: 'v', value: '2' } } }],
      };
    }
    let theirs = changed(base, 'a', { name: 'A2' });
    theirs = add(theirs, node('d', 'D'), 's');
    const { document, clashes } = merged(base, mine, theirs);
    expect(clashes).toEqual([]);
    expect(entity(document, 'a')).toMatchObject({ name: 'A2', method: { name: 'PUT' } });
    const [scenario, service] = document.entities[0]?.children ?? [];
    expect(scenario?.children?.map((one) => one.entity.id)).toEqual(['c', 'a', 'b', 'd']);
    expect(service?.children?.map((one) => one.entity.id)).toEqual(['m']);
    expect(document.environments?.[0]?.variables).toEqual({
      v: { name: 'v', value: '2' },
      w: { name: 'w', value: '1' },
    });
  });

  it('is told where it is the same, and a change wins over a removal', () => {
    const mine = without(changed(changed(base, 'a', { name: 'mine' }), 'b', { name: 'kept' }), 'c');
    const theirs = without(changed(changed(base, 'a', { name: 'theirs' }), 'c', { name: 'used' }), 'b');
    const { document, clashes } = merged(base, mine, theirs);
    expect(clashes).toEqual(['mine', 'kept', 'C']);
    expect([entity(document, 'a')?.name, entity(document, 'b')?.name, entity(document, 'c')?.name]).toEqual([
      'mine',
      'kept',
      'used',
    ]);
    expect(merged(base, without(base, 's'), base).document.entities[0]?.children).toEqual([]);
  });

  it('cannot be put into itself', () => {
    expect(moved(base, 'p', 's')).toBe(base);
    expect(moved(base, 's', 'a')).toBe(base);
  });
});
