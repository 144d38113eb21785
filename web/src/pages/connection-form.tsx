/** Making and changing connections. */

import {
  ActionIcon,
  Autocomplete,
  Button,
  Checkbox,
  Group,
  PasswordInput,
  Stack,
  Text,
  TextInput,
} from '@mantine/core';
import { IconPlus, IconTrash } from '@tabler/icons-react';
import { useQueryClient } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { useState } from 'react';
import { body, core } from '../api/client';
import type { Connection, ConnectionParameter } from '../api/infra';
import { useScope } from '../app/context';
import { infra } from '../texts/infra';
import { t } from '../texts/pages';
import { type Act, FormFoot, Meanwhile, useAct, useDraft } from '../ui/fields';
import { WorkspaceSelect } from '../ui/pickers';

const c = infra.connections;
/** Names of applications that jobs know; any other is possible. */
const APPS = ['Custom', 'Salesforce', 'Snowflake', 'PostgreSQL', 'MySQL', 'Oracle', 'SFTP', 'Amazon S3', 'Kafka'];

interface Row {
  key: number;
  name: string;
  value: string;
  encrypted: boolean;
  /** Whether the server keeps a secret for it already. */
  kept: boolean;
}

function rowsOf(parameters: ConnectionParameter[]): Row[] {
  return parameters.map((one, key) => ({
    key,
    name: one.name,
    value: one.value ?? '',
    encrypted: one.encrypted ?? false,
    kept: one.encrypted ?? false,
  }));
}

function parametersOf(rows: Row[]): ConnectionParameter[] {
  return rows.map(({ name, value, encrypted }) => ({ name, value, encrypted }));
}

function ParameterRows({ rows, change, act }: { rows: Row[]; change: (rows: Row[]) => void; act: Act }) {
  const set = (key: number, part: Partial<Row>) =>
    change(rows.map((row) => (row.key === key ? { ...row, ...part } : row)));
  const add = () => {
    const key = Math.max(-1, ...rows.map((row) => row.key)) + 1;
    change([...rows, { key, name: '', value: '', encrypted: false, kept: false }]);
  };
  return (
    <Stack gap="xs">
      <Text fw={600}>{c.parameters}</Text>
      <div className="pairs">
        {rows.map((row, index) => (
          <div key={row.key}>
            <TextInput
              aria-label={c.parameterName(index + 1)}
              placeholder={t.name}
              value={row.name}
              onChange={(event) => set(row.key, { name: event.currentTarget.value })}
              error={act.at(`parameters[${index}].name`)}
              required
            />
            {row.encrypted ? (
              <PasswordInput
                aria-label={c.parameterValue(index + 1)}
                placeholder={row.kept ? c.kept : undefined}
                value={row.value}
                onChange={(event) => set(row.key, { value: event.currentTarget.value })}
                error={act.at(`parameters[${index}].value`)}
                autoComplete="new-password"
                visibilityToggleButtonProps={{ 'aria-label': t.signIn.show }}
              />
            ) : (
              <TextInput
                aria-label={c.parameterValue(index + 1)}
                value={row.value}
                onChange={(event) => set(row.key, { value: event.currentTarget.value })}
                error={act.at(`parameters[${index}].value`)}
              />
            )}
            <Checkbox
              label={c.secret}
              aria-label={c.parameterSecret(index + 1)}
              checked={row.encrypted}
              onChange={(event) => set(row.key, { encrypted: event.currentTarget.checked, kept: false })}
            />
            <ActionIcon
              variant="subtle"
              color="gray"
              aria-label={c.removeParameter(row.name || String(index + 1))}
              onClick={() => change(rows.filter((one) => one.key !== row.key))}
            >
              <IconTrash size={16} aria-hidden />
            </ActionIcon>
          </div>
        ))}
      </div>
      <Group>
        <Button variant="default" leftSection={<IconPlus size={16} aria-hidden />} onClick={add}>
          {c.addParameter}
        </Button>
      </Group>
      <Text size="sm" className="muted">
        {c.secretHint}
      </Text>
    </Stack>
  );
}

/** The form for a new one. */
export function NewConnection({ close }: { close: () => void }) {
  const scope = useScope();
  const queries = useQueryClient();
  const navigate = useNavigate();
  const [name, setName] = useState('');
  const [app, setApp] = useState('Custom');
  const [workspace, setWorkspace] = useState<string | null>(scope.workspace?.id ?? scope.workspaces[0]?.id ?? null);
  const [rows, setRows] = useState<Row[]>([{ key: 0, name: '', value: '', encrypted: false, kept: false }]);
  const act = useAct(
    'name',
    'app',
    'workspaceId',
    ...rows.flatMap((_, n) => [`parameters[${n}].name`, `parameters[${n}].value`]),
  );
  const make = async () => {
    const made = await body(
      core.POST('/orchestration/connections', {
        body: { name, app, workspaceId: workspace ?? '', parameters: parametersOf(rows) },
      }),
    );
    await queries.invalidateQueries({ queryKey: ['objects', 'connection-page'] });
    await navigate({ to: '/manage/connections/$id', params: { id: made.id } });
  };
  return (
    <form onSubmit={act.send(make)}>
      <Stack>
        <Text className="muted">{c.newHint}</Text>
        <TextInput
          label={t.name}
          value={name}
          onChange={(event) => setName(event.currentTarget.value)}
          error={act.at('name')}
          required
          data-autofocus
        />
        <Autocomplete
          label={c.app}
          description={c.appHint}
          data={APPS}
          value={app}
          onChange={setApp}
          error={act.at('app')}
          required
        />
        <WorkspaceSelect label={t.workspace} value={workspace} change={setWorkspace} error={act.at('workspaceId')} />
        <ParameterRows rows={rows} change={setRows} act={act} />
        <FormFoot act={act} label={t.create} close={close} disabled={!workspace} />
      </Stack>
    </form>
  );
}

/** The form for one that exists. */
export function EditConnection({ it, gone, close }: { it: Connection; gone: boolean; close: () => void }) {
  const queries = useQueryClient();
  const edit = useDraft({ name: it.name, rows: rowsOf(it.parameters) });
  const { rows } = edit.draft;
  const act = useAct('name', ...rows.flatMap((_, n) => [`parameters[${n}].name`, `parameters[${n}].value`]));
  const store = async () => {
    await body(
      core.PUT('/orchestration/connections/{connectionId}', {
        params: { path: { connectionId: it.id } },
        body: { name: edit.draft.name, parameters: parametersOf(rows) },
      }),
    );
    await queries.invalidateQueries({ queryKey: ['objects'] });
    close();
  };
  return (
    <form onSubmit={act.send(store)}>
      <Stack>
        <Meanwhile edit={edit} gone={gone} />
        <TextInput
          label={t.name}
          value={edit.draft.name}
          onChange={(event) => edit.patch({ name: event.currentTarget.value })}
          error={act.at('name')}
          required
          data-autofocus
        />
        <ParameterRows rows={rows} change={(next) => edit.patch({ rows: next })} act={act} />
        <FormFoot act={act} label={t.save} close={close} disabled={gone} />
      </Stack>
    </form>
  );
}
