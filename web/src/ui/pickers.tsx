/** Fields for choosing what several forms ask for. */

import { Autocomplete, Select } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { people } from '../api/infra';
import { type Right, useMay, useScope, useShared } from '../app/context';
import { f } from '../texts/infra';
import { t } from '../texts/pages';

/** Whether a name has the searched part. */
export function hasPart(name: string | undefined, part: string | undefined): boolean {
  return (name ?? '').toLowerCase().includes((part ?? '').trim().toLowerCase());
}

interface PickProps {
  label: string;
  value: string | null;
  change: (id: string | null) => void;
  error?: string;
}

/** A workspace of the chosen environment. */
export function WorkspaceSelect({ label, value, change, error }: PickProps) {
  const scope = useScope();
  return (
    <Select
      label={label}
      placeholder={t.artifacts.pickWorkspace}
      data={scope.workspaces.map((one) => ({ value: one.id ?? '', label: one.name ?? '' }))}
      value={value}
      onChange={change}
      error={error}
      required
    />
  );
}

/** A workspace of the chosen environment on which the user holds a right. */
export function RightfulWorkspace(props: PickProps & { right: Right; disabled?: boolean }) {
  const { session } = useShared();
  const scope = useScope();
  const held = new Set(session.rights.filter((one) => one.rights.includes(props.right)).map((one) => one.workspaceId));
  return (
    <Select
      label={props.label}
      placeholder={t.artifacts.pickWorkspace}
      data={scope.workspaces
        .filter((one) => held.has(one.id ?? ''))
        .map((one) => ({ value: one.id ?? '', label: one.name ?? '' }))}
      value={props.value}
      onChange={props.change}
      error={props.error}
      disabled={props.disabled}
      required
    />
  );
}

/** Somebody's login: chosen by whoever sees the users, else typed. */
export function LoginInput(props: {
  label: string;
  value: string;
  change: (login: string) => void;
  error?: string;
  description?: string;
  required?: boolean;
}) {
  const may = useMay('TMC_USER_MANAGEMENT');
  const all = useQuery(people(may));
  return (
    <Autocomplete
      label={props.label}
      description={props.description ?? (may ? undefined : f.typeLogin)}
      data={[...new Set((all.data ?? []).map((one) => one.login))]}
      value={props.value}
      onChange={props.change}
      error={props.error}
      required={props.required}
    />
  );
}
