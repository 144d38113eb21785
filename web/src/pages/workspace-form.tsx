/** Making and changing workspaces. */

import { Stack, Switch, Text, TextInput } from '@mantine/core';
import { useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { body, core } from '../api/client';
import type { Workspace } from '../api/queries';
import { infra } from '../texts/infra';
import { t } from '../texts/pages';
import { FormFoot, Meanwhile, useDraft, useSubmit } from '../ui/form';
import { LoginInput } from '../ui/pickers';

const w = infra.workspaces;

/** The form for a new one. */
export function NewWorkspace({ environmentId, close }: { environmentId: string; close: () => void }) {
  const queries = useQueryClient();
  const [name, setName] = useState('');
  const [description, setDescription] = useState('');
  const [owner, setOwner] = useState('');
  const form = useSubmit('name', 'description', 'owner');
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
    <form onSubmit={form.send(make)}>
      <Stack>
        <Text className="muted">{w.newHint}</Text>
        <TextInput
          label={t.name}
          value={name}
          onChange={(event) => setName(event.currentTarget.value)}
          error={form.at('name')}
          required
          data-autofocus
        />
        <TextInput
          label={t.description}
          value={description}
          onChange={(event) => setDescription(event.currentTarget.value)}
          error={form.at('description')}
        />
        <LoginInput
          label={w.owner}
          description={infra.environments.ownerHint}
          value={owner}
          change={setOwner}
          error={form.at('owner')}
        />
        <FormFoot form={form} label={t.create} close={close} />
      </Stack>
    </form>
  );
}

/** The form for one that exists. */
export function EditWorkspace({ it, gone, close }: { it: Workspace; gone: boolean; close: () => void }) {
  const queries = useQueryClient();
  const draft = useDraft({
    name: it.name ?? '',
    description: it.description ?? '',
    owner: it.owner ?? '',
    protectedArtifactUpdate: it.protectedArtifactUpdate ?? false,
  });
  const form = useSubmit('name', 'description', 'owner', 'protectedArtifactUpdate');
  const store = async () => {
    await body(
      core.PUT('/orchestration/workspaces/{id}', { params: { path: { id: it.id ?? '' } }, body: draft.value }),
    );
    await queries.invalidateQueries({ queryKey: ['objects'] });
    close();
  };
  return (
    <form onSubmit={form.send(store)}>
      <Stack>
        <Meanwhile draft={draft} gone={gone} />
        <TextInput
          label={t.name}
          value={draft.value.name}
          onChange={(event) => draft.set({ name: event.currentTarget.value })}
          error={form.at('name')}
          required
          data-autofocus
        />
        <TextInput
          label={t.description}
          value={draft.value.description}
          onChange={(event) => draft.set({ description: event.currentTarget.value })}
          error={form.at('description')}
        />
        <LoginInput
          label={w.owner}
          value={draft.value.owner}
          change={(owner) => draft.set({ owner })}
          error={form.at('owner')}
          required
        />
        <Switch
          label={w.protect}
          description={w.protectHint}
          checked={draft.value.protectedArtifactUpdate}
          onChange={(event) => draft.set({ protectedArtifactUpdate: event.currentTarget.checked })}
        />
        <FormFoot form={form} label={t.save} close={close} disabled={gone} />
      </Stack>
    </form>
  );
}
