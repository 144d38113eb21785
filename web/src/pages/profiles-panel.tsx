/** The run profiles of one engine or cluster. */

import { Button, Text } from '@mantine/core';
import { IconPlus } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { profilesOf } from '../api/infra';
import { useMay } from '../app/context';
import { infra } from '../texts/infra';
import { Dialog, Failure, isLost, Panel, Waiting } from '../ui/parts';
import { EditProfile, NewProfile, type Owner } from './profile-form';

const p = infra.profiles;

/** The panel, with making and changing for whoever may. */
export function ProfilesPanel({ kind, id }: Owner) {
  const list = useQuery(profilesOf(kind, id));
  const may = useMay('TMC_RUN_PROFILE_MANAGEMENT', 'TMC_CLUSTER_MANAGEMENT');
  const [open, setOpen] = useState<string>();
  const close = () => setOpen(undefined);
  const edited = (list.data ?? []).find((one) => one.id === open);
  return (
    <Panel
      title={p.title}
      actions={
        may && (
          <Button variant="default" leftSection={<IconPlus size={16} aria-hidden />} onClick={() => setOpen('new')}>
            {p.new}
          </Button>
        )
      }
    >
      <Dialog open={open !== undefined} close={close} title={open === 'new' ? p.new : p.edit(edited?.name ?? '')}>
        {open === 'new' ? (
          <NewProfile owner={{ kind, id }} close={close} />
        ) : (
          open && <EditProfile id={open} close={close} />
        )}
      </Dialog>
      {isLost(list) ? (
        <Failure error={list.error} retry={() => list.refetch()} />
      ) : !list.data ? (
        <Waiting />
      ) : list.data.length === 0 ? (
        <Text className="muted">{p.noneHint}</Text>
      ) : (
        <ul className="rows">
          {list.data.map((one) => (
            <li key={one.id}>
              <span className="grow">
                {may ? (
                  <button type="button" className="link" onClick={() => setOpen(one.id)}>
                    {one.name}
                  </button>
                ) : (
                  one.name
                )}{' '}
                <span className="muted">{p.kinds[one.type ?? ''] ?? one.type}</span>
                <br />
                <span className="mono muted">{(one.jvmArguments ?? []).join(' ') || p.noArguments}</span>
              </span>
            </li>
          ))}
        </ul>
      )}
    </Panel>
  );
}
