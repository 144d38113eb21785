/** Which columns of a list are shown, kept with the user: the choice is there in every browser. */

import { Button, Menu } from '@mantine/core';
import { IconColumns3 } from '@tabler/icons-react';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useCallback, useMemo } from 'react';
import { changePreferences, type Kept, preferences } from '../api/work';
import { shownColumns, switched } from '../lib/columns';
import { undoFailure } from '../lib/undo';
import { b } from '../texts/bulk';
import type { Column } from './list';

/** Names of lists in what is kept. */
export type ListName = 'tasks' | 'plans' | 'runs';

/** The columns that are shown, and the button that chooses them. */
export function useColumns<T>(list: ListName, all: Column<T>[]) {
  const queries = useQueryClient();
  const kept = useQuery(preferences());
  const wanted = kept.data?.document.columns?.[list];
  const shown = useMemo(() => shownColumns(all, wanted), [all, wanted]);
  const keep = useCallback(
    async (keys: string[] | undefined) => {
      const put = (document: Kept['document']): Kept['document'] => {
        const { [list]: _, ...others } = document.columns ?? {};
        return { ...document, columns: keys ? { ...others, [list]: keys } : others };
      };
      // At once; what the server says follows.
      queries.setQueryData<Kept>(['preferences'], (old) => old && { ...old, document: put(old.document) });
      try {
        queries.setQueryData<Kept>(['preferences'], await changePreferences(put));
      } catch (error) {
        undoFailure(error);
        await queries.invalidateQueries({ queryKey: ['preferences'] });
      }
    },
    [list, queries],
  );
  const ready = kept.data !== undefined;
  // It stands among filters that are not drawn again with the rows.
  const chooser = useMemo(
    () => (
      <Menu position="bottom-end" withinPortal={false} withInitialFocusPlaceholder={false}>
        <Menu.Target>
          <Button
            variant="default"
            leftSection={<IconColumns3 size={16} aria-hidden />}
            disabled={!ready}
            visibleFrom="sm"
          >
            {b.columns.button}
          </Button>
        </Menu.Target>
        <Menu.Dropdown>
          <Menu.Label>{b.columns.hint}</Menu.Label>
          {all
            .filter((column) => !column.always)
            .map((column) => (
              <Menu.CheckboxItem
                key={column.key}
                checked={shown.includes(column)}
                onChange={() => void keep(switched(all, wanted, column.key))}
              >
                {column.title}
              </Menu.CheckboxItem>
            ))}
          <Menu.Divider />
          <Menu.Item closeMenuOnClick={false} onClick={() => void keep(undefined)} disabled={wanted === undefined}>
            {b.columns.usual}
          </Menu.Item>
        </Menu.Dropdown>
      </Menu>
    ),
    [all, keep, ready, shown, wanted],
  );
  return { shown, chooser };
}
