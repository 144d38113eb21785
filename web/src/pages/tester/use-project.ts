/** The document that is edited: what was typed, what is stored, and the ways back and forth. */

import { useQuery } from '@tanstack/react-query';
import { useEffect, useRef, useState } from 'react';
import { Problem } from '../../api/client';
import { keepAsOwn, type Project, project, saveProject } from '../../api/tester';
import { client } from '../../app/client';
import { useShared } from '../../app/context';
import type { Document } from '../../lib/tester-doc';
import { merged } from '../../lib/tester-merge';
import { x } from '../../texts/tester';
import { useProjectDrafts } from './drafts';

/** Most steps back. */
const STEPS = 200;
/** Letters that follow each other faster than this, in milliseconds, are one step. */
const ONE_STEP = 1_000;

/** What is typed over what was read. */
export interface Draft {
  base: Project;
  document: Document;
  past: Document[];
  next: Document[];
}

/** The name after these changes: that of the only project in it, when it was named so before. */
function nameOf({ base, document }: Draft): string {
  const before = base.document.entities.find((node) => node.entity.type === 'Project')?.entity;
  const now = document.entities.find((node) => node.entity.id === before?.id)?.entity;
  return before?.name === base.name && now ? now.name : base.name;
}

export function useProject(id: string) {
  const { session } = useShared();
  const kept = useProjectDrafts(session.user.id, id);
  const stored = useQuery(project(id));
  const [draft, setDraft] = useState<Draft | undefined>(kept.read);
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>();
  const [clashes, setClashes] = useState<string[]>();
  const last = useRef({ what: '', at: 0 });
  const untouched = !draft || draft.document === draft.base.document;
  if (stored.data && untouched && stored.data !== draft?.base) {
    setDraft({ base: stored.data, document: stored.data.document, past: [], next: [] });
  }
  const current = useRef(draft);
  current.current = draft;
  const dirty = !untouched;
  // What is typed outlives the page: whoever goes elsewhere and comes back finds it again.
  useEffect(() => kept.write(dirty ? draft : undefined), [kept, dirty, draft]);
  const set = (made: Draft) => {
    current.current = made;
    setDraft(made);
  };
  const begin = (fresh: Project, document: Document = fresh.document) => {
    set({ base: fresh, document, past: [], next: [] });
  };
  /** Changes the document; changes of the same thing that follow each other at once are one step back. */
  const change = (make: (document: Document) => Document, what = '') => {
    const before = current.current;
    if (!before) return;
    const made = make(before.document);
    if (made === before.document) return;
    const now = Date.now();
    const same = what !== '' && last.current.what === what && now - last.current.at < ONE_STEP;
    last.current = { what, at: now };
    const past = same && before.past.length > 0 ? before.past : [...before.past.slice(1 - STEPS), before.document];
    set({ ...before, document: made, past, next: [] });
  };
  const undo = () => {
    const before = current.current?.past.at(-1);
    if (!current.current || !before) return;
    last.current = { what: '', at: 0 };
    const { past, document, next } = current.current;
    set({ ...current.current, document: before, past: past.slice(0, -1), next: [document, ...next] });
  };
  const redo = () => {
    const after = current.current?.next[0];
    if (!current.current || !after) return;
    const { past, document, next } = current.current;
    set({ ...current.current, document: after, past: [...past, document], next: next.slice(1) });
  };
  const acting = async <T>(work: () => Promise<T>): Promise<T | undefined> => {
    setBusy(true);
    setError(undefined);
    try {
      return await work();
    } catch (problem) {
      setError(problem);
      return undefined;
    } finally {
      setBusy(false);
    }
  };
  const read = () => client.fetchQuery({ ...project(id), staleTime: 0 });
  /** Stores what was typed; tells whether it is stored. */
  const save = async (): Promise<boolean> => {
    const wanted = current.current;
    if (!wanted || wanted.document === wanted.base.document) return true;
    const done = await acting(async () => {
      const written = await saveProject(id, wanted.base.version, nameOf(wanted), wanted.document);
      // Read back: values of secret variables go, and are kept on the server.
      const fresh = await read();
      const now = current.current;
      const document = now && now.document !== wanted.document ? now.document : fresh.document;
      if (fresh.version === written.version) set({ ...(now ?? wanted), base: fresh, document });
      setClashes(undefined);
      await client.invalidateQueries({ queryKey: ['tester', 'projects'] });
      return true;
    });
    return done === true;
  };
  const takeTheirs = () =>
    acting(async () => {
      begin(await read());
      setClashes(undefined);
    });
  /** Puts what is typed over what somebody else has stored, as far as both fit together. */
  const join = () =>
    acting(async () => {
      const fresh = await read();
      const mine = current.current;
      if (!mine) return;
      const both = merged(mine.base.document, mine.document, fresh.document);
      set({ base: fresh, document: both.document, past: [fresh.document], next: [] });
      setClashes(both.clashes);
    });
  /** Makes a project of one's own of what is here; its id. */
  const keepAside = () =>
    acting(async () => {
      const mine = current.current;
      if (!mine) return undefined;
      const made = await keepAsOwn(x.ownCopyName(mine.base.name), mine.document);
      await client.invalidateQueries({ queryKey: ['tester', 'projects'] });
      kept.write(undefined);
      setDraft({ ...mine, document: mine.base.document, past: [], next: [] });
      return made.id;
    });
  const refused = (status: number) => error instanceof Problem && error.status === status;
  return {
    stored,
    base: draft?.base,
    document: draft?.document,
    dirty,
    busy,
    error,
    clashes,
    /** Somebody else has stored another version than the one that is typed over. */
    stale: refused(409) || (dirty && (stored.data?.version ?? 0) > (draft?.base.version ?? 0)),
    gone: refused(404) || (stored.error instanceof Problem && stored.error.status === 404),
    change,
    undo,
    redo,
    canUndo: (draft?.past.length ?? 0) > 0,
    canRedo: (draft?.next.length ?? 0) > 0,
    save,
    takeTheirs,
    join,
    keepAside,
  };
}

export type Editing = ReturnType<typeof useProject>;
