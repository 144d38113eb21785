/** The last runs of API tests of whoever looks. */

import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { history, type RunLine } from '../../api/tester';
import { x } from '../../texts/tester';
import { type Column, List } from '../../ui/list';
import { Empty, Failure, Head, Moment, useNow, Waiting } from '../../ui/parts';
import { RunBadge } from './result';
import { TesterTabs } from './tabs';

export function TesterHistory() {
  const all = useQuery(history());
  const now = useNow(10_000);
  const columns: Column<RunLine>[] = [
    {
      key: 'what',
      title: x.what,
      width: 'minmax(9rem, 2fr)',
      cell: (row) => (
        <Link to="/tester/runs/$id" params={{ id: row.id }}>
          {row.targetName}
        </Link>
      ),
    },
    { key: 'outcome', title: x.outcome, width: '9rem', cell: (row) => <RunBadge run={row} /> },
    { key: 'count', title: x.results, width: '11rem', wide: true, cell: (row) => x.progress(row.requests, row.bad) },
    { key: 'project', title: x.project, width: 'minmax(8rem, 1fr)', wide: true, cell: (row) => row.projectName },
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
      {all.error && <Failure error={all.error} retry={() => all.refetch()} />}
      {all.isPending ? (
        <Waiting />
      ) : (
        <List
          label={x.history}
          columns={columns}
          count={all.data?.length ?? 0}
          row={(index) => all.data?.[index]}
          rowKey={(row) => row.id}
          empty={<Empty title={x.noRuns}>{x.noRunsHint}</Empty>}
        />
      )}
    </div>
  );
}
