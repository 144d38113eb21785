/** Who sends the requests of a project: the server, or an engine that reaches what it does not. */

import { Select } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { engines, type TestEngine } from '../../api/tester';
import { x } from '../../texts/tester';

/** Stands for the server in the choice. */
const SERVER = '';
const KEY = 'stoker.tester.sender';
/** Most projects whose choice is kept. */
const KEPT = 100;

function kept(): Record<string, string> {
  try {
    const read: unknown = JSON.parse(window.localStorage.getItem(KEY) ?? '{}');
    return read && typeof read === 'object' ? (read as Record<string, string>) : {};
  } catch {
    return {};
  }
}

function keep(project: string, engine: string): void {
  const { [project]: _, ...others } = kept();
  const entries = Object.entries(others).slice(1 - KEPT);
  if (engine !== SERVER) entries.push([project, engine]);
  try {
    window.localStorage.setItem(KEY, JSON.stringify(Object.fromEntries(entries)));
  } catch {
    // Without storage the choice lasts until the page is left.
  }
}

function label(engine: TestEngine, all: TestEngine[]): string {
  const alone = all.filter((one) => one.name === engine.name).length === 1;
  const name = alone ? engine.name : `${engine.name} (${engine.environment})`;
  return engine.state === 'ready' ? x.engine(name) : `${x.engine(name)}: ${x.engineStates[engine.state]}`;
}

/** The chosen engine of a project, remembered in this browser, and the way to choose another one. */
export function useSender(project: string) {
  const known = useQuery(engines());
  const [chosen, setChosen] = useState<{ project: string; engine: string }>();
  const wanted = (chosen?.project === project ? chosen.engine : undefined) ?? kept()[project] ?? SERVER;
  const all = known.data ?? [];
  // One that is gone, or may not be used any more, is none: the server then says what it may not call.
  const engine = all.find((one) => one.id === wanted);
  const choose = (id: string) => {
    keep(project, id);
    setChosen({ project, engine: id });
  };
  return { all, engine, pending: wanted !== SERVER && known.isPending, choose };
}

export function Sender({ sender }: { sender: ReturnType<typeof useSender> }) {
  const { all, engine, choose } = sender;
  if (all.length === 0) return null;
  return (
    <Select
      aria-label={x.sentBy}
      data={[
        { value: SERVER, label: x.byServer },
        ...all.map((one) => ({ value: one.id, label: label(one, all), disabled: one.state !== 'ready' })),
      ]}
      value={engine?.id ?? SERVER}
      onChange={(id) => choose(id ?? SERVER)}
      allowDeselect={false}
      w="11rem"
      size="xs"
    />
  );
}
