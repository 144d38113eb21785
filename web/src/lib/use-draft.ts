/** What is being edited, beside what the server has of it. */

import { useCallback, useEffect, useState } from 'react';

/** The draft; it follows the server until something is typed, and is never thrown away by a change from elsewhere. */
export function useDraft<T>(server: T | undefined) {
  const [base, setBase] = useState<string>();
  const [draft, setDraft] = useState<T>();
  const text = server === undefined ? undefined : JSON.stringify(server);
  const dirty = base !== undefined && JSON.stringify(draft) !== base;
  // What the server has now is what was typed: it was saved.
  const same = text !== undefined && JSON.stringify(draft) === text;
  useEffect(() => {
    if (text === undefined || text === base || (dirty && !same)) return;
    setBase(text);
    setDraft(JSON.parse(text) as T);
  }, [text, base, dirty, same]);
  const takeTheirs = useCallback(() => {
    if (text === undefined) return;
    setBase(text);
    setDraft(JSON.parse(text) as T);
  }, [text]);
  return {
    draft,
    setDraft: setDraft as (change: T | ((old: T | undefined) => T | undefined)) => void,
    dirty,
    /** Somebody else changed it since it was read. */
    changed: dirty && !same && text !== undefined && text !== base,
    takeTheirs,
  };
}
