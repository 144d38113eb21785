/** Making and changing workspaces. */

import { Stack, Switch, Text } from '@mantine/core';
import { useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { body, core } from '../api/client';
import type { Workspace } from '../api/queries';
import { infra } from '../texts/infra';
import { t } from '../texts/pages';
import { FormFoot, Meanwhile, NameFields, useAct, useDraft, useFields } from '../ui/fields';
import { LoginInput } from '../ui/pickers';

const w = infra.workspaces;

/** The form for a new one. */
export function NewWorkspace({ environmentId, close }: { environmentId: string; close: () => void }) {
  const queries = useQueryClient();
  const typed = useFields({ name: '', description: '' });
  const { name, description } = typed.draft;
  const [owner, setOwner] = useState('');
  const act = useAct('name', 'description', 'owner');
  const make = async () => {
    await body(
      core.POST('/orchestration/workspaces', {
        body: { name, environmentId, description: description || undefined, owner: owner || undefined },
      }),
    );
    await queries.invalidateQueries({ queryKey: ['objects'] });
    close();
  };
  return (
    <form onSubmit={act.send(make)}>
      <Stack>
        <Text className="muted">{w.newHint}</Text>
        <NameFields edit={typed} act={act} />
        <LoginInput
          label={w.owner}
          description={infra.environments.ownerHint}
          value={owner}
          change={setOwner}
          error={act.at('owner')}
        />
        <FormFoot act={act} label={t.create} close={close} />
      </Stack>
    </form>
  );
}

/** The form for one that exists. */
export function EditWorkspace({ it, gone, close }: { it: Workspace; gone: boolean; close: () => void }) {
  const queries = useQueryClient();
  const edit = useDraft({
    name: it.name ?? '',
    description: it.description ?? '',
    owner: it.owner ?? '',
    protectedArtifactUpdate: it.protectedArtifactUpdate ?? false,
  });
  const act = useAct('name', 'description', 'owner', 'protectedArtifactUpdate');
  const store = async () => {
    await body(core.PUT('/orchestration/workspaces/{id}', { params: { path: { id: it.id ?? '' } }, body: edit.draft }));
    await queries.invalidateQueries({ queryKey: ['objects'] });
    close();
  };
  return (
    <form onSubmit={act.send(store)}>
      <Stack>
        <Meanwhile edit={edit} gone={gone} />
        <NameFields edit={edit} act={act} />
        <LoginInput
          label={w.owner}
          value={edit.draft.owner}
          change={(owner) => edit.patch({ owner })}
          error={act.at('owner')}
          required
        />
        <Switch
          label={w.protect}
          description={w.protectHint}
          checked={edit.draft.protectedArtifactUpdate}
          onChange={(event) => edit.patch({ protectedArtifactUpdate: event.currentTarget.checked })}
        />
        <FormFoot act={act} label={t.save} close={close} disabled={gone} />
      </Stack>
    </form>
  );
}
