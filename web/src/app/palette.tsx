/** The palette: find a page, task, plan or engine by its name, or run a task, with the keyboard alone. */

import { Modal, TextInput } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { type KeyboardEvent, useEffect, useId, useMemo, useRef, useState } from 'react';
import { engines } from '../api/queries';
import { type Entry, ranked } from '../lib/ranked';
import { useMany } from '../lib/use-many';
import { w } from '../texts/work';
import { useMay, useScope } from './context';

/** Most entries that are shown; typing narrows them. */
const SHOWN = 30;

/** A page that can be gone to. */
export interface Place {
  to: string;
  label: string;
}

type Found = Entry & { go: () => void };

function useEntries(places: readonly Place[], open: boolean, text: string): Found[] {
  const navigate = useNavigate();
  const { query: scope } = useScope();
  const all = { environmentId: scope.environmentId };
  // The server looks for the longest word; which of what it finds fit all words is seen here.
  const word = text.split(/\s+/).reduce((best, one) => (one.length > best.length ? one : best), '');
  const single = useMany('task', all, word, open).choices;
  const planned = useMany('plan', all, word, open).choices;
  const machines = useQuery({ ...engines(), enabled: open });
  const mayRun = useMay('TMC_OPERATOR', 'TMC_ENGINE_USE');
  return useMemo(() => {
    const go = (to: string) => () => void navigate({ to });
    const list: Found[] = places.map((one) => ({ key: one.to, kind: w.palette.go, name: one.label, go: go(one.to) }));
    for (const { value: id, label: name, paused } of single) {
      list.push({ key: `task ${id}`, kind: w.palette.task, name, go: go(`/tasks/${id}`) });
      if (mayRun && !paused) {
        const run = () => void navigate({ to: '/tasks/$id', params: { id }, search: { run: '1' } });
        list.push({ key: `run ${id}`, kind: w.palette.run, name, go: run });
      }
    }
    for (const { value: id, label: name } of planned) {
      list.push({ key: id, kind: w.palette.plan, name, go: go(`/plans/${id}`) });
    }
    for (const one of machines.data ?? []) {
      list.push({ key: one.id, kind: w.palette.engine, name: one.name, go: go(`/engines/${one.id}`) });
    }
    return list;
  }, [places, single, planned, machines.data, mayRun, navigate]);
}

/** The palette as a dialog; its list is steered from its field. */
export function Palette({ places, open, close }: { places: readonly Place[]; open: boolean; close: () => void }) {
  const [text, setText] = useState('');
  const [at, setAt] = useState(0);
  const id = useId();
  const list = useRef<HTMLDivElement>(null);
  const entries = useEntries(places, open, text);
  const found = useMemo(() => ranked(entries, text).slice(0, SHOWN), [entries, text]);
  const current = Math.min(at, Math.max(0, found.length - 1));
  useEffect(() => {
    if (!open) setText('');
    setAt(0);
  }, [open]);
  useEffect(() => {
    list.current?.children[current]?.scrollIntoView({ block: 'nearest' });
  }, [current]);
  // Whoever types at once is faster than the focus: nothing of it is lost.
  useEffect(() => {
    if (!open) return;
    const early = (event: globalThis.KeyboardEvent) => {
      const plain = event.key.length === 1 && !event.ctrlKey && !event.metaKey && !event.altKey;
      if (!plain || event.target instanceof HTMLInputElement) return;
      event.preventDefault();
      setText((before) => before + event.key);
    };
    window.addEventListener('keydown', early, true);
    return () => window.removeEventListener('keydown', early, true);
  }, [open]);
  const choose = (one: Found | undefined) => {
    if (!one) return;
    close();
    one.go();
  };
  const keys = (event: KeyboardEvent) => {
    const moves: Record<string, number> = { ArrowDown: current + 1, ArrowUp: current - 1 };
    const to = moves[event.key];
    if (to !== undefined) {
      event.preventDefault();
      setAt((to + found.length) % Math.max(1, found.length));
    } else if (event.key === 'Enter') {
      event.preventDefault();
      choose(found[current]);
    }
  };
  return (
    <Modal.Root opened={open} onClose={close} size="36rem" yOffset="12vh">
      <Modal.Overlay />
      <Modal.Content aria-label={w.palette.open}>
        <Modal.Body p="md">
          <TextInput
            data-autofocus
            aria-label={w.palette.label}
            placeholder={w.palette.label}
            role="combobox"
            aria-expanded
            aria-controls={id}
            aria-activedescendant={found.length > 0 ? `${id}-${current}` : undefined}
            aria-autocomplete="list"
            autoComplete="off"
            value={text}
            onKeyDown={keys}
            onChange={(event) => {
              setText(event.currentTarget.value);
              setAt(0);
            }}
          />
          {found.length === 0 && <p className="muted">{w.palette.none}</p>}
          <div className="palette-list" id={id} role="listbox" aria-label={w.palette.results} ref={list}>
            {found.map((one, index) => (
              // biome-ignore lint/a11y/useKeyWithClickEvents: the field has the keys of the list.
              <div
                key={one.key}
                id={`${id}-${index}`}
                role="option"
                aria-selected={index === current}
                tabIndex={-1}
                onClick={() => choose(one)}
                onMouseMove={() => setAt(index)}
              >
                <span className="kind">{one.kind}</span>
                <span>{one.name}</span>
              </div>
            ))}
          </div>
          <p className="muted" style={{ margin: '0.5rem 0 0', fontSize: '0.8125rem' }}>
            {w.palette.hint}
          </p>
        </Modal.Body>
      </Modal.Content>
    </Modal.Root>
  );
}
