/** Schedules: the list, and a calendar of what they will start. */

import { Button, Group, TextInput } from '@mantine/core';
import { IconPlus, IconSearch } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { Link, useNavigate, useSearch } from '@tanstack/react-router';
import { lazy, Suspense } from 'react';
import { type Schedule, scheduleEvents, schedules } from '../api/queries';
import { useMay, useScheduleRight, useScope } from '../app/context';
import { t } from '../texts/pages';
import { fullTime, instant } from '../texts/time';
import { triggerWords } from '../texts/triggers';
import { w } from '../texts/work';
import { ExecutableLink, useExecutableNames } from '../ui/executable';
import { type Column, List } from '../ui/list';
import { Empty, Failure, Head, Waiting } from '../ui/parts';

const Calendar = lazy(() => import('./calendar').then((m) => ({ default: m.Calendar })));

/** The next date; asked for when its row can be seen. */
function Next({ id }: { id: string }) {
  const events = useQuery(scheduleEvents(id, 1));
  const at = instant(events.data?.[0]?.datetime);
  if (events.error) return <span className="muted">{events.error.message}</span>;
  if (!events.data) return <span className="skeleton" />;
  return at === undefined ? <span className="muted">{t.schedules.never}</span> : fullTime(at);
}

function Rows({ list, search }: { list: Schedule[]; search?: string }) {
  const names = useExecutableNames();
  const may = useMay('TMC_OPERATOR');
  const wanted = search?.toLowerCase();
  const shown = wanted ? list.filter((one) => (one.description ?? '').toLowerCase().includes(wanted)) : list;
  const columns: Column<Schedule>[] = [
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
            <ExecutableLink id={one.executableId} plan={one.executableType === 'PLAN'} names={names} />
          </span>
        ) : (
          <span className="muted">{w.schedule.unbound}</span>
        ),
    },
    { key: 'next', title: w.schedule.next, width: '13rem', wide: true, cell: (one) => <Next id={one.id} /> },
  ];
  return (
    <List
      label={t.schedules.title}
      columns={columns}
      count={shown.length}
      row={(index) => shown[index]}
      rowKey={(one) => one.id}
      empty={
        list.length > 0 ? (
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
  const navigate = useNavigate({ from: '/schedules' });
  const { query: scope } = useScope();
  const may = useScheduleRight(undefined);
  const list = useQuery(schedules(scope.environmentId));
  const calendar = search.view === 'calendar';
  return (
    <div className="page">
      <Head title={t.schedules.title}>{may && <NewScheduleLink />}</Head>
      <Group gap="sm" className="filters">
        <nav className="tabs" aria-label={w.schedule.views}>
          <Link to="/schedules" search={{}} aria-current={calendar ? undefined : 'page'}>
            {w.schedule.list}
          </Link>
          <Link to="/schedules" search={{ view: 'calendar' }} aria-current={calendar ? 'page' : undefined}>
            {w.schedule.calendar}
          </Link>
        </nav>
        {!calendar && (
          <TextInput
            type="search"
            aria-label={w.schedule.search}
            placeholder={w.schedule.search}
            leftSection={<IconSearch size={16} aria-hidden />}
            value={search.name ?? ''}
            onChange={(event) => navigate({ search: { name: event.currentTarget.value || undefined }, replace: true })}
          />
        )}
      </Group>
      {calendar ? (
        <Suspense fallback={<Waiting />}>
          <Calendar />
        </Suspense>
      ) : list.error ? (
        <Failure error={list.error} retry={() => list.refetch()} />
      ) : !list.data ? (
        <Waiting />
      ) : (
        <Rows list={list.data} search={search.name} />
      )}
    </div>
  );
}
