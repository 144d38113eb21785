/** Named sets of filters, kept with the user: they are there in every browser. */

import { ActionIcon, Button, Group, Menu, Stack, TextInput } from '@mantine/core';
import { IconBookmark, IconTrash } from '@tabler/icons-react';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { type FormEvent, useState } from 'react';
import { Problem } from '../api/client';
import { changePreferences, type Kept, preferences, type View } from '../api/work';
import { RUN_KEYS, type RunSearch } from '../lib/run-search';
import { undoable } from '../lib/undo';
import { t } from '../texts/pages';
import { w } from '../texts/work';
import { Dialog, Failure } from '../ui/parts';

/** Most views of a user. */
const MOST = 50;
const NAME_CHARS = 80;

/** The filters as the search part of an address. */
export function addressOf(search: RunSearch): string {
  const given = RUN_KEYS.flatMap((key) => (search[key] ? [[key, search[key]] as [string, string]] : []));
  return new URLSearchParams(given).toString();
}

/** The filters that such a text holds; what this version does not know is left out. */
export function searchOf(text: string): RunSearch {
  const given = new URLSearchParams(text);
  return Object.fromEntries(RUN_KEYS.flatMap((key) => (given.get(key) ? [[key, given.get(key)]] : [])));
}

function SaveForm({ search, views, close }: { search: RunSearch; views: View[]; close: () => void }) {
  const queries = useQueryClient();
  const [name, setName] = useState('');
  const [hint, setHint] = useState<string>();
  const [error, setError] = useState<unknown>();
  const [busy, setBusy] = useState(false);
  const save = async (event: FormEvent) => {
    event.preventDefault();
    const called = name.trim();
    if (!called) return setHint(w.views.nameEmpty);
    if (views.length >= MOST && !views.some((one) => one.name === called)) return setHint(w.views.most);
    setBusy(true);
    setError(undefined);
    try {
      const kept = await changePreferences((document) => ({
        ...document,
        views: [
          ...(document.views ?? []).filter((one) => one.name !== called),
          { name: called, search: addressOf(search) },
        ],
      }));
      queries.setQueryData<Kept>(['preferences'], kept);
      close();
    } catch (problem) {
      setError(problem);
      setBusy(false);
    }
  };
  return (
    <form onSubmit={save} noValidate>
      <Stack>
        <TextInput
          label={w.views.name}
          value={name}
          maxLength={NAME_CHARS}
          error={hint}
          data-autofocus
          onChange={(event) => {
            setName(event.currentTarget.value);
            setHint(undefined);
          }}
        />
        {error !== undefined && <Failure error={error} />}
        <Group justify="flex-end">
          <Button variant="default" onClick={close}>
            {t.cancel}
          </Button>
          <Button type="submit" loading={busy}>
            {t.save}
          </Button>
        </Group>
      </Stack>
    </form>
  );
}

/** Takes a view away and gives it back at its place. */
function useRemoval() {
  const queries = useQueryClient();
  const change = async (edit: (views: View[]) => View[]) => {
    const kept = await changePreferences((document) => ({ ...document, views: edit(document.views ?? []) }));
    queries.setQueryData<Kept>(['preferences'], kept);
  };
  return (view: View, place: number) =>
    undoable(
      w.views.removeDone(view.name),
      () => change((views) => views.filter((one) => one.name !== view.name)),
      () =>
        change((views) => {
          if (views.some((one) => one.name === view.name)) throw new Problem(409, w.views.takenMeanwhile(view.name));
          if (views.length >= MOST) throw new Problem(409, w.views.most);
          return views.toSpliced(place, 0, view);
        }),
    );
}

/** The menu of views. */
export function Views({ search, open }: { search: RunSearch; open: (search: RunSearch) => void }) {
  const kept = useQuery(preferences());
  const [saving, setSaving] = useState(false);
  const remove = useRemoval();
  const views = kept.data?.document.views ?? [];
  const current = addressOf(search);
  return (
    <>
      <Menu position="bottom-end" width={280}>
        <Menu.Target>
          <Button variant="default" leftSection={<IconBookmark size={16} aria-hidden />}>
            {w.views.title}
          </Button>
        </Menu.Target>
        <Menu.Dropdown>
          <Menu.Label>{w.views.saved}</Menu.Label>
          {kept.error && <Failure error={kept.error} retry={() => kept.refetch()} />}
          {views.length === 0 && !kept.error && <Menu.Label maw="18rem">{w.views.none}</Menu.Label>}
          {views.map((view, place) => (
            <Group key={view.name} gap={0} wrap="nowrap">
              <Menu.Item
                onClick={() => open(searchOf(view.search))}
                aria-current={view.search === current ? 'true' : undefined}
                fw={view.search === current ? 700 : 400}
              >
                {view.name}
              </Menu.Item>
              <ActionIcon
                variant="subtle"
                color="gray"
                aria-label={w.views.remove(view.name)}
                onClick={() => void remove(view, place)}
              >
                <IconTrash size={16} aria-hidden />
              </ActionIcon>
            </Group>
          ))}
          <Menu.Divider />
          <Menu.Item onClick={() => setSaving(true)} disabled={kept.data === undefined}>
            {w.views.save}
          </Menu.Item>
        </Menu.Dropdown>
      </Menu>
      <Dialog open={saving} close={() => setSaving(false)} title={w.views.save}>
        <SaveForm search={search} views={views} close={() => setSaving(false)} />
      </Dialog>
    </>
  );
}
