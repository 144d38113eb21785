/** A task or plan: its name with a link, and the buttons that pause and delete it. */

import { IconPlayerPause, IconPlayerPlay, IconTrash } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { executableName } from '../api/pages';
import { ConfirmButton } from './parts';
import { UndoableButton } from './undo';

/** The name of a task or plan, once it is known; asked for where it can be seen. */
export function useExecutableName(id: string | undefined, plan: boolean): string | undefined {
  return useQuery({ ...executableName(id ?? '', plan), enabled: Boolean(id) }).data;
}

/** The same as text; its id while the name is on its way, or when it is gone. */
export function ExecutableName({ id, plan }: { id: string; plan: boolean }) {
  return useExecutableName(id, plan) ?? id;
}

/** The link. */
export function ExecutableLink(props: { id: string; plan: boolean; row?: boolean }) {
  const name = useExecutableName(props.id, props.plan) ?? props.id;
  const look = props.row ? 'row-link' : undefined;
  return props.plan ? (
    <Link className={look} to="/plans/$id" params={{ id: props.id }}>
      {name}
    </Link>
  ) : (
    <Link className={look} to="/tasks/$id" params={{ id: props.id }}>
      {name}
    </Link>
  );
}

/** What the buttons say. */
interface Texts {
  pause: string;
  resume: string;
  pauseDone: (name: string) => string;
  resumeDone: (name: string) => string;
  delete: string;
  deleteAsk: (name: string) => string;
  deleteHint: string;
}

/** The buttons that pause or resume it, and that delete it; each is left out for those who may not. */
export function PauseAndDelete(props: {
  name: string;
  paused: boolean;
  texts: Texts;
  /** Why it is paused, which is said again when it is paused again. */
  why?: string | null;
  pause?: (paused: boolean, why?: string) => Promise<unknown>;
  remove?: () => Promise<unknown>;
}) {
  const { name, paused, texts, pause, remove } = props;
  return (
    <>
      {pause && (
        <UndoableButton
          label={paused ? texts.resume : texts.pause}
          done={paused ? texts.resumeDone(name) : texts.pauseDone(name)}
          act={() => pause(!paused)}
          back={() => pause(paused, props.why ?? undefined)}
          shortcut="P"
          icon={paused ? <IconPlayerPlay size={16} aria-hidden /> : <IconPlayerPause size={16} aria-hidden />}
        />
      )}
      {remove && (
        <ConfirmButton
          label={texts.delete}
          question={texts.deleteAsk(name)}
          hint={texts.deleteHint}
          act={remove}
          icon={<IconTrash size={16} aria-hidden />}
          danger
        />
      )}
    </>
  );
}
