/** One engine: how it is, how to pair it, what runs on it. */

import { Stack, Text, Title } from '@mantine/core';
import { IconTrash } from '@tabler/icons-react';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { Link, useNavigate, useParams } from '@tanstack/react-router';
import { body, core } from '../api/client';
import { type Engine, engine, tasks } from '../api/queries';
import { useMay, useScope, useShared } from '../app/context';
import { t } from '../texts/pages';
import { Code, ConfirmButton, Facts, Failure, Head, Id, Moment, Notice, useNow, Waiting } from '../ui/parts';
import { EngineBadge } from './engines';

/** The commands that fetch, pair and start an engine, to be pasted into a shell. */
export function pairingCommands(url: string, key: string): string {
  return [
    `curl -fsSL ${url}/downloads/remote-engine.tar.gz | tar -xz`,
    'cd remote-engine',
    `(umask 077; rm -f etc/preauthorized.key.cfg; echo 'remote.engine.pre.authorized.key = ${key}' > etc/preauthorized.key.cfg)`,
    `echo 'pairing.service.url=${url}' > etc/org.talend.ipaas.rt.pairing.client.cfg`,
    'bin/start',
  ].join('\n');
}

function Pairing({ one }: { one: Engine }) {
  const { session } = useShared();
  if (!one.preAuthorizedKey) {
    return <Text className="muted">{one.status === 'PAIRED' ? t.engine.pairedHint : t.engines.notPaired}</Text>;
  }
  return (
    <Stack gap="xs">
      <Text className="muted">{t.engine.pairingHint}</Text>
      <Text fw={600}>{t.engine.key}</Text>
      <Code text={one.preAuthorizedKey} what={t.engine.key} />
      <Text fw={600}>{t.engine.commands}</Text>
      <Code text={pairingCommands(session.publicUrl, one.preAuthorizedKey)} what={t.engine.commands} />
    </Stack>
  );
}

export function EnginePage() {
  const { id } = useParams({ from: '/engines/$id' });
  const now = useNow(5_000);
  const queries = useQueryClient();
  const navigate = useNavigate();
  const scope = useScope();
  const one = useQuery(engine(id));
  const users = useQuery(tasks({ environmentId: scope.environment?.id }));
  const may = useMay('TMC_ENGINE_MANAGEMENT', 'TMC_ENGINE_USE');
  if (one.error) return <Failure error={one.error} retry={() => one.refetch()} />;
  if (!one.data) return <Waiting />;
  const it = one.data;
  const mine = (users.data ?? []).filter((task) => (task.runtime as { id?: string } | undefined)?.id === id);
  const remove = async () => {
    await body(core.DELETE('/processing/runtimes/remote-engines/{id}', { params: { path: { id } } }));
    await queries.invalidateQueries({ queryKey: ['engines', 'all'] });
    await navigate({ to: '/engines' });
  };
  return (
    <div className="page">
      <Head title={it.name} badge={<EngineBadge engine={it} />}>
        {may && (
          <ConfirmButton
            label={t.engine.delete}
            question={t.engine.deleteAsk(it.name)}
            hint={t.engine.deleteHint}
            act={remove}
            icon={<IconTrash size={16} aria-hidden />}
          />
        )}
      </Head>
      {it.status === 'PAIRED' && it.availability !== 'AVAILABLE' && <Notice tone="bad" title={t.engine.away} />}
      <div className="columns">
        <section className="panel span-2">
          <Title order={2} size="h2">
            {it.status === 'PAIRED' ? t.engine.paired : t.engine.pairing}
          </Title>
          <Pairing one={it} />
        </section>
        <section className="panel">
          <Title order={2} size="h2">
            {t.engine.facts}
          </Title>
          <Facts
            rows={[
              [t.environment, it.workspace?.environment?.name ?? '–'],
              [t.workspace, it.workspace?.name ?? t.engines.anyWorkspace],
              [t.engine.created, <Moment key="created" at={it.createDate} now={now} />],
              [t.engine.profiles, it.runProfiles.join(', ') || t.none],
              [t.id, <Id key="id" id={it.id} what={t.id} />],
              [t.engine.runtime, <Id key="runtime" id={it.runtimeId} what={t.engine.runtime} />],
            ]}
          />
        </section>
        <section className="panel">
          <Title order={2} size="h2">
            {t.engine.tasks}
          </Title>
          {mine.length === 0 ? (
            <Text className="muted">{t.engine.noTasks}</Text>
          ) : (
            <ul className="rows">
              {mine.map((task) => (
                <li key={task.executable}>
                  <Link to="/tasks/$id" params={{ id: task.executable ?? '' }}>
                    {task.name}
                  </Link>
                </li>
              ))}
            </ul>
          )}
        </section>
      </div>
    </div>
  );
}
