/** The page of one thing of the processing place, and the columns that lists of such things have in common. */

import { Button } from '@mantine/core';
import { IconPencil, IconTrash } from '@tabler/icons-react';
import { useQueryClient } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { type ReactNode, useState } from 'react';
import type { Topic } from '../api/own';
import { ProcessingTabs } from '../pages/processing';
import { t } from '../texts/pages';
import { isGone } from './fields';
import type { Column } from './list';
import { ConfirmButton, Facts, Failure, Head, Panel, Waiting } from './parts';

/** What a page is about, once it is read; until then why it is not there. */
export function Loaded<T>(props: {
  query: { data: T | undefined; error: unknown; refetch: () => unknown };
  children: (it: T) => ReactNode;
}) {
  const { query } = props;
  if (query.data !== undefined) return props.children(query.data);
  return query.error ? <Failure error={query.error} retry={() => query.refetch()} /> : <Waiting />;
}

/** Removes what a page is about: goes back to the list and has all of its kind read again. */
export function useRemoval(list: string, topic: Topic): (removed: Promise<unknown>) => Promise<void> {
  const navigate = useNavigate();
  const queries = useQueryClient();
  return async (removed) => {
    await removed;
    await navigate({ to: list });
    await queries.invalidateQueries({ queryKey: [topic] });
  };
}

interface Props {
  name: string;
  description?: string;
  badge: ReactNode;
  query: { error: unknown; refetch: () => unknown };
  /** What may be done with it; left out for those who may not. */
  edit?: { label: string; dialog: (gone: boolean, close: () => void) => ReactNode };
  remove?: { label: string; question: string; hint: string; act: () => Promise<unknown> };
  /** Something to know about it, above all. */
  notice?: ReactNode;
  facts: { title: string; rows: [string, ReactNode][]; below?: ReactNode };
  children?: ReactNode;
}

/** The page: head with what can be done, facts, and further panels. */
export function ObjectPage(props: Props) {
  const { edit, remove, facts, query } = props;
  const [open, setOpen] = useState(false);
  const described: [string, ReactNode][] = props.description ? [[t.description, props.description]] : [];
  return (
    <div className="page">
      <Head title={props.name} badge={props.badge}>
        {edit && (
          <Button variant="default" leftSection={<IconPencil size={16} aria-hidden />} onClick={() => setOpen(true)}>
            {edit.label}
          </Button>
        )}
        {remove && <ConfirmButton {...remove} icon={<IconTrash size={16} aria-hidden />} danger />}
      </Head>
      <ProcessingTabs />
      {open && edit?.dialog(isGone(query.error), () => setOpen(false))}
      {query.error !== null && !open && <Failure error={query.error} retry={() => query.refetch()} />}
      {props.notice}
      <div className="columns">
        <Panel title={facts.title}>
          <Facts rows={[...described, ...facts.rows]} />
          {facts.below}
        </Panel>
        {props.children}
      </div>
    </div>
  );
}

/** The columns of a list of such things: how each is, its name, where it is or belongs, and what it is for. */
export function objectColumns<T extends { id: string; description?: string | null }>(parts: {
  state: { title: string; width?: string; narrow?: string; cell: (row: T) => ReactNode };
  /** The name as a link to the page. */
  name: (row: T) => ReactNode;
  where: { title: string; cell: (row: T) => ReactNode };
  /** Between place and description. */
  more?: Column<T>[];
  at?: { title: string; cell: (row: T) => ReactNode };
}): Column<T>[] {
  const { state, where, at } = parts;
  return [
    { key: 'state', title: state.title, width: state.width ?? '9rem', narrow: state.narrow, cell: state.cell },
    { key: 'name', title: t.name, width: 'minmax(8rem, 2fr)', cell: parts.name },
    ...(parts.more ?? []),
    { key: 'where', title: where.title, width: 'minmax(6rem, 1fr)', wide: true, cell: where.cell },
    {
      key: 'description',
      title: t.description,
      width: 'minmax(6rem, 2fr)',
      wide: true,
      cell: (row) => row.description ?? '',
    },
    ...(at ? [{ key: 'at', title: at.title, width: '8rem', wide: true, cell: at.cell }] : []),
  ];
}
