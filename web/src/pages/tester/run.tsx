/** One run of API tests, live while it goes on. */

import { Button } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { Link, useParams } from '@tanstack/react-router';
import { cancelRun, run } from '../../api/tester';
import { x } from '../../texts/tester';
import { fullTime } from '../../texts/time';
import { useAct } from '../../ui/fields';
import { Facts, Failure, Head, Waiting } from '../../ui/parts';
import { Results, RunBadge } from './result';

export function TesterRun() {
  const { id } = useParams({ from: '/tester/runs/$id' });
  const one = useQuery(run(id));
  const stop = useAct();
  if (!one.data) {
    return one.error ? <Failure error={one.error} retry={() => one.refetch()} /> : <Waiting />;
  }
  const it = one.data;
  return (
    <div className="page">
      <Head title={it.targetName} badge={<RunBadge run={it} />}>
        {it.state === 'running' && (
          <Button variant="default" loading={stop.busy} onClick={() => stop.act(() => cancelRun(id))}>
            {x.cancel}
          </Button>
        )}
        <Button
          variant="default"
          component={Link}
          to={`/tester/projects/${it.projectId}${it.targetId ? `?at=${encodeURIComponent(it.targetId)}` : ''}`}
        >
          {x.open}
        </Button>
      </Head>
      {stop.rest}
      <Facts
        rows={[
          [x.project, it.projectName],
          [x.environment, it.environment ?? x.noEnvironment],
          [x.sentBy, it.engineName ? x.engine(it.engineName) : x.byServer],
          [x.when, fullTime(it.startedAt)],
          [x.results, x.progress(it.requests, it.bad)],
        ]}
      />
      <Results run={it} />
    </div>
  );
}
