/** Fields for choosing among any number of things that have names: the server looks for what is typed. */

import { type ComboboxItem, MultiSelect, type OptionsFilter, Select } from '@mantine/core';
import { queryOptions, useQueries } from '@tanstack/react-query';
import { useState } from 'react';
import { connection, resource } from '../api/infra';
import { artifact, executableName } from '../api/pages';
import type { ScopeQuery } from '../api/queries';
import { schedule } from '../api/work';
import { type Choice, type Kind, useMany } from '../lib/use-many';
import { t } from '../texts/pages';
import { w } from '../texts/work';

interface Props {
  kind: Kind;
  scope: ScopeQuery;
  label?: string;
  description?: string;
  ariaLabel?: string;
  placeholder?: string;
  error?: string;
  required?: boolean;
  /** Not among what is offered. */
  without?: string;
  /** Whether one is offered. */
  only?: (one: Choice) => boolean;
  /** Said when there is none at all. */
  none?: string;
  /** Also shows the workspace of each. */
  placed?: boolean;
}

/** Stands in the list for those that are not shown. */
const MORE = 'more';

/** Asks for the name of one. */
function nameOf(kind: Kind, id: string) {
  if (kind === 'task' || kind === 'plan') return executableName(id, kind === 'plan');
  return queryOptions({
    queryKey: ['names', id],
    queryFn: async ({ client }) => {
      if (kind === 'artifact') return (await client.fetchQuery(artifact(id))).name;
      if (kind === 'connection') return (await client.fetchQuery(connection(id))).name;
      if (kind === 'resource') return (await client.fetchQuery(resource(id))).name;
      return (await client.fetchQuery(schedule(id))).description || w.schedule.unnamed;
    },
    staleTime: 30_000,
    retry: false,
  });
}

/** The names of what is chosen; one that is gone stays to be seen as its id. */
function useNames(kind: Kind, ids: string[]): Map<string, string> {
  return useQueries({
    queries: ids.map((id) => nameOf(kind, id)),
    combine: (found) =>
      new Map(found.flatMap((one, index) => (one.data ? [[ids[index] ?? '', one.data] as const] : []))),
  });
}

/** Entries as the design system wants them; the last one tells of those that are left out. */
function useOptions(props: Props, text: string, chosen: string[], open: boolean) {
  const found = useMany(props.kind, props.scope, text, open || chosen.length > 0);
  const known = new Set(found.choices.map((one) => one.value));
  const missing = chosen.filter((id) => !known.has(id));
  const names = useNames(props.kind, missing);
  const words = (one: Choice) => {
    const more = one.app ?? (props.placed ? one.place : undefined);
    return more ? `${one.label} (${more})` : one.label;
  };
  const data: ComboboxItem[] = [
    ...missing.map((id) => ({ value: id, label: names.get(id) ?? id })),
    ...found.choices
      .filter((one) => one.value !== props.without && !one.taken && (props.only?.(one) ?? true))
      .map((one) => ({ value: one.value, label: words(one) })),
  ];
  if (found.more > 0) data.push({ value: MORE, label: t.moreToFind(found.more), disabled: true });
  // What the server has found fits; the choice that is shown must not be looked for again when the list opens.
  const fits: OptionsFilter = ({ options, search }) => {
    const part = search.trim().toLowerCase();
    const items = options as ComboboxItem[];
    if (found.searched || part === '') return items;
    return items.filter((one) => one.label.toLowerCase().includes(part));
  };
  const empty = () => {
    if (found.error instanceof Error) return found.error.message;
    if (found.looking) return t.loading;
    return found.total === 0 ? (props.none ?? t.nothingFits) : t.nothingFits;
  };
  return { data, fits, empty: empty() };
}

/** One of them, or none. */
export function FoundSelect(
  props: Props & {
    value: string | null;
    change: (id: string | null) => void;
    clearable?: boolean;
    clear?: string;
    full?: boolean;
  },
) {
  const [open, setOpen] = useState(false);
  const [text, setText] = useState('');
  const [typed, setTyped] = useState(false);
  const { data, fits, empty } = useOptions(props, typed ? text : '', props.value ? [props.value] : [], open);
  return (
    <Select
      label={props.label}
      description={props.description}
      aria-label={props.ariaLabel}
      placeholder={props.placeholder}
      error={props.error}
      required={props.required}
      data={data}
      filter={fits}
      value={props.value}
      onChange={props.change}
      onDropdownOpen={() => setOpen(true)}
      onFocus={() => setOpen(true)}
      onDropdownClose={() => setTyped(false)}
      onInput={() => setTyped(true)}
      searchValue={text}
      onSearchChange={setText}
      nothingFoundMessage={empty}
      searchable
      clearable={props.clearable}
      clearButtonProps={{ 'aria-label': props.clear ?? t.runs.clear }}
      w={props.full ? '100%' : undefined}
    />
  );
}

/** Several of them. */
export function FoundMultiSelect(props: Props & { value: string[]; change: (ids: string[]) => void }) {
  const [open, setOpen] = useState(false);
  const [text, setText] = useState('');
  const { data, fits, empty } = useOptions(props, text, props.value, open);
  return (
    <MultiSelect
      label={props.label}
      placeholder={props.placeholder}
      error={props.error}
      required={props.required}
      data={data}
      filter={fits}
      value={props.value}
      onChange={props.change}
      onFocus={() => setOpen(true)}
      searchValue={text}
      onSearchChange={setText}
      nothingFoundMessage={empty}
      searchable
      hidePickedOptions
    />
  );
}
