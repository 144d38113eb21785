/** Draining an engine on its page, and what is left on it then. */

import { Button, TextInput } from '@mantine/core';
import { IconPlayerPlay, IconPlugConnectedX } from '@tabler/icons-react';
import { useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { body, own } from '../api/client';
import type { EngineWork } from '../api/queries';
import { useMay } from '../app/context';
import { leftOn } from '../lib/engine-state';
import { infra } from '../texts/infra';
import { FormDialog, useAct } from '../ui/fields';
import { Moment, Notice } from '../ui/parts';
import { UndoableButton } from '../ui/undo';

const d = infra.drain;

/** Who drains it, since when and why, and what is left on it. */
export function DrainNotice(props: { work: EngineWork; drain: NonNullable<EngineWork['drain']>; now: number }) {
  const { work, drain, now } = props;
  const left = leftOn(work);
  return (
    <Notice tone={left ? 'warn' : 'idle'} title={`${d.by(drain.by)}${drain.reason ? `: ${drain.reason}` : ''}`}>
      <Moment at={drain.since} now={now} exact />. {left ? d.going(left) : d.empty}
    </Notice>
  );
}

/** The switch, for those who may throw it. */
export function DrainButton({ name, id, work }: { name: string; id: string; work: EngineWork | undefined }) {
  const queries = useQueryClient();
  const may = useMay('TMC_CLUSTER_MANAGEMENT');
  const [open, setOpen] = useState(false);
  const [reason, setReason] = useState('');
  const act = useAct('reason');
  if (!may || !work) return null;
  const params = { path: { id } };
  const drain = async (why: string | undefined) => {
    await body(own.POST('/stoker/v1/engines/{id}/drain', { params, body: { reason: why } }));
    await queries.invalidateQueries({ queryKey: ['engines', 'work'] });
  };
  const back = async () => {
    await body(own.POST('/stoker/v1/engines/{id}/resume', { params }));
    await queries.invalidateQueries({ queryKey: ['engines', 'work'] });
  };
  if (work.drain) {
    const why = work.drain.reason;
    return (
      <UndoableButton
        label={d.back}
        done={d.backDone(name)}
        act={back}
        back={() => drain(why)}
        icon={<IconPlayerPlay size={16} aria-hidden />}
      />
    );
  }
  return (
    <>
      <Button
        variant="default"
        leftSection={<IconPlugConnectedX size={16} aria-hidden />}
        onClick={() => {
          setReason('');
          setOpen(true);
        }}
      >
        {d.act}
      </Button>
      <FormDialog
        open={open}
        close={() => setOpen(false)}
        title={d.ask(name)}
        hint={d.hint}
        act={act}
        submit={async () => {
          await drain(reason || undefined);
          setOpen(false);
        }}
        label={d.act}
      >
        <TextInput
          label={d.reason}
          description={d.reasonHint}
          value={reason}
          onChange={(event) => setReason(event.currentTarget.value)}
          error={act.at('reason')}
          data-autofocus
        />
      </FormDialog>
    </>
  );
}
