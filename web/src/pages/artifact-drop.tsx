/** Dropping the zip of a job to publish it. */

import { Button, FileButton, Group, Select, Stack, Text, TextInput } from '@mantine/core';
import { IconUpload } from '@tabler/icons-react';
import { useQueryClient } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { useState } from 'react';
import { useWorkspacesWith } from '../app/context';
import { guessed } from '../lib/archive-name';
import { t } from '../texts/pages';
import { FormFoot, useAct } from '../ui/fields';
import { Dialog } from '../ui/parts';
import { Sending, useUpload } from '../ui/upload';

/** What was published. */
export interface Published {
  id: string;
  name: string;
  version: string;
}

function PublishForm({ file, close }: { file: File; close: (done?: Published) => void }) {
  const queries = useQueryClient();
  const guess = guessed(file.name);
  const [name, setName] = useState(guess.name);
  const [version, setVersion] = useState(guess.version);
  const places = useWorkspacesWith('PUBLISH');
  const [workspace, setWorkspace] = useState<string | null>(places[0]?.id ?? null);
  const act = useAct('name', 'version', 'workspaceId');
  const uploading = useUpload();
  const publish = async () => {
    const query = new URLSearchParams({ workspaceId: workspace ?? '', name, version });
    const path = `/stoker/v1/artifacts?${query}`;
    const made = await uploading.send<{ id: string }>({ method: 'POST', path, body: file, type: 'application/zip' });
    await queries.invalidateQueries({ queryKey: ['objects'] });
    close({ id: made.id, name, version });
  };
  return (
    <form onSubmit={act.send(publish)} noValidate>
      <Stack>
        <TextInput
          label={t.name}
          value={name}
          onChange={(event) => setName(event.currentTarget.value)}
          error={act.at('name')}
          required
        />
        <TextInput
          label={t.artifacts.version}
          value={version}
          onChange={(event) => setVersion(event.currentTarget.value)}
          error={act.at('version')}
          required
        />
        <Select
          label={t.artifacts.into}
          placeholder={t.artifacts.pickWorkspace}
          data={places.map((one) => ({ value: one.id ?? '', label: one.name ?? '' }))}
          value={workspace}
          onChange={setWorkspace}
          error={act.at('workspaceId')}
        />
        <Sending share={uploading.share} />
        <FormFoot act={act} label={t.artifacts.publish} close={() => close()} disabled={!workspace} />
      </Stack>
    </form>
  );
}

/** The place to drop a zip; `done` hears what was published. */
export function Drop({ done }: { done?: (one: Published) => void }) {
  const [last, setLast] = useState<Published>();
  const [file, setFile] = useState<File>();
  const [over, setOver] = useState(false);
  const [note, setNote] = useState('');
  const take = (chosen: File | null | undefined) => {
    if (!chosen) return;
    const fits = chosen.name.toLowerCase().endsWith('.zip');
    setNote(fits ? '' : t.artifacts.notZip);
    if (fits) setFile(chosen);
  };
  return (
    <section
      className="drop"
      data-over={over}
      aria-label={t.artifacts.drop}
      onDragOver={(event) => {
        event.preventDefault();
        setOver(true);
      }}
      onDragLeave={() => setOver(false)}
      onDrop={(event) => {
        event.preventDefault();
        setOver(false);
        take(event.dataTransfer.files[0]);
      }}
    >
      <Group justify="center" gap="xs">
        <IconUpload size={20} aria-hidden />
        <span>{t.artifacts.drop}</span>
        <span className="muted">{t.artifacts.or}</span>
        <FileButton onChange={take} accept=".zip,application/zip">
          {(props) => (
            <Button variant="default" {...props}>
              {t.artifacts.choose}
            </Button>
          )}
        </FileButton>
      </Group>
      <Text role="status" size="sm" mt={note || last ? 'xs' : 0}>
        {note}
        {last && !done && (
          <>
            {t.artifacts.published(last.name, last.version)}{' '}
            <Link to="/tasks/new" search={{ artifact: last.id }}>
              {t.artifacts.newTask}
            </Link>
          </>
        )}
      </Text>
      <Dialog
        open={file !== undefined}
        close={() => setFile(undefined)}
        title={t.artifacts.publishTitle(file?.name ?? '')}
      >
        {file && (
          <PublishForm
            file={file}
            close={(one) => {
              setFile(undefined);
              setLast(one);
              if (one) done?.(one);
            }}
          />
        )}
      </Dialog>
    </section>
  );
}
