/** Who belongs to something, as rows that can be taken off and put back, with a field for adding one more. */

import { Button, Group, Select, TextInput } from '@mantine/core';
import { useState } from 'react';
import { f } from '../texts/infra';
import { useAct } from './fields';
import { UndoableButton } from './undo';

/** A user, group or service account. */
export interface Member {
  id: string;
  name: string;
  /** What kind it is, where several stand in one list. */
  kind?: string;
}

/** The rows. */
export function MemberRows(props: {
  members: Member[];
  add: (id: string) => Promise<unknown>;
  remove: (id: string) => Promise<unknown>;
  /** What the button is called. */
  named: (name: string) => string;
  /** What is said when it is done. */
  done: (name: string) => string;
}) {
  return props.members.map((one) => (
    <li key={one.id}>
      <span className="grow line">
        {one.name} {one.kind && <span className="muted">{one.kind}</span>}
      </span>
      <UndoableButton
        label={f.remove}
        named={props.named(one.name)}
        done={props.done(one.name)}
        act={() => props.remove(one.id)}
        back={() => props.add(one.id)}
      />
    </li>
  ));
}

/** The field; it offers `free`, or takes an id from those who may not see whom there is. */
export function AddMember(props: {
  label: string;
  placeholder: string;
  free: Member[] | undefined;
  /** The name of the field of an id. */
  idLabel: string;
  /** How refusals name it. */
  field: string;
  add: (id: string) => Promise<unknown>;
}) {
  const [chosen, setChosen] = useState<string | null>(null);
  const act = useAct(props.field);
  const add = async () => {
    await props.add(chosen ?? '');
    setChosen(null);
  };
  return (
    <form onSubmit={act.send(add)}>
      <Group mt="sm" align="flex-end">
        {props.free ? (
          <Select
            label={props.label}
            placeholder={props.placeholder}
            data={props.free.map((one) => ({ value: one.id, label: one.name }))}
            value={chosen}
            onChange={setChosen}
            error={act.at(props.field)}
            searchable
          />
        ) : (
          <TextInput
            label={props.idLabel}
            value={chosen ?? ''}
            onChange={(event) => setChosen(event.currentTarget.value || null)}
            error={act.at(props.field)}
          />
        )}
        <Button type="submit" variant="default" disabled={!chosen} loading={act.busy}>
          {f.add}
        </Button>
      </Group>
      {act.rest}
    </form>
  );
}
