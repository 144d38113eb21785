/** The fields of every copy. */

import { TextInput } from '@mantine/core';
import { b } from '../texts/bulk';
import { t } from '../texts/pages';
import type { useAct } from './fields';
import { RightfulWorkspace } from './pickers';

/** What the copy is called and where it lies. Both stay as they are once it is `made`. */
export function CopyFields(props: {
  act: ReturnType<typeof useAct>;
  name: string;
  setName: (name: string) => void;
  workspace: string | null;
  setWorkspace: (id: string | null) => void;
  made: boolean;
}) {
  const { act, made } = props;
  return (
    <>
      <TextInput
        label={t.name}
        value={props.name}
        onChange={(event) => props.setName(event.currentTarget.value)}
        error={act.at('name')}
        disabled={made}
        required
        data-autofocus
      />
      <RightfulWorkspace
        label={b.copy.into}
        right="AUTHOR"
        value={props.workspace}
        change={props.setWorkspace}
        error={act.at('workspaceId')}
        disabled={made}
      />
    </>
  );
}
