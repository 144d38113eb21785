/** Making a copy of a task, here or in another workspace of its environment. */

import { Stack, Text } from '@mantine/core';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { Link, useNavigate } from '@tanstack/react-router';
import { useState } from 'react';
import { body, core } from '../api/client';
import { artifactVersion, runConfig, type Task } from '../api/queries';
import { useWorkspacesWith } from '../app/context';
import { copyOf, howOf, storeHow } from '../lib/task-form';
import { b } from '../texts/bulk';
import { CopyFields } from '../ui/copy-fields';
import { FormFoot, useAct } from '../ui/fields';
import { isSecret, ParameterFields } from '../ui/parameters';
import { Dialog, Failure, Notice } from '../ui/parts';

/** The dialog. */
export function CopyTask({ it, close }: { it: Task; close: () => void }) {
  const queries = useQueryClient();
  const navigate = useNavigate();
  const act = useAct('name', 'workspaceId');
  const places = useWorkspacesWith('AUTHOR');
  const version = useQuery(artifactVersion(it.artifact.id, it.artifact.version));
  const config = useQuery(runConfig(it.id));
  const own = places.some((one) => one.id === it.workspace?.id) ? (it.workspace?.id ?? null) : null;
  const [name, setName] = useState(b.copy.name(it.name));
  const [workspace, setWorkspace] = useState<string | null>(own);
  const [typed, setTyped] = useState<Record<string, string>>({});
  const [made, setMade] = useState<string>();
  const secrets = (version.data?.parameters ?? []).filter(
    (one) => isSecret(one.type) && one.name in (it.parameters ?? {}),
  );
  const make = async () => {
    const wish = copyOf(it, { name: name.trim(), workspaceId: workspace ?? '', secrets: typed });
    const id = made ?? (await body(core.POST('/orchestration/executables/tasks', { body: wish }))).id;
    setMade(id);
    await storeHow(id, howOf(config.data), undefined);
    await queries.invalidateQueries({ queryKey: ['objects'] });
    close();
    await navigate({ to: '/tasks/$id', params: { id } });
  };
  return (
    <Dialog open close={close} title={b.copy.task(it.name)}>
      <form onSubmit={act.send(make)} noValidate>
        <Stack>
          <Text className="muted">{b.copy.hint}</Text>
          <CopyFields
            act={act}
            name={name}
            setName={setName}
            workspace={workspace}
            setWorkspace={setWorkspace}
            made={made !== undefined}
          />
          {version.error && <Failure error={version.error} retry={() => version.refetch()} />}
          {secrets.length > 0 && (
            <>
              <Text className="muted">{b.copy.secrets}</Text>
              <ParameterFields declared={secrets} values={typed} change={setTyped} />
            </>
          )}
          {made !== undefined && act.error !== undefined && (
            <Notice tone="warn" title={b.copy.halfDone}>
              <Link to="/tasks/$id" params={{ id: made }}>
                {b.copy.open}
              </Link>
            </Notice>
          )}
          <FormFoot act={act} label={b.copy.make} close={close} disabled={!workspace || config.isPending} />
        </Stack>
      </form>
    </Dialog>
  );
}
