/** One's own projects of API tests and those of one's workspaces: make, import, open. */

import { Button, FileInput, Group, Stack, Textarea, TextInput } from '@mantine/core';
import { IconFileImport, IconPlus, IconTrash } from '@tabler/icons-react';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { Link, useNavigate } from '@tanstack/react-router';
import { useState } from 'react';
import { createProject, deleteProject, importFile, type ProjectLine, projects, type Written } from '../../api/tester';
import { useShared } from '../../app/context';
import { x } from '../../texts/tester';
import { DangerButton, FormDialog, useAct } from '../../ui/fields';
import { type Column, List } from '../../ui/list';
import { Badge, Empty, Failure, Head, Moment, Notice, useNow, Waiting } from '../../ui/parts';
import { useDrafted } from './drafts';
import { TesterTabs } from './tabs';

function Create({ open, close, done }: { open: boolean; close: () => void; done: (made: Written) => void }) {
  const act = useAct('name');
  const [name, setName] = useState('');
  return (
    <FormDialog
      open={open}
      close={close}
      title={x.create}
      hint={x.createHint}
      act={act}
      label={x.make}
      submit={async () => done(await createProject(name))}
    >
      <TextInput
        label={x.createName}
        value={name}
        onChange={(event) => setName(event.currentTarget.value)}
        error={act.at('name')}
        data-autofocus
      />
    </FormDialog>
  );
}

function Import({ open, close, done }: { open: boolean; close: () => void; done: (made: Written) => void }) {
  const act = useAct('text', 'format', 'document');
  const [file, setFile] = useState<File | null>(null);
  const [text, setText] = useState('');
  return (
    <FormDialog
      open={open}
      close={close}
      title={x.import}
      hint={x.importHint}
      act={act}
      label={x.importDo}
      disabled={!file && !text.trim()}
      submit={async () => done(await importFile(file ? await file.text() : text))}
    >
      <FileInput
        label={x.importFile}
        value={file}
        onChange={setFile}
        clearable
        error={file ? act.at('text') : undefined}
      />
      <Textarea
        label={x.importText}
        value={text}
        onChange={(event) => setText(event.currentTarget.value)}
        autosize
        minRows={3}
        maxRows={10}
        disabled={file !== null}
        error={(file ? undefined : act.at('text')) ?? act.at('document')}
      />
    </FormDialog>
  );
}

export function TesterProjects() {
  const all = useQuery(projects());
  const queries = useQueryClient();
  const navigate = useNavigate();
  const now = useNow(30_000);
  const drafted = useDrafted(useShared().session.user.id);
  const sample = useAct();
  const [open, setOpen] = useState<'create' | 'import'>();
  const [remarks, setRemarks] = useState<Written>();
  const done = async (made: Written) => {
    setOpen(undefined);
    await queries.invalidateQueries({ queryKey: ['tester', 'projects'] });
    if (made.warnings.length > 0) setRemarks(made);
    else await navigate({ to: '/tester/projects/$id', params: { id: made.id } });
  };
  const remove = async (id: string) => {
    await deleteProject(id);
    await queries.invalidateQueries({ queryKey: ['tester'] });
  };
  const columns: Column<ProjectLine>[] = [
    {
      key: 'name',
      title: x.name,
      width: 'minmax(10rem, 3fr)',
      cell: (row) => (
        <>
          <Link to="/tester/projects/$id" params={{ id: row.id }} title={row.name}>
            <bdi>{row.name}</bdi>
          </Link>
          {drafted.has(row.id) && (
            <>
              {' '}
              <Badge tone="wait">{x.draft}</Badge>
            </>
          )}
        </>
      ),
    },
    { key: 'requests', title: x.kinds.Request, width: '8rem', wide: true, cell: (row) => x.requests(row.requests) },
    {
      key: 'whose',
      title: x.whose,
      width: '8rem',
      wide: true,
      cell: (row) => (row.workspaceId ? x.shared : x.mine),
    },
    {
      key: 'changed',
      title: x.changed,
      width: '10rem',
      wide: true,
      cell: (row) => <Moment at={new Date(row.updatedAt).toISOString()} now={now} />,
    },
    {
      key: 'delete',
      title: x.delete,
      width: '6rem',
      cell: (row) =>
        row.own && (
          <DangerButton
            subtle
            label={x.delete}
            named={`${x.delete} ${row.name}`}
            sign={<IconTrash size={16} aria-hidden />}
            question={x.deleteAsk(row.name)}
            hint={x.deleteHint}
            act={() => remove(row.id)}
          />
        ),
    },
  ];
  return (
    <div className="page">
      <Head title={x.title}>
        <Button leftSection={<IconPlus size={16} aria-hidden />} onClick={() => setOpen('create')}>
          {x.create}
        </Button>
        <Button
          variant="default"
          leftSection={<IconFileImport size={16} aria-hidden />}
          onClick={() => setOpen('import')}
        >
          {x.import}
        </Button>
        <Button
          variant="default"
          loading={sample.busy}
          onClick={() => sample.act(async () => done(await importFile('', 'sample')))}
        >
          {x.sample}
        </Button>
      </Head>
      <TesterTabs />
      <p className="muted">{x.intro}</p>
      {sample.rest}
      {remarks && (
        <Notice tone="warn" title={x.imported}>
          <Stack gap={2}>
            {remarks.warnings.slice(0, 20).map((one) => (
              <span key={one}>{one}</span>
            ))}
          </Stack>
          <Group mt="xs">
            <Button component={Link} to={`/tester/projects/${remarks.id}`} variant="default">
              {x.open}
            </Button>
          </Group>
        </Notice>
      )}
      <Create open={open === 'create'} close={() => setOpen(undefined)} done={done} />
      <Import open={open === 'import'} close={() => setOpen(undefined)} done={done} />
      {all.error && <Failure error={all.error} retry={() => all.refetch()} />}
      {all.data?.more && <Notice tone="idle" title={x.moreProjects} />}
      {all.isPending ? (
        <Waiting />
      ) : (
        <List
          label={x.title}
          columns={columns}
          count={all.data?.items.length ?? 0}
          row={(index) => all.data?.items[index]}
          rowKey={(row) => row.id}
          empty={<Empty title={x.none}>{x.noneHint}</Empty>}
        />
      )}
    </div>
  );
}
