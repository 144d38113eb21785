/** Content that is hard to show: many rows, long names, long lists of parameters, long plans, things of every kind. */

import type { Stage } from './stage';

const LONG =
  'Nightly reconciliation of the general ledger with every branch office, including those that report late (EMEA, second attempt)';

/** Ids of what {@link crowded} made. */
export interface Crowd {
  engine: string;
  gen2: string;
  dynamic: string;
  place: string;
  cluster: string;
  connection: string;
  task: string;
  run: string;
  plan: string;
  environment: string;
  promotion: string;
  project: string;
  role: string;
  group: string;
  user: string;
  service: string;
  tester: string;
}

async function machines(stage: Stage) {
  const made = (path: string, body: object) => stage.call<{ id: string }>('POST', path, body);
  const runtimes = '/processing/runtimes';
  const here = { environmentId: stage.environmentId };
  const { id: engine, key } = await stage.engine('forge-01');
  for (let count = 2; count < 14; count += 1) await stage.engine(`forge-${String(count).padStart(2, '0')} ${LONG}`);
  const spare = await stage.engine('forge-14');
  await stage.pair(engine, key);
  const gen2 = await made(`${runtimes}/pipeline-engines`, { name: `Spark ${LONG}`, description: LONG, ...here });
  const dynamic = await made(`${runtimes}/dynamic-engines`, { name: `Kubernetes ${LONG}`, description: LONG });
  const place = await made('/orchestration/dynamic-engine-environments', {
    name: 'stage-k',
    workspaceName: 'Shared',
    description: LONG,
    logStrategy: 'NONE',
    metricsStrategy: 'NONE',
  });
  const cluster = await made(`${runtimes}/remote-engine-clusters`, {
    name: `Night shift ${LONG}`,
    description: LONG,
    workspaceId: '',
    remoteEngines: [spare.id],
    ...here,
  });
  await made('/processing/run-profiles', {
    name: 'Large heap',
    description: LONG,
    processorType: 'RE',
    runtimeId: engine,
    type: 'JOB_SERVER',
    jvmArguments: ['-Xms256m', '-Xmx4g', `-Dcompany.ledger.reconciliation.settings=${'x'.repeat(120)}`],
  });
  return { engine, gen2: gen2.id, dynamic: dynamic.id, place: place.id, cluster: cluster.id };
}

async function work(stage: Stage, engine: string) {
  const artifact = await stage.publish('customers', 'script-hello');
  const failing = await stage.publish('invoices', 'script-fail');
  const connection = await stage.call<{ id: string }>('POST', '/orchestration/connections', {
    name: `Ledger ${LONG}`,
    workspaceId: stage.workspaceId,
    app: 'Database',
    parameters: [
      { name: 'host', value: `ledger.${'very-long-part.'.repeat(8)}example.com` },
      { name: 'password', value: 'hush', encrypted: true },
    ],
  });
  const parameters = Object.fromEntries(
    Array.from({ length: 40 }, (_, number) => [
      `parameter_with_a_long_name_${number}`,
      number % 3 === 0 ? `/srv/data/${'deeper/'.repeat(20)}file-${number}.csv` : `value ${number}`,
    ]),
  );
  const task = await stage.task(LONG, artifact, engine, {
    parameters,
    tags: ['crm', 'daily', 'ledger', 'a-long-label'],
  });
  const fail = await stage.task('Export invoices', failing, engine);
  for (let count = 0; count < 30; count += 1)
    await stage.task(`Load region ${count} ${count % 5 ? '' : LONG}`, artifact, engine);
  const run = await stage.run(task);
  const failed = await stage.run(fail);
  await Promise.all([stage.ended(run), stage.ended(failed)]);
  const plan = await stage.call<{ id: string }>('POST', '/orchestration/executables/plans', {
    name: `Month end ${LONG}`,
    description: LONG,
    workspaceId: stage.workspaceId,
    steps: Array.from({ length: 12 }, (_, number) => ({
      name: number % 4 ? `Step ${number + 1}` : `Step ${number + 1}: ${LONG}`,
      condition: number % 2 ? 'ALL_SUCCEEDED' : 'ALWAYS_PROCEED_ON',
      taskIds: number % 3 ? [task] : [task, fail],
    })),
  });
  return { connection: connection.id, task, run, plan: plan.id };
}

async function stages(stage: Stage) {
  const environment = await stage.call<{ id: string }>('POST', '/orchestration/environments', {
    name: `Production ${LONG.slice(0, 60)}`,
    description: LONG,
    workspaceName: 'Shared',
  });
  const promotion = await stage.call<{ executable: string }>('POST', '/orchestration/executables/promotions', {
    description: LONG,
    sourceEnvironmentId: stage.environmentId,
    targetEnvironmentId: environment.id,
  });
  const project = await stage.call<{ id: string }>('POST', '/orchestration/projects', {
    name: `Ledger ${LONG.slice(0, 60)}`,
    description: LONG,
    owner: 'admin',
    url: `https://git.example.com/${'group/'.repeat(12)}ledger.git`,
  });
  return { environment: environment.id, promotion: promotion.executable, project: project.id };
}

async function people(stage: Stage) {
  const made = (path: string, body: object) => stage.call<{ id: string }>('POST', path, body);
  const user = await made('/account/users', {
    login: 'somebody.with.a.very.long.login.name@subsidiary.example.com',
    firstName: 'Wolfeschlegelsteinhausenbergerdorff',
    lastName: 'von und zu Hohenstein-Wittgenstein',
    email: 'somebody.with.a.very.long.login.name@subsidiary.example.com',
    preferredLanguage: 'en',
    timezone: 'Etc/UTC',
    roleIds: [],
  });
  const role = await made('/account/roles', { name: 'Night watch', description: LONG, permissions: ['TMC_OPERATOR'] });
  const group = await made('/account/groups', { name: `Readers ${LONG.slice(0, 40)}`, userIds: [user.id] });
  const service = await made('/account/service-accounts', { name: 'deployment', permissions: ['TMC_OPERATOR'] });
  const tester = await made('/stoker/v1/tester/imports', { text: '', format: 'sample' });
  return { user: user.id, role: role.id, group: group.id, service: service.id, tester: tester.id };
}

/** Fills a stage. */
export async function crowded(stage: Stage): Promise<Crowd> {
  const found = await machines(stage);
  return { ...found, ...(await work(stage, found.engine)), ...(await stages(stage)), ...(await people(stage)) };
}
