/** Choosing permissions and rights, each with what it allows. */

import { Checkbox, Stack, Text, TextInput } from '@mantine/core';
import { useState } from 'react';
import { a } from '../texts/admin';
import { isKnownPermission, PERMISSIONS, type PermissionText, permissionName, RIGHTS } from '../texts/permissions';

interface Choice {
  chosen: string[];
  change: (chosen: string[]) => void;
  error?: string;
  disabled?: boolean;
}

function toggled(chosen: string[], id: string, on: boolean): string[] {
  return on ? [...chosen.filter((one) => one !== id), id] : chosen.filter((one) => one !== id);
}

function Boxes({ list, chosen, change, disabled }: Choice & { list: PermissionText[] }) {
  return (
    <div className="boxes">
      {list.map((one) => (
        <Checkbox
          key={one.id}
          label={one.name}
          description={one.allows}
          checked={chosen.includes(one.id)}
          disabled={disabled}
          onChange={(event) => change(toggled(chosen, one.id, event.currentTarget.checked))}
        />
      ))}
    </div>
  );
}

/** Permissions by what one wants to do; those of other applications are kept and listed below. */
export function PermissionFields({ offered, ...choice }: Choice & { offered?: string[] }) {
  const [search, setSearch] = useState('');
  const wanted = search.trim().toLowerCase();
  const foreign = choice.chosen.filter((id) => !isKnownPermission(id));
  const groups = PERMISSIONS.map(({ title, list }) => ({
    title,
    list: list
      .filter((one) => !offered || offered.includes(one.id) || choice.chosen.includes(one.id))
      .filter((one) => `${one.id} ${one.name} ${one.allows}`.toLowerCase().includes(wanted)),
  })).filter(({ list }) => list.length > 0);
  return (
    <Stack gap="md">
      <TextInput
        aria-label={a.permissions.search}
        placeholder={a.permissions.search}
        value={search}
        onChange={(event) => setSearch(event.currentTarget.value)}
        maw="20rem"
      />
      {groups.map(({ title, list }) => (
        <fieldset key={title} className="plain">
          <legend>{title}</legend>
          <Boxes list={list} {...choice} />
        </fieldset>
      ))}
      {groups.length === 0 && <Text className="muted">{a.permissions.noMatch}</Text>}
      {foreign.length > 0 && (
        <fieldset className="plain">
          <legend>{a.permissions.foreign}</legend>
          <Boxes list={foreign.map((id) => ({ id, name: id, allows: a.permissions.foreignHint }))} {...choice} />
        </fieldset>
      )}
      {choice.error && (
        <Text className="field-error" role="alert">
          {choice.error}
        </Text>
      )}
    </Stack>
  );
}

/** The rights on one workspace. */
export function RightFields(choice: Choice) {
  return (
    <fieldset className="plain">
      <legend>{a.rights.rights}</legend>
      <Boxes list={RIGHTS} {...choice} />
      {choice.error && (
        <Text className="field-error" role="alert">
          {choice.error}
        </Text>
      )}
    </fieldset>
  );
}

/** Permissions in words, for reading. */
export function PermissionList({ ids }: { ids: string[] }) {
  if (ids.length === 0) return <span className="muted">{a.permissions.none}</span>;
  return (
    <ul className="words">
      {ids.map((id) => (
        <li key={id} title={id}>
          {permissionName(id)}
        </li>
      ))}
    </ul>
  );
}
