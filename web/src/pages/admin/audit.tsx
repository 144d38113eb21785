/** The audit trail: who changed what, when and from where; earlier events follow as one scrolls. */

import { Button, Group, Select, TextInput } from '@mantine/core';
import { IconRefresh, IconSearch } from '@tabler/icons-react';
import { useInfiniteQuery, useQueryClient } from '@tanstack/react-query';
import { Link, useNavigate, useSearch } from '@tanstack/react-router';
import { useCallback, useEffect, useState } from 'react';
import { type AuditEvent, type AuditFilter, auditPage } from '../../api/admin';
import { useMay } from '../../app/context';
import { a } from '../../texts/admin';
import { eventWord, nameIn, OBJECTS } from '../../texts/audit';
import { permissionName } from '../../texts/permissions';
import { fullTime, instant, shortTime } from '../../texts/time';
import { Denied } from '../../ui/fields';
import { type Column, List } from '../../ui/list';
import { Empty, Failure, Head, isLost, useNow, Waiting } from '../../ui/parts';

const KINDS = Object.entries(OBJECTS).map(([value, label]) => ({ value, label }));
/** Earlier events are fetched when so few of those that are there lie below. */
const AHEAD = 40;

/** The instant a field for local date and time means; nothing while it is not complete. */
export function instantOf(local: string | undefined): string | undefined {
  const at = local ? Date.parse(local) : Number.NaN;
  return Number.isNaN(at) ? undefined : new Date(at).toISOString();
}

/** A text field that tells its value when one pauses, so that not every letter is a search. */
function Typed(props: { label: string; value: string; change: (value: string) => void; search?: boolean }) {
  const { value, change } = props;
  const [text, setText] = useState(value);
  useEffect(() => setText(value), [value]);
  useEffect(() => {
    if (text === value) return;
    const timer = setTimeout(() => change(text), 400);
    return () => clearTimeout(timer);
  }, [text, value, change]);
  return (
    <TextInput
      aria-label={props.label}
      placeholder={props.label}
      leftSection={props.search ? <IconSearch size={16} aria-hidden /> : undefined}
      value={text}
      onChange={(event) => setText(event.currentTarget.value)}
      onKeyDown={(event) => event.key === 'Enter' && change(text)}
    />
  );
}

export function Audit() {
  const search = useSearch({ from: '/manage/audit' });
  const navigate = useNavigate({ from: '/manage/audit' });
  const queries = useQueryClient();
  const may = useMay('AUDIT_LOGS_VIEW');
  const now = useNow(30_000);
  const filter: AuditFilter = {
    from: instantOf(search.from),
    to: instantOf(search.to),
    actor: search.actor,
    objectType: search.kind,
    objectId: search.object,
    text: search.text,
  };
  const found = useInfiniteQuery({
    queryKey: ['audit', 'list', filter],
    queryFn: ({ pageParam }) => auditPage(filter, pageParam),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (page) => page.next,
    enabled: may,
    staleTime: Number.POSITIVE_INFINITY,
  });
  const { hasNextPage, isFetchingNextPage, fetchNextPage } = found;
  const events = (found.data?.pages ?? []).flatMap((page) => page.items);
  const onRange = useCallback(
    (_: number, last: number) => {
      if (hasNextPage && !isFetchingNextPage && last + AHEAD > events.length) void fetchNextPage();
    },
    [hasNextPage, isFetchingNextPage, fetchNextPage, events.length],
  );
  const set = useCallback(
    (change: Partial<typeof search>) => navigate({ search: (old) => ({ ...old, ...change }), replace: true }),
    [navigate],
  );
  const setActor = useCallback((actor: string) => void set({ actor: actor.trim() || undefined }), [set]);
  const setText = useCallback((text: string) => void set({ text: text.trim() || undefined }), [set]);
  if (!may) {
    return (
      <div className="page">
        <Head title={a.audit.title} />
        <Denied what={a.audit.title} permission={permissionName('AUDIT_LOGS_VIEW')} />
      </div>
    );
  }
  const narrowed = Object.values(search).some(Boolean);
  const columns: Column<AuditEvent>[] = [
    {
      key: 'when',
      title: a.audit.when,
      width: '7.5rem',
      narrow: '6rem',
      cell: (one) => {
        const at = instant(one.at) ?? 0;
        return <span title={fullTime(at)}>{shortTime(at, now)}</span>;
      },
    },
    {
      key: 'who',
      title: a.audit.who,
      width: 'minmax(5rem, 0.8fr)',
      narrow: 'minmax(3.5rem, 0.7fr)',
      cell: (one) => <span title={one.actor}>{one.actor}</span>,
    },
    {
      key: 'what',
      title: a.audit.what,
      width: 'minmax(8rem, 1.2fr)',
      cell: (one) => (
        <Link className="row-link" to="/manage/audit/$id" params={{ id: one.id }}>
          {eventWord(one.action, one.objectType)}
        </Link>
      ),
    },
    {
      key: 'object',
      title: a.audit.object,
      width: 'minmax(8rem, 1.5fr)',
      wide: true,
      cell: (one) => nameIn(one.detail, one.objectId),
    },
    {
      key: 'from',
      title: a.audit.fromAddress,
      width: '9rem',
      wide: true,
      cell: (one) => one.clientIp ?? '',
    },
  ];
  return (
    <div className="page">
      <Head
        title={a.audit.title}
        badge={<span className="muted">{found.data && a.audit.shown(events.length, !hasNextPage)}</span>}
      >
        <Button
          variant="default"
          leftSection={<IconRefresh size={16} aria-hidden />}
          loading={found.isFetching && !isFetchingNextPage}
          onClick={() => queries.resetQueries({ queryKey: ['audit', 'list'] })}
        >
          {a.audit.refresh}
        </Button>
      </Head>
      <Group gap="sm" className="filters" align="flex-end">
        <Typed label={a.audit.text} value={search.text ?? ''} change={setText} search />
        <Typed label={a.audit.actor} value={search.actor ?? ''} change={setActor} />
        <Select
          aria-label={a.audit.kind}
          placeholder={a.audit.kind}
          data={KINDS}
          value={search.kind ?? null}
          onChange={(kind) => set({ kind: kind ?? undefined })}
          searchable
          clearable
          clearButtonProps={{ 'aria-label': a.clear }}
        />
        <TextInput
          type="datetime-local"
          label={a.audit.from}
          className="when"
          value={search.from ?? ''}
          onChange={(event) => set({ from: event.currentTarget.value || undefined })}
        />
        <TextInput
          type="datetime-local"
          label={a.audit.until}
          className="when"
          value={search.to ?? ''}
          onChange={(event) => set({ to: event.currentTarget.value || undefined })}
        />
        {narrowed && (
          <Button variant="subtle" onClick={() => navigate({ search: {}, replace: true })}>
            {a.clear}
          </Button>
        )}
      </Group>
      {isLost(found) ? (
        <Failure error={found.error} retry={() => found.refetch()} />
      ) : !found.data ? (
        <Waiting />
      ) : (
        <List
          label={a.audit.title}
          columns={columns}
          count={events.length}
          row={(index) => events[index]}
          rowKey={(one) => one.id}
          onRange={onRange}
          empty={
            narrowed ? (
              <Empty title={a.noMatch}>{a.noMatchHint}</Empty>
            ) : (
              <Empty title={a.audit.none}>{a.audit.noneHint}</Empty>
            )
          }
        />
      )}
    </div>
  );
}
