/** The page of a list: head with what can be made, filters, and the rows, or why there are none. */

import { Button, Group } from '@mantine/core';
import { IconPlus } from '@tabler/icons-react';
import type { ReactNode } from 'react';
import { t } from '../texts/pages';
import { type Column, List } from './list';
import { Empty, Failure, Head, isLost, Waiting } from './parts';

/** Texts for the places where nothing is. */
interface Nothing {
  title: string;
  hint?: string;
}

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
  query: { data?: unknown; error: unknown; refetch: () => unknown };
  /** All there are, before the filters. */
  all: T[];
  /** Those that the filters leave. */
  shown: T[];
  rowKey: (row: T) => string;
  columns: Column<T>[];
  none: Nothing;
  noMatch?: Nothing;
}

/** The page; a failure that comes while rows are shown leaves them. */
export function ListPage<T>(props: Props<T>) {
  const { make, query, all, shown } = props;
  const icon = make?.icon ?? <IconPlus size={16} aria-hidden />;
  const rest = () => {
    if (props.denied) return props.denied;
    if (isLost(query)) return <Failure error={query.error} retry={() => query.refetch()} />;
    if (query.data === undefined) return <Waiting />;
    const empty =
      all.length > 0 && props.noMatch ? (
        <Empty title={props.noMatch.title}>{props.noMatch.hint}</Empty>
      ) : (
        <Empty title={props.none.title} action={make && <Button onClick={make.act}>{make.label}</Button>}>
          {props.none.hint}
        </Empty>
      );
    return (
      <List
        label={props.title}
        count={shown.length}
        row={(index) => shown[index]}
        rowKey={props.rowKey}
        columns={props.columns}
        empty={empty}
      />
    );
  };
  return (
    <div className="page">
      <Head
        title={props.title}
        badge={
          props.badge ??
          (!props.denied && query.data !== undefined && <span className="muted">{t.of(shown.length, all.length)}</span>)
        }
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
