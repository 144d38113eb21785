/** Schedules: the list, and a calendar of what they will start. */

import { Button, Group } from '@mantine/core';
import { IconPlus } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { Link, useSearch } from '@tanstack/react-router';
import { lazy, Suspense } from 'react';
import { schedulePage } from '../api/pages';
import { type Schedule, scheduleEvents } from '../api/queries';
import { useMay, useScheduleRight, useScope } from '../app/context';
import { usePages, useSettled } from '../lib/use-pages';
import { t } from '../texts/pages';
import { fullTime, instant } from '../texts/time';
import { triggerWords } from '../texts/triggers';
import { w } from '../texts/work';
import { ExecutableLink } from '../ui/executable';
import { type Column, List } from '../ui/list';
import { FindField } from '../ui/list-page';
import { Empty, Failure, Head, isLost, Waiting } from '../ui/parts';

const Calendar = lazy(() => import('./calendar').then((m) => ({ default: m.Calendar })));

/** The next date; asked for when its row can be seen. */
function Next({ id }: { id: string }) {
  const events = useQuery(scheduleEvents(id, 1));
  const at = instant(events.data?.[0]?.datetime);
  if (events.error) return <span className="muted">{events.error.message}</span>;
  if (!events.data) return <span className="skeleton" />;
  return at === undefined ? <span className="muted">{t.schedules.never}</span> : fullTime(at);
}

const COLUMNS: Column<Schedule>[] = [
  {
    key: 'description',
    title: w.schedule.description,
    width: 'minmax(8rem, 2fr)',
    cell: (one) => (
      <Link className="row-link" to="/schedules/$id" params={{ id: one.id }}>
        {one.description || w.schedule.unnamed}
      </Link>
    ),
  },
  {
    key: 'triggers',
    title: w.schedule.triggers,
    width: 'minmax(8rem, 2fr)',
    wide: true,
    cell: (one) => (one.triggers ?? []).map((trigger) => triggerWords(trigger)).join('; '),
  },
  {
    key: 'starts',
    title: w.schedule.starts,
    width: 'minmax(6rem, 1fr)',
    cell: (one) =>
      one.executableId ? (
        <span className="above">
          <ExecutableLink id={one.executableId} plan={one.executableType === 'PLAN'} />
        </span>
      ) : (
        <span className="muted">{w.schedule.unbound}</span>
      ),
  },
  { key: 'next', title: w.schedule.next, width: '13rem', wide: true, cell: (one) => <Next id={one.id} /> },
];

function Rows({ search }: { search?: string }) {
  const { query: scope } = useScope();
  const may = useMay('TMC_OPERATOR');
  const wanted = useSettled(search);
  const list = usePages<Schedule>((number) => schedulePage(scope.environmentId, wanted, number));
  if (isLost(list)) return <Failure error={list.error} retry={list.refetch} />;
  if (!list.data) return <Waiting />;
  return (
    <List
      label={t.schedules.title}
      columns={COLUMNS}
      count={list.total}
      row={list.row}
      rowKey={(one) => one.id}
      onRange={list.onRange}
      empty={
        search ? (
          <Empty title={t.tasks.noMatch} />
        ) : (
          <Empty title={w.schedule.none} action={may && <NewScheduleLink />}>
            {w.schedule.noneHint}
          </Empty>
        )
      }
    />
  );
}

function NewScheduleLink() {
  return (
    <Button component={Link} to="/schedules/new" leftSection={<IconPlus size={16} aria-hidden />}>
      {w.schedule.new}
    </Button>
  );
}

export function Schedules() {
  const search = useSearch({ from: '/schedules' });
  const may = useScheduleRight(undefined);
  const calendar = search.view === 'calendar';
  return (
    <div className="page">
      <Head title={t.schedules.title}>{may && <NewScheduleLink />}</Head>
      <Group gap="sm" className="filters">
        <nav className="tabs" aria-label={w.schedule.views}>
          <Link
            to="/schedules"
            search={{}}
            activeOptions={{ exact: true }}
            aria-current={calendar ? undefined : 'page'}
          >
            {w.schedule.list}
          </Link>
          <Link to="/schedules" search={{ view: 'calendar' }} aria-current={calendar ? 'page' : undefined}>
            {w.schedule.calendar}
          </Link>
        </nav>
        {!calendar && <FindField label={w.schedule.search} />}
      </Group>
      {calendar ? (
        <Suspense fallback={<Waiting />}>
          <Calendar />
        </Suspense>
      ) : (
        <Rows search={search.name} />
      )}
    </div>
  );
}
