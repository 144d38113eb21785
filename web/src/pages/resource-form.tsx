/** Uploading and changing resources. */

import { Button, FileButton, Group, SegmentedControl, Stack, Text, TextInput } from '@mantine/core';
import { IconUpload } from '@tabler/icons-react';
import { useQueryClient } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { useState } from 'react';
import { body, core } from '../api/client';
import type { Resource } from '../api/infra';
import { useScope } from '../app/context';
import { infra, size } from '../texts/infra';
import { t } from '../texts/pages';
import { FormFoot, Meanwhile, NameFields, useAct, useDraft } from '../ui/fields';
import { WorkspaceSelect } from '../ui/pickers';
import { Sending, useUpload } from '../ui/upload';

const r = infra.resources;
/** The published 100 MiB with their tolerance of 5 %. */
const LARGEST = 105 * 1024 * 1024;

/** What keeps a file from being uploaded; undefined when nothing does. */
export function refusal(file: { name: string; size: number } | undefined, folder: boolean): string | undefined {
  if (!file) return undefined;
  if (file.size > LARGEST) return r.tooLarge(size(file.size));
  if (folder && !file.name.toLowerCase().endsWith('.zip')) return r.needsZip;
  return undefined;
}

function FileField(props: { file: File | undefined; folder: boolean; change: (file: File) => void; error?: string }) {
  const wrong = refusal(props.file, props.folder) ?? props.error;
  return (
    <div>
      <Group gap="sm">
        <FileButton
          onChange={(file) => file && props.change(file)}
          accept={props.folder ? '.zip,application/zip' : undefined}
        >
          {(button) => (
            <Button variant="default" leftSection={<IconUpload size={16} aria-hidden />} {...button}>
              {r.choose}
            </Button>
          )}
        </FileButton>
        {props.file && <span>{r.chosen(props.file.name, size(props.file.size))}</span>}
      </Group>
      <Text
        size="sm"
        mt={4}
        className={wrong ? undefined : 'muted'}
        c={wrong ? 'var(--s-bad)' : undefined}
        role="status"
      >
        {wrong ?? r.limit}
      </Text>
    </div>
  );
}

/** The form for a new one. */
export function NewResource({ close }: { close: () => void }) {
  const scope = useScope();
  const queries = useQueryClient();
  const navigate = useNavigate();
  const [name, setName] = useState('');
  const [description, setDescription] = useState('');
  const [kind, setKind] = useState('file');
  const [workspace, setWorkspace] = useState<string | null>(scope.workspace?.id ?? scope.workspaces[0]?.id ?? null);
  const [file, setFile] = useState<File>();
  const act = useAct('name', 'description', 'workspaceId', 'file');
  const uploading = useUpload();
  const folder = kind === 'folder';
  const make = async () => {
    if (!file) return;
    const parts = new FormData();
    const about = { name, description: description || undefined, workspaceId: workspace, file: !folder };
    parts.append('resource', JSON.stringify(about));
    parts.append('file', file, file.name);
    const made = await uploading.send<Resource>({ method: 'POST', path: '/orchestration/resources', body: parts });
    await queries.invalidateQueries({ queryKey: ['objects', 'resource-page'] });
    await navigate({ to: '/manage/resources/$id', params: { id: made.id } });
  };
  return (
    <form onSubmit={act.send(make)}>
      <Stack>
        <Text className="muted">{r.newHint}</Text>
        <SegmentedControl
          aria-label={r.kind}
          data={[
            { value: 'file', label: r.file },
            { value: 'folder', label: r.folder },
          ]}
          value={kind}
          onChange={setKind}
        />
        <Text size="sm" className="muted">
          {folder ? r.folderHint : r.fileHint}
        </Text>
        <FileField
          file={file}
          folder={folder}
          change={(chosen) => {
            setFile(chosen);
            if (!name) setName(chosen.name);
          }}
          error={act.at('file')}
        />
        <TextInput
          label={t.name}
          value={name}
          onChange={(event) => setName(event.currentTarget.value)}
          error={act.at('name')}
          required
        />
        <TextInput
          label={t.description}
          value={description}
          onChange={(event) => setDescription(event.currentTarget.value)}
          error={act.at('description')}
        />
        <WorkspaceSelect label={t.workspace} value={workspace} change={setWorkspace} error={act.at('workspaceId')} />
        <Sending share={uploading.share} />
        <FormFoot
          act={act}
          label={r.upload}
          close={close}
          disabled={!workspace || !file || refusal(file, folder) !== undefined}
        />
      </Stack>
    </form>
  );
}

/** The form for name and description. */
export function EditResource({ it, gone, close }: { it: Resource; gone: boolean; close: () => void }) {
  const queries = useQueryClient();
  const edit = useDraft({ name: it.name, description: it.description ?? '' });
  const act = useAct('name', 'description');
  const store = async () => {
    await body(
      core.PATCH('/orchestration/resources/{resourceId}', {
        params: { path: { resourceId: it.id } },
        body: edit.draft,
      }),
    );
    await queries.invalidateQueries({ queryKey: ['objects'] });
    close();
  };
  return (
    <form onSubmit={act.send(store)}>
      <Stack>
        <Meanwhile edit={edit} gone={gone} />
        <NameFields edit={edit} act={act} />
        <FormFoot act={act} label={t.save} close={close} disabled={gone} />
      </Stack>
    </form>
  );
}

/** The form for new content. */
export function ReplaceContent({ it, close }: { it: Resource; close: (done?: boolean) => void }) {
  const [file, setFile] = useState<File>();
  const act = useAct('file');
  const uploading = useUpload();
  const folder = !it.file;
  const store = async () => {
    if (!file) return;
    const parts = new FormData();
    parts.append('file', file, file.name);
    const path = `/orchestration/resources/${encodeURIComponent(it.id)}/upload`;
    await uploading.send({ method: 'PUT', path, body: parts });
    close(true);
  };
  return (
    <form onSubmit={act.send(store)}>
      <Stack>
        <Text className="muted">
          {r.replaceHint} {folder && r.folderHint}
        </Text>
        <FileField file={file} folder={folder} change={setFile} error={act.at('file')} />
        <Sending share={uploading.share} />
        <FormFoot
          act={act}
          label={r.upload}
          close={() => close()}
          disabled={!file || refusal(file, folder) !== undefined}
        />
      </Stack>
    </form>
  );
}
