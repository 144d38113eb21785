/** Sharing of a project with a workspace, and the secret values that everybody keeps alone. */

import { Button, PasswordInput, Select } from '@mantine/core';
import { useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { keepSecrets, type Project, shareProject } from '../../api/tester';
import { useWorkspacesWith } from '../../app/context';
import type { Document } from '../../lib/tester-doc';
import { x } from '../../texts/tester';
import { FormDialog, useAct } from '../../ui/fields';

const NOBODY = 'nobody';

/** The owner's choice of a workspace. */
export function Share({ project, dirty, done }: { project: Project; dirty: boolean; done: () => Promise<void> }) {
  const queries = useQueryClient();
  const act = useAct('workspaceId');
  const places = useWorkspacesWith('AUTHOR');
  const now = project.workspaceId ?? NOBODY;
  const [open, setOpen] = useState(false);
  const [chosen, setChosen] = useState(now);
  const known = places.map((one) => ({ value: one.id ?? '', label: one.name ?? '' }));
  const elsewhere =
    now !== NOBODY && !known.some((one) => one.value === now) ? [{ value: now, label: x.elsewhere }] : [];
  return (
    <>
      <Button
        variant="default"
        disabled={dirty}
        onClick={() => {
          setChosen(now);
          setOpen(true);
        }}
      >
        {x.share}
      </Button>
      <FormDialog
        open={open}
        close={() => setOpen(false)}
        title={x.share}
        hint={x.shareHint}
        act={act}
        label={x.shareDo}
        disabled={chosen === now}
        submit={async () => {
          await shareProject(project.id, project.version, chosen === NOBODY ? undefined : chosen);
          await done();
          await queries.invalidateQueries({ queryKey: ['tester', 'projects'] });
          setOpen(false);
        }}
      >
        <Select
          label={x.shareWith}
          data={[{ value: NOBODY, label: x.nobody }, ...elsewhere, ...known]}
          value={chosen}
          onChange={(value) => value && setChosen(value)}
          error={act.at('workspaceId')}
        />
      </FormDialog>
    </>
  );
}

/** The secret variables of a project that one may not change, with one's own values. */
export function OwnSecrets(props: { project: Project; document: Document; done: () => Promise<void> }) {
  const { project } = props;
  const act = useAct('values');
  const [open, setOpen] = useState(false);
  const [typed, setTyped] = useState<Record<string, string>>({});
  const all = (props.document.environments ?? []).flatMap((environment) =>
    Object.entries(environment.variables)
      .filter(([, variable]) => variable.private)
      .map(([id, variable]) => ({
        environmentId: environment.id,
        variableId: id,
        key: `${environment.id}/${id}`,
        name: `${variable.name} (${environment.name})`,
      })),
  );
  if (all.length === 0) return null;
  return (
    <>
      <Button variant="default" onClick={() => setOpen(true)}>
        {x.ownSecrets}
      </Button>
      <FormDialog
        open={open}
        close={() => setOpen(false)}
        title={x.ownSecrets}
        hint={x.ownSecretsHint}
        act={act}
        label={x.save}
        disabled={!Object.values(typed).some((value) => value)}
        submit={async () => {
          const values = all
            .filter((one) => typed[one.key])
            .map(({ environmentId, variableId, key }) => ({ environmentId, variableId, value: typed[key] }));
          await keepSecrets(project.id, values);
          setTyped({});
          await props.done();
          setOpen(false);
        }}
      >
        {all.map((one) => (
          <PasswordInput
            key={one.key}
            label={one.name}
            value={typed[one.key] ?? ''}
            placeholder={project.secrets.includes(one.variableId) ? x.kept : x.value}
            autoComplete="off"
            onChange={(event) => setTyped({ ...typed, [one.key]: event.currentTarget.value })}
          />
        ))}
      </FormDialog>
    </>
  );
}
