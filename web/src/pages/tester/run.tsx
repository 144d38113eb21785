/** One run of API tests, live while it goes on. */

import { Button } from '@mantine/core';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { Link, useNavigate, useParams } from '@tanstack/react-router';
import { Problem } from '../../api/client';
import { cancelRun, project, type Run, run, startRun } from '../../api/tester';
import { find } from '../../lib/tester-doc';
import { x } from '../../texts/tester';
import { fullTime } from '../../texts/time';
import { useAct } from '../../ui/fields';
import { Facts, Head, LostPage, Waiting } from '../../ui/parts';
import { Results, RunBadge } from './result';
import { TesterTabs } from './tabs';

/** Runs the same again, in the environment of that name and by the same sender. */
function useAgain(it: Run) {
  const queries = useQueryClient();
  const navigate = useNavigate();
  const again = useAct();
  const act = async () => {
    const { document } = await queries.fetchQuery({ ...project(it.projectId), staleTime: 0 });
    const environment = document.environments?.find((one) => one.name === it.environment);
    if ((it.environment && !environment) || (it.targetId && !find(document.entities, it.targetId))) {
      throw new Problem(404, x.runAgainGone);
    }
    const wish = { targetId: it.targetId, environmentId: environment?.id, engineId: it.engineId };
    const { id } = await startRun(it.projectId, wish);
    await queries.invalidateQueries({ queryKey: ['tester', 'runs'] });
    await navigate({ to: '/tester/runs/$id', params: { id } });
  };
  return {
    button: (
      <Button variant="default" loading={again.busy} onClick={() => again.act(act)}>
        {x.runAgain}
      </Button>
    ),
    rest: again.rest,
  };
}

function Shown({ it }: { it: Run }) {
  const stop = useAct();
  const again = useAgain(it);
  return (
    <div className="page">
      <Head title={it.targetName} badge={<RunBadge run={it} />}>
        {it.state === 'running' ? (
          <Button variant="default" loading={stop.busy} onClick={() => stop.act(() => cancelRun(it.id))}>
            {x.cancel}
          </Button>
        ) : (
          again.button
        )}
        <Button
          variant="default"
          component={Link}
          to={`/tester/projects/${it.projectId}${it.targetId ? `?at=${encodeURIComponent(it.targetId)}` : ''}`}
        >
          {x.open}
        </Button>
      </Head>
      <TesterTabs />
      {stop.rest}
      {again.rest}
      <Facts
        rows={[
          [x.project, it.projectName],
          [x.environment, it.environment ?? x.noEnvironment],
          [x.sentBy, it.engineName ? x.engine(it.engineName) : x.byServer],
          [x.when, fullTime(it.startedAt)],
          [x.results, x.progress(it.requests, it.bad)],
        ]}
      />
      <section className="panel">
        <Results run={it} key={it.id} />
      </section>
    </div>
  );
}

export function TesterRun() {
  const { id } = useParams({ from: '/tester/runs/$id' });
  const one = useQuery(run(id));
  if (!one.data) {
    return one.error ? <LostPage title={x.title} error={one.error} retry={() => one.refetch()} /> : <Waiting />;
  }
  return <Shown it={one.data} />;
}
