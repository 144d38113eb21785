/** One Gen2 engine: what it is, its key, what is bound to it. */

import { Group, Stack, Text } from '@mantine/core';
import { IconRefresh } from '@tabler/icons-react';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { Link, useParams } from '@tanstack/react-router';
import { body, core } from '../api/client';
import { type Gen2Engine, gen2Engine } from '../api/engine-kinds';
import { useMay } from '../app/context';
import { k } from '../texts/engine-kinds';
import { infra } from '../texts/infra';
import { t } from '../texts/pages';
import { Loaded, ObjectPage, useRemoval } from '../ui/object-page';
import { Badge, Code, ConfirmButton, Id, Moment, Notice, Panel, useNow } from '../ui/parts';
import { TaskRows } from '../ui/task-rows';

const g = k.gen2;

function Bound({ it }: { it: Gen2Engine }) {
  const filter = { environmentId: it.workspace?.environment?.id, runtimeId: it.id };
  return (
    <TaskRows title={g.tasks} none={g.noTasks} filter={filter}>
      <Text mt="sm">
        <Link to="/run-profiles" search={{ of: it.id }}>
          {g.profilesOf}
        </Link>
      </Text>
    </TaskRows>
  );
}

/** The page. */
export function Gen2EnginePage() {
  const { id } = useParams({ from: '/gen2-engines/$id' });
  const now = useNow(30_000);
  const queries = useQueryClient();
  const may = useMay('TMC_CLUSTER_MANAGEMENT');
  const one = useQuery(gen2Engine(id));
  const removed = useRemoval('/gen2-engines', 'engines');
  const path = { params: { path: { engineId: id } } };
  const renew = async () => {
    await body(core.DELETE('/processing/runtimes/pipeline-engines/{engineId}/pairing', path));
    await queries.invalidateQueries({ queryKey: ['engines'] });
  };
  const remove = () => removed(body(core.DELETE('/processing/runtimes/pipeline-engines/{engineId}', path)));
  return (
    <Loaded query={one}>
      {(it) => (
        <ObjectPage
          name={it.name}
          description={it.description}
          badge={<Badge tone="idle">{t.engines.notPaired}</Badge>}
          query={one}
          remove={
            may ? { label: g.delete, question: g.deleteAsk(it.name), hint: g.deleteHint, act: remove } : undefined
          }
          notice={
            <Notice tone="idle" title={g.cannot}>
              {g.cannotHint}
            </Notice>
          }
          facts={{
            title: g.facts,
            rows: [
              [t.environment, it.workspace?.environment?.name ?? '–'],
              [t.workspace, it.workspace?.name ?? t.engines.anyWorkspace],
              [g.created, <Moment key="created" at={it.createDate} now={now} />],
              [t.id, <Id key="id" id={it.id} what={t.id} />],
              [g.runtime, <Id key="runtime" id={it.runtimeId} what={g.runtime} />],
            ],
          }}
        >
          <Bound it={it} />
          <Panel title={g.key}>
            {it.preAuthorizedKey ? (
              <Stack gap="xs">
                <Code text={it.preAuthorizedKey} what={g.key} />
                {may && (
                  <Group>
                    <ConfirmButton
                      label={g.newKey}
                      question={g.newKeyAsk(it.name)}
                      hint={g.newKeyHint}
                      act={renew}
                      icon={<IconRefresh size={16} aria-hidden />}
                    />
                  </Group>
                )}
              </Stack>
            ) : (
              <Text className="muted">{infra.engine.noRights}</Text>
            )}
          </Panel>
        </ObjectPage>
      )}
    </Loaded>
  );
}
