/** Changing and removing run profiles of Gen2 engines that hold settings of Spark. */

import { Group, Stack, Text, Textarea } from '@mantine/core';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { raw } from '../api/client';
import type { ProfileLine } from '../api/infra';
import { GEN2_KINDS, parsed, settingsOf } from '../lib/gen2-settings';
import { infra } from '../texts/infra';
import { t } from '../texts/pages';
import { FormFoot, Meanwhile, NameFields, useAct, useDraft } from '../ui/fields';
import { ConfirmButton, Failure, Waiting } from '../ui/parts';

const p = infra.profiles;

interface Gen2Profile {
  name: string;
  description?: string;
}

/** Where profiles of a kind of one engine are. */
export function gen2Path(engineId: string, kind: string): string {
  const part = GEN2_KINDS[kind] ?? kind;
  return `/processing/runtimes/pipeline-engines/${encodeURIComponent(engineId)}/run-profiles/${part}`;
}

/** Sends name, description and settings. */
export async function sendGen2(
  method: 'POST' | 'PUT',
  path: string,
  about: { name: string; description: string; text: string },
): Promise<void> {
  const found = parsed(about.text);
  if ('wrong' in found) throw new Error(found.wrong);
  const { name, description } = about;
  await raw(path, {
    method,
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ ...found.settings, name, description: description || undefined }),
  });
}

/** The text of the settings, checked as it is typed. */
export function SettingsField(props: { value: string; change: (text: string) => void; error?: string }) {
  const found = parsed(props.value);
  return (
    <Textarea
      label={p.settings}
      description={p.settingsHint}
      value={props.value}
      onChange={(event) => props.change(event.currentTarget.value)}
      error={'wrong' in found ? found.wrong : props.error}
      autosize
      minRows={6}
      maxRows={18}
      spellCheck={false}
      classNames={{ input: 'mono' }}
    />
  );
}

function Edit(props: { line: ProfileLine; it: Gen2Profile; gone: boolean; close: () => void }) {
  const { line, it, gone, close } = props;
  const queries = useQueryClient();
  const edit = useDraft({ name: it.name, description: it.description ?? '', text: settingsOf(it) });
  const act = useAct('name', 'description');
  const path = `${gen2Path(line.processorId, line.runProfileType)}/${encodeURIComponent(line.id)}`;
  const store = async () => {
    await sendGen2('PUT', path, edit.draft);
    await queries.invalidateQueries({ queryKey: ['objects'] });
    close();
  };
  const remove = async () => {
    await raw(path, { method: 'DELETE' });
    close();
    await queries.invalidateQueries({ queryKey: ['objects', 'profiles'] });
  };
  return (
    <form onSubmit={act.send(store)}>
      <Stack>
        <Meanwhile edit={edit} gone={gone} />
        <Text className="muted">{p.gen2Hint}</Text>
        <NameFields edit={edit} act={act} />
        <SettingsField value={edit.draft.text} change={(text) => edit.patch({ text })} />
        <Group justify="space-between" align="flex-end">
          <ConfirmButton label={p.delete} question={p.deleteAsk(it.name)} act={remove} />
          <FormFoot act={act} label={t.save} close={close} disabled={gone || 'wrong' in parsed(edit.draft.text)} />
        </Group>
      </Stack>
    </form>
  );
}

/** The form for one that exists. */
export function EditGen2Profile({ line, close }: { line: ProfileLine; close: () => void }) {
  const path = `${gen2Path(line.processorId, line.runProfileType)}/${encodeURIComponent(line.id)}`;
  const one = useQuery({ queryKey: ['objects', 'gen2-profile', line.id], queryFn: () => raw<Gen2Profile>(path) });
  if (!one.data) return one.error ? <Failure error={one.error} /> : <Waiting />;
  return <Edit line={line} it={one.data} gone={one.error !== null} close={close} />;
}
