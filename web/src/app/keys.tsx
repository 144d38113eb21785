/** Keys that work everywhere, and the list of them. */

import { useNavigate } from '@tanstack/react-router';
import { useEffect, useRef, useState } from 'react';
import { takeBack } from '../lib/undo';
import { t } from '../texts/pages';
import { w } from '../texts/work';
import { Dialog } from '../ui/parts';
import { Palette, type Place } from './palette';

/** Second keys after `g`. */
const GO: Record<string, string> = {
  o: '/',
  r: '/runs',
  t: '/tasks',
  p: '/plans',
  s: '/schedules',
  e: '/engines',
};
/** How long the second key may take. */
const PAIR_MS = 1_200;

/** Whether keys are for what has the focus: then they are no shortcuts. */
function typing(target: EventTarget | null): boolean {
  if (!(target instanceof HTMLElement)) return false;
  if (target instanceof HTMLInputElement && target.type === 'checkbox') return false;
  return target.isContentEditable || ['INPUT', 'TEXTAREA', 'SELECT'].includes(target.tagName);
}

/** The row of a list that has the focus. */
function focusedRow(): HTMLElement | null {
  return document.activeElement?.closest<HTMLElement>('main .list-row') ?? null;
}

/** Chooses the row that has the focus, or no longer. */
function choose(): boolean {
  const box = focusedRow()?.querySelector<HTMLInputElement>('input[type=checkbox]');
  box?.click();
  return box !== undefined && box !== null;
}

/** Presses the button of the page that names this key; in a list it is meant for the row that has the focus. */
function press(key: string): void {
  const button = () => document.querySelector<HTMLElement>(`main [aria-keyshortcuts="${key.toUpperCase()}"]`);
  if (button()) button()?.click();
  // Its button is there as soon as something is chosen.
  else if (choose()) setTimeout(() => button()?.click());
}

/** Moves the focus to the next or the previous row of the list on the page. */
function step(by: 1 | -1): boolean {
  const rows = [...document.querySelectorAll<HTMLElement>('main a.row-link')];
  if (rows.length === 0) return false;
  const here = focusedRow()?.querySelector<HTMLElement>('a.row-link') ?? document.activeElement;
  const now = rows.indexOf(here as HTMLElement);
  const next = now === -1 ? (by === 1 ? 0 : rows.length - 1) : now + by;
  rows[next]?.focus();
  rows[next]?.scrollIntoView({ block: 'nearest' });
  return true;
}

/** Goes to the first search field of the page. */
function search(): boolean {
  const field = document.querySelector<HTMLInputElement>('main input[type=search], main .filters input');
  field?.focus();
  return field !== null;
}

/** Listens for the keys; the palette can also be opened by a button with {@link openPalette}. */
export function Keys({ places }: { places: readonly Place[] }) {
  const navigate = useNavigate();
  const [palette, setPalette] = useState(false);
  const [help, setHelp] = useState(false);
  const went = useRef(0);
  useEffect(() => {
    const show = () => setPalette(true);
    const pressed = (event: KeyboardEvent) => {
      if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === 'k') {
        event.preventDefault();
        setHelp(false);
        setPalette((old) => !old);
        return;
      }
      const modified = event.ctrlKey || event.metaKey || event.altKey;
      if (modified || typing(event.target) || document.querySelector('[role=dialog]')) return;
      const pair = event.timeStamp - went.current < PAIR_MS && went.current > 0;
      const to = pair ? GO[event.key] : undefined;
      went.current = event.key === 'g' ? event.timeStamp : 0;
      if (to) void navigate({ to });
      else if (event.key === '?') setHelp(true);
      else if (event.key === '/' && search()) event.preventDefault();
      else if (event.key === 'j') step(1);
      else if (event.key === 'k') step(-1);
      else if (event.key === 'x') choose();
      else if (event.key === 'r' || event.key === 'p') press(event.key);
      else if (event.key === 'u') void takeBack(t.undo.undone);
    };
    window.addEventListener('keydown', pressed);
    window.addEventListener(OPEN, show);
    return () => {
      window.removeEventListener('keydown', pressed);
      window.removeEventListener(OPEN, show);
    };
  }, [navigate]);
  return (
    <>
      <Palette places={places} open={palette} close={() => setPalette(false)} />
      <Dialog open={help} close={() => setHelp(false)} title={w.keys.title}>
        <dl className="facts">
          {w.keys.rows.map(([key, what]) => (
            <div key={key} style={{ display: 'contents' }}>
              <dt>
                <kbd>{key}</kbd>
              </dt>
              <dd>{what}</dd>
            </div>
          ))}
        </dl>
      </Dialog>
    </>
  );
}

const OPEN = 'stoker-palette';

/** Opens the palette. */
export function openPalette(): void {
  window.dispatchEvent(new Event(OPEN));
}
