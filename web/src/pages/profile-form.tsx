/** Making, changing and removing run profiles that hold arguments of a Java machine. */

import { Group, Select, Stack, Text, Textarea } from '@mantine/core';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { body, core } from '../api/client';
import { gen2Engines, type Profile, profile, profilesOf } from '../api/infra';
import { clusters, engines } from '../api/queries';
import { useScope } from '../app/context';
import { beginning, GEN2_KINDS } from '../lib/gen2-settings';
import { infra } from '../texts/infra';
import { t } from '../texts/pages';
import { FormFoot, Meanwhile, NameFields, useAct, useDraft, useFields } from '../ui/fields';
import { ConfirmButton, Facts, Failure, Waiting } from '../ui/parts';
import { ofEnvironment } from './engines';
import { gen2Path, SettingsField, sendGen2 } from './gen2-profile';

const p = infra.profiles;
const JOB_KINDS = ['JOB_SERVER', 'MICROSERVICE', 'TALEND_RUNTIME'] as const;
type JobKind = (typeof JOB_KINDS)[number];
const GEN2 = ['JOB_SERVER', ...Object.keys(GEN2_KINDS)];

/** Each line that is not empty. */
export function lines(text: string): string[] {
  return text
    .split('\n')
    .map((line) => line.trim())
    .filter(Boolean);
}

function Arguments(props: { value: string; change: (value: string) => void; error?: string }) {
  return (
    <Textarea
      label={p.arguments}
      description={p.argumentsHint}
      value={props.value}
      onChange={(event) => props.change(event.currentTarget.value)}
      error={props.error}
      autosize
      minRows={3}
      maxRows={12}
      spellCheck={false}
      classNames={{ input: 'mono' }}
    />
  );
}

/** The owner a new profile is for, when the page knows it. */
export interface Owner {
  kind: 'engine' | 'cluster';
  id: string;
}

/** The form for a new one. */
export function NewProfile({ owner, close }: { owner?: Owner; close: () => void }) {
  const scope = useScope();
  const queries = useQueryClient();
  const all = useQuery(engines());
  const groups = useQuery(clusters());
  const other = useQuery(gen2Engines());
  const here = scope.environment?.id;
  const single = ofEnvironment(all.data, here);
  const joint = (groups.data ?? []).filter((one) => one.workspace?.environment?.id === here);
  const gen2 = (other.data ?? []).filter((one) => one.workspace?.environment?.id === here);
  const [of, setOf] = useState<string | null>(owner?.id ?? null);
  const typed = useFields({ name: '', description: '' });
  const { name, description } = typed.draft;
  const [kind, setKind] = useState<string>('JOB_SERVER');
  const [text, setText] = useState('');
  const [settings, setSettings] = useState('');
  const act = useAct('name', 'description', 'jvmArguments', 'type', 'runtimeId', 'processorType');
  const isGen2 = gen2.some((one) => one.id === of);
  const item = (one: { id: string; name: string }) => ({ value: one.id, label: one.name });
  const spark = isGen2 && kind in GEN2_KINDS;
  const choose = (chosen: string) => {
    setKind(chosen);
    setSettings(beginning(chosen));
  };
  const make = async () => {
    if (spark) {
      await sendGen2('POST', gen2Path(of ?? '', kind), { name, description, text: settings });
      await queries.invalidateQueries({ queryKey: ['objects'] });
      close();
      return;
    }
    const isCluster = owner ? owner.kind === 'cluster' : joint.some((one) => one.id === of);
    const processorType = isGen2 ? 'GEN_2' : isCluster ? 'REC' : 'RE';
    await body(
      core.POST('/processing/run-profiles', {
        body: {
          name,
          description: description || undefined,
          type: isGen2 ? 'JOB_SERVER' : (kind as JobKind),
          processorType,
          runtimeId: of ?? '',
          jvmArguments: lines(text),
        },
      }),
    );
    await queries.invalidateQueries({ queryKey: ['objects'] });
    close();
  };
  return (
    <form onSubmit={act.send(make)}>
      <Stack>
        <Text className="muted">{p.newHint}</Text>
        {!owner && (
          <Select
            label={p.of}
            placeholder={p.pickOf}
            data={[
              { group: p.groups.engines, items: single.map(item) },
              { group: p.groups.clusters, items: joint.map(item) },
              { group: p.groups.gen2, items: gen2.map(item) },
            ].filter((group) => group.items.length > 0)}
            value={of}
            onChange={(id) => {
              setOf(id);
              setKind('JOB_SERVER');
            }}
            error={act.at('runtimeId') ?? act.at('processorType')}
            searchable
            required
          />
        )}
        <NameFields edit={typed} act={act} />
        <Select
          label={p.kind}
          data={(isGen2 ? GEN2 : [...JOB_KINDS]).map((value) => ({ value, label: p.kinds[value] ?? value }))}
          value={kind}
          onChange={(one) => one && choose(one)}
          error={act.at('type')}
        />
        {isGen2 && <Text className="muted">{p.gen2Hint}</Text>}
        {spark ? (
          <SettingsField value={settings} change={setSettings} />
        ) : (
          <Arguments value={text} change={setText} error={act.at('jvmArguments')} />
        )}
        <FormFoot act={act} label={t.create} close={close} disabled={!of} />
      </Stack>
    </form>
  );
}

function Edit({ it, gone, close }: { it: Profile; gone: boolean; close: () => void }) {
  const queries = useQueryClient();
  const edit = useDraft({ name: it.name, description: it.description ?? '', text: it.jvmArguments.join('\n') });
  const act = useAct('name', 'description', 'jvmArguments');
  const store = async () => {
    await body(
      core.PUT('/processing/run-profiles/{id}', {
        params: { path: { id: it.id } },
        body: {
          name: edit.draft.name,
          description: edit.draft.description,
          jvmArguments: lines(edit.draft.text),
        },
      }),
    );
    await queries.invalidateQueries({ queryKey: ['objects'] });
    close();
  };
  return (
    <form onSubmit={act.send(store)}>
      <Stack>
        <Meanwhile edit={edit} gone={gone} />
        <Facts rows={[[p.kind, p.kinds[it.type ?? it.runProfileType ?? ''] ?? it.type ?? '–']]} />
        <NameFields edit={edit} act={act} />
        <Arguments value={edit.draft.text} change={(text) => edit.patch({ text })} error={act.at('jvmArguments')} />
        <Group justify="space-between" align="flex-end">
          <Remove it={it} done={close} />
          <FormFoot act={act} label={t.save} close={close} disabled={gone} />
        </Group>
      </Stack>
    </form>
  );
}

function Remove({ it, done }: { it: Profile; done: () => void }) {
  const queries = useQueryClient();
  const owner = it.processorType === 'REC' ? 'cluster' : 'engine';
  const known = it.processorType === 'RE' || it.processorType === 'REC';
  const siblings = useQuery({ ...profilesOf(owner, it.processorId), enabled: known });
  const [instead, setInstead] = useState<string | null>(null);
  const others = (siblings.data ?? []).filter((one) => one.id !== it.id);
  const remove = async () => {
    await body(
      core.DELETE('/processing/run-profiles/{id}', {
        params: { path: { id: it.id }, query: { rescheduleRunProfileId: instead ?? undefined } },
      }),
    );
    done();
    await queries.invalidateQueries({ queryKey: ['objects', 'profiles'] });
    await queries.invalidateQueries({ queryKey: ['objects', 'profiles-of'] });
  };
  return (
    <Group align="flex-end" gap="xs">
      {others.length > 0 && (
        <Select
          label={p.replace}
          placeholder={p.noReplacement}
          data={others.map((one) => ({ value: one.id ?? '', label: one.name ?? '' }))}
          value={instead}
          onChange={setInstead}
          clearable
          clearButtonProps={{ 'aria-label': p.noReplacement }}
        />
      )}
      <ConfirmButton label={p.delete} question={p.deleteAsk(it.name)} act={remove} />
    </Group>
  );
}

/** The form for one that exists. */
export function EditProfile({ id, close }: { id: string; close: () => void }) {
  const one = useQuery(profile(id));
  if (!one.data) return one.error ? <Failure error={one.error} /> : <Waiting />;
  return <Edit it={one.data} gone={one.error !== null} close={close} />;
}
