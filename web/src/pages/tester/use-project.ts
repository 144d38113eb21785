/** The document that is edited: what was typed, what is stored, and the way back. */

import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useCallback, useRef, useState } from 'react';
import { type Project, project, saveProject } from '../../api/tester';
import type { Document } from '../../lib/tester-doc';

/** Most steps back. */
const STEPS = 100;

export function useProject(id: string) {
  const queries = useQueryClient();
  const stored = useQuery(project(id));
  const [base, setBase] = useState<Project>();
  const [document, setDocument] = useState<Document>();
  const [past, setPast] = useState<Document[]>([]);
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>();
  if (stored.data && stored.data !== base && (!base || base.id !== stored.data.id || document === base.document)) {
    setBase(stored.data);
    setDocument(stored.data.document);
  }
  const current = useRef(document);
  current.current = document;
  const dirty = base !== undefined && document !== base.document;
  const change = useCallback((make: (document: Document) => Document) => {
    const before = current.current;
    if (!before) return;
    const made = make(before);
    current.current = made;
    setPast((list) => [...list.slice(1 - STEPS), before]);
    setDocument(made);
  }, []);
  const undo = () => {
    const before = past.at(-1);
    if (!before) return;
    setPast(past.slice(0, -1));
    setDocument(before);
  };
  /** Stores what was typed; tells whether it is stored. */
  const save = async (): Promise<boolean> => {
    const wanted = current.current;
    if (!base || !wanted || wanted === base.document) return true;
    setBusy(true);
    setError(undefined);
    try {
      const written = await saveProject(id, base.version, base.name, wanted);
      // Read back: values of secret variables go, and are kept on the server.
      const fresh = await queries.fetchQuery({ ...project(id), staleTime: 0 });
      setBase(fresh);
      if (current.current === wanted && fresh.version === written.version) setDocument(fresh.document);
      await queries.invalidateQueries({ queryKey: ['tester', 'projects'] });
      return true;
    } catch (problem) {
      setError(problem);
      return false;
    } finally {
      setBusy(false);
    }
  };
  const takeTheirs = async () => {
    setError(undefined);
    const fresh = await queries.fetchQuery({ ...project(id), staleTime: 0 });
    setBase(fresh);
    setDocument(fresh.document);
    setPast([]);
  };
  return { stored, base, document, dirty, busy, error, change, undo, canUndo: past.length > 0, save, takeTheirs };
}

export type Editing = ReturnType<typeof useProject>;
