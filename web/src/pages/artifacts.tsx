/** Artifacts: dropping a new one, the list, and one with its versions. */

import { Button, Group, Select, Stack, Text } from '@mantine/core';
import { IconPlus, IconTrash } from '@tabler/icons-react';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { Link, useNavigate, useParams, useSearch } from '@tanstack/react-router';
import { useState } from 'react';
import { body, core } from '../api/client';
import { artifact, artifactPage } from '../api/pages';
import { type Artifact, artifactVersion } from '../api/queries';
import { useMay, useRight, useScope, useWorkspacesWith } from '../app/context';
import { usePages, useSettled } from '../lib/use-pages';
import { t } from '../texts/pages';
import { isGone } from '../ui/fields';
import { List } from '../ui/list';
import { FindField } from '../ui/list-page';
import { isSecret } from '../ui/parameters';
import { ConfirmButton, Empty, Facts, Failure, Head, Id, isLost, Moment, Panel, useNow, Waiting } from '../ui/parts';
import { TaskRows } from '../ui/task-rows';
import { Drop } from './artifact-drop';

export function Artifacts() {
  const { query: scope } = useScope();
  const may = useMay('TMC_OPERATOR');
  const places = useWorkspacesWith('PUBLISH');
  const search = useSearch({ from: '/artifacts' });
  const name = useSettled(search.name);
  const list = usePages<Artifact>((number) => artifactPage({ ...scope, name }, number));
  return (
    <div className="page">
      <Head
        title={t.artifacts.title}
        badge={list.data && <span className="muted">{list.total.toLocaleString('en-GB')}</span>}
      />
      {may && places.length > 0 && <Drop />}
      <Group>
        <FindField label={t.artifacts.search} />
      </Group>
      {isLost(list) ? (
        <Failure error={list.error} retry={list.refetch} />
      ) : !list.data ? (
        <Waiting />
      ) : (
        <List
          label={t.artifacts.title}
          count={list.total}
          row={list.row}
          rowKey={(one) => one.id}
          onRange={list.onRange}
          columns={[
            {
              key: 'name',
              title: t.name,
              width: 'minmax(8rem, 2fr)',
              cell: (one) => (
                <Link className="row-link" to="/artifacts/$id" params={{ id: one.id }}>
                  {one.name}
                </Link>
              ),
            },
            { key: 'newest', title: t.artifacts.newest, width: '8rem', cell: (one) => one.versions[0] },
            {
              key: 'count',
              title: t.artifacts.versions,
              width: '6rem',
              wide: true,
              cell: (one) => one.versions.length,
            },
            { key: 'type', title: t.artifacts.type, width: 'minmax(5rem, 1fr)', wide: true, cell: (one) => one.type },
            {
              key: 'workspace',
              title: t.workspace,
              width: 'minmax(5rem, 1fr)',
              wide: true,
              cell: (one) => one.workspace.name,
            },
          ]}
          empty={
            name ? (
              <Empty title={t.artifacts.noMatch} />
            ) : (
              <Empty title={t.artifacts.none}>{t.artifacts.noneHint}</Empty>
            )
          }
        />
      )}
    </div>
  );
}

/** The buttons that delete the artifact, or the version that is shown where there are several. */
function Removal(props: { it: Artifact; version: string; shown: (version: undefined) => void }) {
  const { it, version } = props;
  const queries = useQueryClient();
  const navigate = useNavigate();
  const writes = useRight(it.workspace.id, 'AUTHOR');
  const may = useMay('TMC_OPERATOR') && writes;
  if (!may) return null;
  const removeVersion = async () => {
    const params = { path: { artifactId: it.id, version } };
    await body(core.DELETE('/orchestration/artifacts/{artifactId}/versions/{version}', { params }));
    props.shown(undefined);
    await queries.invalidateQueries({ queryKey: ['objects'] });
  };
  const remove = async () => {
    await body(core.DELETE('/orchestration/artifacts/{artifactId}', { params: { path: { artifactId: it.id } } }));
    await navigate({ to: '/artifacts' });
    await queries.invalidateQueries({ queryKey: ['objects'] });
  };
  const icon = <IconTrash size={16} aria-hidden />;
  return (
    <>
      {it.versions.length > 1 && (
        <ConfirmButton
          label={t.artifacts.deleteVersion(version)}
          question={t.artifacts.deleteVersionAsk(it.name, version)}
          hint={t.artifacts.deleteHint}
          act={removeVersion}
          icon={icon}
        />
      )}
      <ConfirmButton
        label={t.artifacts.delete}
        question={t.artifacts.deleteAsk(it.name)}
        hint={t.artifacts.deleteHint}
        act={remove}
        icon={icon}
      />
    </>
  );
}

export function ArtifactPage() {
  const { id } = useParams({ from: '/artifacts/$id' });
  const now = useNow(30_000);
  const { query: scope } = useScope();
  const found = useQuery(artifact(id));
  const may = useMay('TMC_OPERATOR');
  const [shown, setShown] = useState<string>();
  const it = found.data;
  const version = shown ?? it?.versions[0] ?? '';
  const details = useQuery(artifactVersion(it ? id : '', version));
  if (isGone(found.error)) return <Empty title={t.gone} action={<Link to="/artifacts">{t.nav.artifacts}</Link>} />;
  if (isLost(found)) return <Failure error={found.error} retry={() => found.refetch()} />;
  if (!it) return <Waiting />;
  const parameters = details.data?.parameters ?? [];
  return (
    <div className="page">
      <Head title={it.name}>
        {may && (
          <Button
            renderRoot={(props) => <Link {...props} to="/tasks/new" search={{ artifact: id }} />}
            leftSection={<IconPlus size={16} aria-hidden />}
          >
            {t.artifacts.makeTask}
          </Button>
        )}
        <Removal it={it} version={version} shown={setShown} />
      </Head>
      <div className="columns">
        <Panel title={t.artifacts.facts}>
          <Stack gap="sm">
            <Select
              label={t.artifacts.version}
              data={it.versions}
              value={version}
              onChange={(one) => setShown(one ?? undefined)}
            />
            <Facts
              rows={[
                [t.artifacts.type, it.type],
                [t.workspace, it.workspace.name ?? '–'],
                [t.artifacts.publisher, details.data?.publisher ?? '–'],
                [t.engine.created, <Moment key="created" at={details.data?.createDate} now={now} />],
                [t.id, <Id key="id" id={it.id} what={t.id} />],
              ]}
            />
          </Stack>
        </Panel>
        <Panel title={t.artifacts.parameters(version)}>
          {details.error ? (
            <Failure error={details.error} />
          ) : parameters.length === 0 ? (
            <Text className="muted">{t.artifacts.noParameters}</Text>
          ) : (
            <Facts
              rows={parameters.map((one) => [
                one.name,
                <span key={one.name}>
                  <span className="mono">{isSecret(one.type) ? '••••••' : (one.value ?? '')}</span>{' '}
                  <span className="muted">{[one.type, one.comment].filter(Boolean).join(' · ')}</span>
                </span>,
              ])}
            />
          )}
        </Panel>
        <TaskRows
          title={t.artifacts.usedBy}
          none={t.artifacts.unused}
          filter={{ environmentId: it.workspace.environment?.id ?? scope.environmentId, artifactId: id }}
        />
      </div>
    </div>
  );
}
