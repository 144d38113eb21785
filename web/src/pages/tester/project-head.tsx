/** The head of a project: what it is run with, what is kept, and what others did meanwhile. */

import { ActionIcon, Button, Group, Menu, Select, Tooltip } from '@mantine/core';
import { IconArrowBackUp, IconArrowForwardUp } from '@tabler/icons-react';
import { useNavigate } from '@tanstack/react-router';
import { exportUrl } from '../../api/tester';
import type { Environment } from '../../lib/tester-doc';
import { x } from '../../texts/tester';
import { Badge, Failure, Head, Notice } from '../../ui/parts';
import { Sender, type useSender } from './sender';
import { OwnSecrets, Share } from './share';
import type { Editing } from './use-project';

const FORMATS = ['v6', 'v3', 'own'] as const;

export function ProjectHead(props: {
  editing: Editing;
  environment: Environment | undefined;
  sender: ReturnType<typeof useSender>;
  openEnvironments: () => void;
  run: () => void;
  busy: boolean;
}) {
  const { editing } = props;
  const { base, document, dirty } = editing;
  const navigate = useNavigate({ from: '/tester/projects/$id' });
  if (!base || !document) return null;
  const all = document.environments ?? [];
  return (
    <Head title={base.name} badge={dirty ? <Badge tone="wait">{x.unsaved}</Badge> : undefined}>
      <Select
        aria-label={x.environment}
        data={[{ value: 'none', label: x.noEnvironment }, ...all.map((one) => ({ value: one.id, label: one.name }))]}
        value={props.environment?.id ?? 'none'}
        onChange={(env) => navigate({ search: (before) => ({ ...before, env: env ?? undefined }) })}
        w="11rem"
        size="xs"
      />
      {base.mayChange ? (
        <Button variant="default" onClick={props.openEnvironments}>
          {x.environments}
        </Button>
      ) : (
        <OwnSecrets project={base} document={document} done={editing.takeTheirs} />
      )}
      <Sender sender={props.sender} />
      {base.mayChange && (
        <ActionIcon.Group>
          <Tooltip label={x.undo}>
            <ActionIcon
              variant="default"
              size={30}
              aria-label={x.undo}
              onClick={editing.undo}
              disabled={!editing.canUndo}
            >
              <IconArrowBackUp size={16} aria-hidden />
            </ActionIcon>
          </Tooltip>
          <Tooltip label={x.redo}>
            <ActionIcon
              variant="default"
              size={30}
              aria-label={x.redo}
              onClick={editing.redo}
              disabled={!editing.canRedo}
            >
              <IconArrowForwardUp size={16} aria-hidden />
            </ActionIcon>
          </Tooltip>
        </ActionIcon.Group>
      )}
      {base.mayChange && (
        <Button
          onClick={() => editing.save()}
          loading={editing.busy}
          disabled={!dirty}
          aria-keyshortcuts="Control+S"
          title="Ctrl+S"
        >
          {x.save}
        </Button>
      )}
      <Button variant="default" loading={props.busy} onClick={props.run}>
        {x.runAll}
      </Button>
      {base.own && <Share project={base} dirty={dirty} done={editing.takeTheirs} />}
      <Menu position="bottom-end">
        <Menu.Target>
          <Button variant="default">{x.export}</Button>
        </Menu.Target>
        <Menu.Dropdown>
          {FORMATS.map((format) => (
            <Menu.Item key={format} component="a" href={exportUrl(base.id, format)} download>
              {x.exports[format]}
            </Menu.Item>
          ))}
        </Menu.Dropdown>
      </Menu>
    </Head>
  );
}

/** Keeps what is here as a project of one's own, and goes there. */
function KeepAside({ editing }: { editing: Editing }) {
  const navigate = useNavigate();
  const act = async () => {
    const id = await editing.keepAside();
    if (id) await navigate({ to: '/tester/projects/$id', params: { id } });
  };
  return (
    <Button variant="default" onClick={act} loading={editing.busy}>
      {x.ownCopy}
    </Button>
  );
}

/** What others did meanwhile, what was refused, and the ways on; nothing that was typed is lost by any of them. */
export function Meanwhile({ editing }: { editing: Editing }) {
  const { base, dirty, stale, gone, error, clashes } = editing;
  if (gone) {
    return (
      <Notice tone="bad" title={x.goneProject} urgent>
        {x.goneProjectHint}
        <Group mt="xs">
          <KeepAside editing={editing} />
        </Group>
      </Notice>
    );
  }
  if (stale) {
    return (
      <Notice tone="warn" title={error === undefined ? x.theirs : x.conflict} urgent>
        {x.conflictHint}
        <Group mt="xs" gap="xs">
          <Button onClick={editing.join} loading={editing.busy}>
            {x.join}
          </Button>
          <Button variant="default" onClick={editing.takeTheirs}>
            {x.takeTheirs}
          </Button>
          <KeepAside editing={editing} />
        </Group>
      </Notice>
    );
  }
  return (
    <>
      {clashes && dirty && (
        <Notice tone={clashes.length > 0 ? 'warn' : 'idle'} title={x.joined}>
          {clashes.length > 0 ? x.clashes(clashes) : x.joinedHint}
        </Notice>
      )}
      {error !== undefined && <Failure error={error} />}
      {base && !base.mayChange && (
        <Notice tone="idle" title={x.readOnly}>
          {x.readOnlyHint}
          <Group mt="xs">
            <KeepAside editing={editing} />
          </Group>
        </Notice>
      )}
    </>
  );
}
