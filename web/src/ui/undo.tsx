/** The line at the foot of the window that says what was just done and offers to take it back. */

import { Button, CloseButton, Kbd } from '@mantine/core';
import { IconArrowBackUp } from '@tabler/icons-react';
import { type ReactNode, useEffect, useState } from 'react';
import { forget, takeBack, undoable, useDone } from '../lib/undo';
import { t } from '../texts/pages';
import { Failure } from './parts';

/** How long it is said. Time stands still while it is pointed at or has the focus. */
const SAID_MS = 12_000;

/** The line, for the frame of all pages; it says nothing most of the time. */
export function UndoBar() {
  const done = useDone();
  const [held, setHeld] = useState(false);
  const number = done?.number;
  const failed = done?.error !== undefined;
  useEffect(() => {
    // A refusal stays until it was read.
    if (number === undefined || held || failed) return;
    const timer = setTimeout(() => forget(number), SAID_MS);
    return () => clearTimeout(timer);
  }, [number, held, failed]);
  // Who signs out takes the offer along.
  useEffect(() => () => forget(), []);
  useEffect(() => {
    if (number === undefined) setHeld(false);
  }, [number]);
  return (
    <div className="undo" role="status">
      {done && (
        // biome-ignore lint/a11y/noStaticElementInteractions: pointing at it only keeps it from going away.
        <div
          className="undo-line"
          onMouseEnter={() => setHeld(true)}
          onMouseLeave={() => setHeld(false)}
          onFocus={() => setHeld(true)}
          onBlur={() => setHeld(false)}
        >
          {failed ? <Failure error={done.error} /> : <span className="grow">{done.text}</span>}
          {done.back && (
            <Button
              variant="default"
              leftSection={<IconArrowBackUp size={16} aria-hidden />}
              rightSection={
                <Kbd aria-hidden visibleFrom="sm">
                  U
                </Kbd>
              }
              aria-keyshortcuts="U"
              onClick={() => void takeBack(t.undo.undone)}
            >
              {t.undo.undo}
            </Button>
          )}
          <CloseButton aria-label={t.close} onClick={() => forget()} />
        </div>
      )}
    </div>
  );
}

/** A button for something that has an opposite: it is done at once, and can be taken back. */
export function UndoableButton(props: {
  label: string;
  /** What the button is called where its label alone does not say which object it means. */
  named?: string;
  /** What is said when it is done; names the object. */
  done: string;
  act: () => Promise<unknown>;
  back: () => Promise<unknown>;
  icon?: ReactNode;
  /** The key that presses it. */
  shortcut?: string;
}) {
  const [busy, setBusy] = useState(false);
  const click = async () => {
    setBusy(true);
    await undoable(props.done, props.act, props.back);
    setBusy(false);
  };
  return (
    <Button
      variant="default"
      leftSection={props.icon}
      loading={busy}
      aria-label={props.named}
      aria-keyshortcuts={props.shortcut}
      onClick={click}
    >
      {props.label}
    </Button>
  );
}
