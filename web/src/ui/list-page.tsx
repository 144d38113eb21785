/** The page of a list: head with what can be made, filters, and the rows, or why there are none. */

import { Button, Group, TextInput } from '@mantine/core';
import { IconPlus, IconSearch } from '@tabler/icons-react';
import { useNavigate, useSearch } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import type { Pages } from '../lib/use-pages';
import { t } from '../texts/pages';
import { type Column, List } from './list';
import { Empty, Failure, Head, isLost, Waiting } from './parts';

/** The field that filters a list by text, which lives in the address of the page. */
export function FindField({ label, field = 'name' }: { label: string; field?: string }) {
  const search = useSearch({ strict: false }) as Record<string, string | undefined>;
  const navigate = useNavigate();
  return (
    <TextInput
      className="find"
      aria-label={label}
      placeholder={label}
      leftSection={<IconSearch size={16} aria-hidden />}
      value={search[field] ?? ''}
      onChange={(event) => {
        const text = event.currentTarget.value || undefined;
        void navigate({ to: '.', search: (old: object) => ({ ...old, [field]: text }), replace: true });
      }}
    />
  );
}

/** Texts for the places where nothing is. */
interface Nothing {
  title: string;
  hint?: string;
}

/** What there is: all of it with what the filters leave, or pages of what the server leaves. */
type Rows<T> =
  | { query: { data?: unknown; error: unknown; refetch: () => unknown }; all: T[]; shown: T[] }
  | { pages: Pages<T>; narrowed: boolean };

interface Props<T> {
  title: string;
  /** Beside the title; the number of all by default. */
  badge?: ReactNode;
  /** Between head and filters: tabs, notices. */
  above?: ReactNode;
  /** The button that makes a new one; left out for those who may not. */
  make?: { label: string; act: () => void; icon?: ReactNode };
  filters?: ReactNode;
  /** What somebody reads who may not see the list at all. */
  denied?: ReactNode;
  rows: Rows<T>;
  rowKey: (row: T) => string;
  columns: Column<T>[];
  none: Nothing;
  noMatch?: Nothing;
}

/** The same of both kinds of rows. */
function shownOf<T>(rows: Rows<T>) {
  if ('pages' in rows) {
    const { pages, narrowed } = rows;
    const badge = pages.data && (narrowed || pages.total > 0) && pages.total.toLocaleString('en-GB');
    return { query: pages, count: pages.total, row: pages.row, onRange: pages.onRange, narrowed, badge };
  }
  const { query, all, shown } = rows;
  const badge = all.length > 0 && t.of(shown.length, all.length);
  const row = (index: number) => shown[index];
  return { query, count: shown.length, row, onRange: undefined, narrowed: all.length > 0, badge };
}

/** The page; a failure that comes while rows are shown leaves them. */
export function ListPage<T>(props: Props<T>) {
  const { make } = props;
  const { query, count, row, onRange, narrowed, badge } = shownOf(props.rows);
  const icon = make?.icon ?? <IconPlus size={16} aria-hidden />;
  const rest = () => {
    if (props.denied) return props.denied;
    if (isLost(query)) return <Failure error={query.error} retry={() => query.refetch()} />;
    if (query.data === undefined) return <Waiting />;
    const empty =
      narrowed && props.noMatch ? (
        <Empty title={props.noMatch.title}>{props.noMatch.hint}</Empty>
      ) : (
        <Empty title={props.none.title} action={make && <Button onClick={make.act}>{make.label}</Button>}>
          {props.none.hint}
        </Empty>
      );
    return (
      <List
        label={props.title}
        count={count}
        row={row}
        rowKey={props.rowKey}
        columns={props.columns}
        onRange={onRange}
        empty={empty}
      />
    );
  };
  return (
    <div className="page">
      <Head
        title={props.title}
        badge={props.badge ?? (!props.denied && badge && <span className="muted">{badge}</span>)}
      >
        {make && !props.denied && (
          <Button leftSection={icon} onClick={make.act}>
            {make.label}
          </Button>
        )}
      </Head>
      {props.above}
      {props.filters && !props.denied && (
        <Group gap="sm" className="filters">
          {props.filters}
        </Group>
      )}
      {rest()}
    </div>
  );
}
