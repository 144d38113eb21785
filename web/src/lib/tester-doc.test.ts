import { describe, expect, it } from 'vitest';
import {
  add,
  copied,
  type Document,
  find,
  fresh,
  inOrder,
  places,
  put,
  shifted,
  withMethod,
  without,
} from './tester-doc';
import { urlOf, withUrl } from './tester-url';

const request = (name: string) => fresh('Request', name);

function sample(): { document: Document; ids: Record<'project' | 'scenario' | 'first' | 'second', string> } {
  const project = fresh('Project', 'Shop');
  const scenario = fresh('Scenario', 'Buy');
  const [first, second] = [request('One'), request('Two')];
  let document: Document = { version: 6, entities: [] };
  document = add(document, project);
  document = add(document, scenario, project.entity.id);
  document = add(document, first, scenario.entity.id);
  document = add(document, second, scenario.entity.id);
  const ids = {
    project: project.entity.id,
    scenario: scenario.entity.id,
    first: first.entity.id,
    second: second.entity.id,
  };
  return { document, ids };
}

const names = (document: Document, id: string) =>
  find(document.entities, id)?.node.children?.map((one) => one.entity.name);

describe('the document of API tests', () => {
  it('is changed at one place, and the old one stays', () => {
    const { document, ids } = sample();
    const before = JSON.stringify(document);
    const moved = shifted(document, ids.first, 1);
    expect(names(moved, ids.scenario)).toEqual(['Two', 'One']);
    expect(names(shifted(moved, ids.first, 1), ids.scenario)).toEqual(['Two', 'One']);
    expect(names(without(document, ids.first), ids.scenario)).toEqual(['Two']);
    const found = find(document.entities, ids.second);
    expect(found?.above.map((one) => one.entity.name)).toEqual(['Shop', 'Buy']);
    if (found)
      expect(names(put(document, { ...found.node.entity, name: 'New' }), ids.scenario)).toEqual(['One', 'New']);
    expect(JSON.stringify(document)).toBe(before);
  });

  it('keeps the scheme of a WebSocket address', () => {
    const line = 'wss://example.org:8443/chat';
    const changed = withUrl(request('Talk').entity, line);
    expect(urlOf(changed)).toBe(line);
    expect(changed.uri?.scheme).toMatchObject({ name: 'wss', secure: true });
    expect(urlOf(withUrl(changed, 'ws://example.org/chat'))).toBe('ws://example.org/chat');
  });

  it('gives a copy ids of its own and offers only places that may hold a thing', () => {
    const { document, ids } = sample();
    const scenario = find(document.entities, ids.scenario)?.node;
    if (!scenario) throw new Error('no scenario');
    const copy = copied(scenario, 'Buy again');
    const all = (node: typeof copy): string[] => [node.entity.id, ...(node.children ?? []).flatMap(all)];
    expect(all(copy).filter((id) => all(scenario).includes(id))).toEqual([]);
    expect(places(document, scenario).map((one) => one.path)).toEqual(['', 'Shop']);
    const first = find(document.entities, ids.first)?.node;
    expect(first && places(document, first).map((one) => one.path)).toEqual(['', 'Shop', 'Shop / Buy']);
    expect(inOrder([request('b'), fresh('Scenario', 'z'), request('a')]).map((one) => one.entity.name)).toEqual([
      'z',
      'a',
      'b',
    ]);
  });

  it('knows which methods take a body', () => {
    const one = request('x').entity;
    expect(withMethod(one, 'POST').method).toEqual({ name: 'POST', requestBody: true });
    expect(withMethod(one, 'GET').method).toEqual({ name: 'GET' });
  });
});
