/** The last runs of API tests of whoever looks. */

import { Group, Select, TextInput } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { Link, useNavigate, useSearch } from '@tanstack/react-router';
import { history, type RunLine } from '../../api/tester';
import { x } from '../../texts/tester';
import { type Column, List } from '../../ui/list';
import { Empty, Failure, Head, Moment, useNow, Waiting } from '../../ui/parts';
import { RunBadge } from './result';
import { TesterTabs } from './tabs';

const ANY = '';
const OUTCOMES = [
  { value: ANY, label: x.anyOutcome },
  ...Object.entries(x.outcomes).map(([value, label]) => ({ value, label })),
];

export function TesterHistory() {
  const search = useSearch({ from: '/tester/history' });
  const navigate = useNavigate({ from: '/tester/history' });
  const all = useQuery(history());
  const now = useNow(10_000);
  const wanted = (search.find ?? '').toLowerCase();
  const fit = (all.data ?? []).filter(
    (one) =>
      (!search.outcome || one.outcome === search.outcome) &&
      `${one.targetName} ${one.projectName} ${one.environment ?? ''}`.toLowerCase().includes(wanted),
  );
  const columns: Column<RunLine>[] = [
    {
      key: 'what',
      title: x.what,
      width: 'minmax(9rem, 2fr)',
      cell: (row) => (
        <Link to="/tester/runs/$id" params={{ id: row.id }} title={row.targetName}>
          <bdi>{row.targetName}</bdi>
        </Link>
      ),
    },
    { key: 'outcome', title: x.outcome, width: '9rem', narrow: '6.5rem', cell: (row) => <RunBadge run={row} /> },
    { key: 'count', title: x.results, width: '11rem', wide: true, cell: (row) => x.progress(row.requests, row.bad) },
    {
      key: 'environment',
      title: x.environment,
      width: 'minmax(7rem, 0.7fr)',
      wide: true,
      cell: (row) => row.environment ?? <span className="muted">{x.noEnvironment}</span>,
    },
    {
      key: 'project',
      title: x.project,
      width: 'minmax(8rem, 1fr)',
      wide: true,
      cell: (row) => (
        <Link
          to="/tester/projects/$id"
          params={{ id: row.projectId }}
          search={{ at: row.targetId, run: row.id }}
          title={row.projectName}
        >
          <bdi>{row.projectName}</bdi>
        </Link>
      ),
    },
    {
      key: 'when',
      title: x.when,
      width: '8rem',
      narrow: '6rem',
      cell: (row) => <Moment at={new Date(row.startedAt).toISOString()} now={now} />,
    },
  ];
  return (
    <div className="page">
      <Head title={x.history} />
      <TesterTabs />
      <Group gap="xs">
        <TextInput
          aria-label={x.findRuns}
          placeholder={x.findRuns}
          defaultValue={search.find ?? ''}
          onChange={(event) => {
            const find = event.currentTarget.value || undefined;
            navigate({ search: (before) => ({ ...before, find }), replace: true });
          }}
        />
        <Select
          aria-label={x.outcome}
          data={OUTCOMES}
          value={search.outcome ?? ANY}
          onChange={(outcome) => navigate({ search: (before) => ({ ...before, outcome: outcome || undefined }) })}
          w="10rem"
        />
      </Group>
      {all.error && <Failure error={all.error} retry={() => all.refetch()} />}
      {all.isPending ? (
        <Waiting />
      ) : (
        <List
          label={x.history}
          columns={columns}
          count={fit.length}
          row={(index) => fit[index]}
          rowKey={(row) => row.id}
          empty={all.data?.length ? <Empty title={x.noRunFits} /> : <Empty title={x.noRuns}>{x.noRunsHint}</Empty>}
        />
      )}
    </div>
  );
}
