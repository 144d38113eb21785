/** Moving a connection or resource into another workspace of its environment. */

import { Button, Stack, Text } from '@mantine/core';
import { IconArrowRight } from '@tabler/icons-react';
import { useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { infra } from '../texts/infra';
import { t } from '../texts/pages';
import { FormFoot, useAct } from './fields';
import { Dialog } from './parts';
import { WorkspaceSelect } from './pickers';

const c = infra.connections;

function Form({ move, close }: { move: (workspaceId: string) => Promise<unknown>; close: () => void }) {
  const queries = useQueryClient();
  const [target, setTarget] = useState<string | null>(null);
  const act = useAct('targetWorkspaceId');
  const store = async () => {
    await move(target ?? '');
    await queries.invalidateQueries({ queryKey: ['objects'] });
    close();
  };
  return (
    <form onSubmit={act.send(store)}>
      <Stack>
        <Text className="muted">{c.moveHint}</Text>
        <WorkspaceSelect label={t.workspace} value={target} change={setTarget} error={act.at('targetWorkspaceId')} />
        <FormFoot act={act} label={c.move} close={close} disabled={!target} />
      </Stack>
    </form>
  );
}

/** The button with its dialog. */
export function MoveButton({ name, move }: { name: string; move: (workspaceId: string) => Promise<unknown> }) {
  const [open, setOpen] = useState(false);
  return (
    <>
      <Button variant="default" leftSection={<IconArrowRight size={16} aria-hidden />} onClick={() => setOpen(true)}>
        {c.move}
      </Button>
      <Dialog open={open} close={() => setOpen(false)} title={c.moveTo(name)}>
        <Form move={move} close={() => setOpen(false)} />
      </Dialog>
    </>
  );
}
