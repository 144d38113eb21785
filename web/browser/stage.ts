/** A real server with a real engine, in temporary folders, and content to look at. Ends with {@link Stage.stop}. */

import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

const root = resolve(import.meta.dirname, '../..');
const programs = process.env.STOKER_PROGRAMS ?? join(root, 'target/debug');
const fixtures = process.env.STOKER_FIXTURES ?? join(root, 'target/fixtures');

type Json = Record<string, unknown>;

/** Asks until there is an answer or the time is up. */
export async function until<T>(what: string, ask: () => Promise<T | undefined>, seconds = 30): Promise<T> {
  const end = Date.now() + seconds * 1000;
  for (;;) {
    const answer = await ask();
    if (answer !== undefined) return answer;
    if (Date.now() > end) throw new Error(`${what} did not happen within ${seconds} s`);
    await new Promise((done) => setTimeout(done, 100));
  }
}

export class Stage {
  url = '';
  token = '';
  workspaceId = '';
  environmentId = '';
  readonly folder = mkdtempSync(join(tmpdir(), 'stoker-console-'));
  private readonly processes: ChildProcess[] = [];
  private server: ChildProcess | undefined;
  private archive: string | undefined;
  private options: string[] = [];

  /** Starts with a configuration file of these settings, when there are any. */
  static async start(settings?: Json): Promise<Stage> {
    const stage = new Stage();
    if (settings) {
      const file = join(stage.folder, 'server.json');
      writeFileSync(file, JSON.stringify(settings));
      stage.options = ['--config', file];
    }
    await stage.startServer('127.0.0.1:0');
    return stage;
  }

  private async startServer(listen: string): Promise<void> {
    const data = join(this.folder, 'data');
    const server = spawn(
      join(programs, 'stoker-server'),
      ['serve', '--data', data, '--listen', listen, ...this.options],
      {
        stdio: ['ignore', 'pipe', openSync(join(this.folder, 'server.log'), 'a')],
      },
    );
    this.server = server;
    this.processes.push(server);
    const url = await new Promise<string>((done, fail) => {
      server.on('error', fail);
      server.on('exit', (code) => fail(new Error(`the server ended with ${code}: ${this.log()}`)));
      server.stdout?.on('data', (chunk) => {
        const match = /listening on (\S+)/.exec(String(chunk));
        if (match?.[1]) done(match[1]);
      });
    });
    const made = JSON.parse(readFileSync(join(data, 'bootstrap.json'), 'utf8')) as Record<string, string>;
    this.url = url;
    this.token = made.personalAccessToken ?? '';
    this.workspaceId = made.workspaceId ?? '';
    this.environmentId = made.environmentId ?? '';
  }

  /** Stops the server and starts it again on the same port, `meanwhile` in between. */
  async restart(meanwhile: () => Promise<void>): Promise<void> {
    const listen = new URL(this.url).host;
    const server = this.server;
    const ended = new Promise((done) => server?.once('exit', done));
    server?.kill('SIGTERM');
    await ended;
    await meanwhile();
    await this.startServer(listen);
  }

  log(): string {
    return readFileSync(join(this.folder, 'server.log'), 'utf8').slice(-2000);
  }

  async call<T = Json>(method: string, path: string, body?: unknown, type = 'application/json'): Promise<T> {
    const response = await fetch(this.url + path, {
      method,
      headers: { authorization: `Bearer ${this.token}`, ...(body === undefined ? {} : { 'content-type': type }) },
      body:
        body === undefined
          ? undefined
          : type === 'application/json'
            ? JSON.stringify(body)
            : (body as Uint8Array<ArrayBuffer>),
    });
    const text = await response.text();
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${text}`);
    return (text ? JSON.parse(text) : undefined) as T;
  }

  fixture(name: string): string {
    return join(fixtures, `${name}.zip`);
  }

  async publish(name: string, archive: string, version = '0.1.0'): Promise<string> {
    const query = new URLSearchParams({ workspaceId: this.workspaceId, name, version });
    const bytes = new Uint8Array(readFileSync(this.fixture(archive)));
    const made = await this.call('POST', `/stoker/v1/artifacts?${query}`, bytes, 'application/zip');
    return String(made.id);
  }

  async engine(name: string): Promise<{ id: string; key: string }> {
    const made = await this.call('POST', '/processing/runtimes/remote-engines', {
      name,
      environmentId: this.environmentId,
      workspaceId: this.workspaceId,
    });
    return { id: String(made.id), key: String(made.preAuthorizedKey) };
  }

  /** Starts an engine program with this key and waits until it is available. */
  async pair(id: string, key: string): Promise<void> {
    if (!this.archive) {
      this.archive = join(this.folder, 'engine.tar.gz');
      const response = await fetch(`${this.url}/downloads/remote-engine.tar.gz`);
      writeFileSync(this.archive, new Uint8Array(await response.arrayBuffer()));
    }
    const home = mkdtempSync(join(this.folder, 'engine-'));
    execFileSync('tar', ['-xzf', this.archive, '-C', home, '--strip-components=1']);
    writeFileSync(join(home, 'etc/preauthorized.key.cfg'), `remote.engine.pre.authorized.key = ${key}\n`);
    writeFileSync(join(home, 'etc/org.talend.ipaas.rt.pairing.client.cfg'), `pairing.service.url=${this.url}\n`);
    const log = openSync(join(home, 'console.log'), 'a');
    this.processes.push(spawn(join(home, 'bin/trun'), [], { stdio: ['ignore', log, log] }));
    await this.available(id);
  }

  private async available(id: string): Promise<void> {
    await until('pairing', async () => {
      const engine = await this.call('GET', `/processing/runtimes/remote-engines/${id}`);
      return engine.availability === 'AVAILABLE' ? true : undefined;
    });
  }

  /** Follows the commands that the console shows, but keeps the engine in the foreground to be able to end it. */
  async pairBy(id: string, commands: string): Promise<void> {
    const home = mkdtempSync(join(this.folder, 'shown-'));
    const lines = commands.split('\n');
    if (lines.pop() !== 'bin/start') throw new Error(`the commands do not end with bin/start: ${commands}`);
    execFileSync('sh', ['-ec', lines.join('\n')], { cwd: home });
    const log = openSync(join(home, 'console.log'), 'a');
    this.processes.push(spawn(join(home, 'remote-engine/bin/trun'), [], { stdio: ['ignore', log, log] }));
    await this.available(id);
  }

  async task(name: string, artifact: string, engine: string, more: Json = {}): Promise<string> {
    const made = await this.call('POST', '/orchestration/executables/tasks', {
      name,
      workspaceId: this.workspaceId,
      environmentId: this.environmentId,
      artifact: { id: artifact, version: '0.1.0' },
      ...more,
    });
    await this.call('PUT', `/orchestration/executables/tasks/${made.id}/run-config`, {
      trigger: { type: 'MANUAL' },
      runtime: { type: 'REMOTE_ENGINE', id: engine },
      parallelExecutionAllowed: true,
    });
    return String(made.id);
  }

  async run(task: string): Promise<string> {
    return String((await this.call('POST', '/processing/executions', { executable: task })).executionId);
  }

  /** Waits for the end of a run; gives its status. */
  async ended(id: string): Promise<string> {
    return until(`the end of run ${id}`, async () => {
      const run = await this.call('GET', `/processing/executions/${id}`);
      return run.finishTimestamp ? String(run.status) : undefined;
    });
  }

  async stop(): Promise<void> {
    for (const process of this.processes.reverse()) {
      if (process.exitCode !== null || process.signalCode !== null) continue;
      const ended = new Promise((done) => process.once('exit', done));
      process.kill('SIGTERM');
      await ended;
    }
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/** What {@link filled} made. */
export interface Content {
  hello: string;
  fail: string;
  sleep: string;
  greeting: string;
  engine: string;
  spare: string;
  plan: string;
  planRun: string;
  schedule: string;
  failedRun: string;
  goodRun: string;
  sleepingRun: string;
  waitingRun: string;
  helloArtifact: string;
}

/** Fills a stage with a little of everything. */
export async function filled(stage: Stage): Promise<Content> {
  const engine = await stage.engine('forge-01');
  const spare = await stage.engine('forge-02 (spare)');
  await stage.pair(engine.id, engine.key);
  const helloArtifact = await stage.publish('customers', 'script-hello');
  const failing = await stage.publish('invoices', 'script-fail');
  const sleeping = await stage.publish('warehouse', 'script-sleep');
  const java = await stage.publish('HelloWorld', 'HelloWorld_0.1');
  const hello = await stage.task('Load customers', helloArtifact, engine.id, { tags: ['crm', 'daily'] });
  const fail = await stage.task('Export invoices', failing, engine.id);
  const sleep = await stage.task('Synchronise the warehouse', sleeping, engine.id);
  const greeting = await stage.task('Greeting <b>with</b> parameters ✓', java, engine.id, {
    parameters: { times: '2' },
  });
  const waiting = await stage.task('Archive of the branch office', helloArtifact, spare.id);
  const plan = String(
    (
      await stage.call('POST', '/orchestration/executables/plans', {
        name: 'Month end',
        workspaceId: stage.workspaceId,
        steps: [
          { name: 'Extract', condition: 'ALL_SUCCEEDED', taskIds: [hello] },
          { name: 'Load', condition: 'ALL_SUCCEEDED', taskIds: [hello, fail] },
          { name: 'Report', condition: 'ALL_SUCCEEDED', taskIds: [hello] },
        ],
      })
    ).id,
  );
  const tomorrow = new Date(Date.now() + 86_400_000).toISOString().slice(0, 10);
  const schedule = String(
    (
      await stage.call('POST', '/orchestration/schedules', {
        environmentId: stage.environmentId,
        description: 'Every night and at month end',
        trigger: {
          name: 'night',
          type: 'DAILY',
          interval: 1,
          startDate: tomorrow,
          timeZone: 'America/New_York',
          atTimes: { type: 'AT_TIME', time: '02:30' },
        },
      })
    ).id,
  );
  await stage.call('POST', `/orchestration/schedules/${schedule}/triggers`, {
    name: 'monday',
    type: 'CRON',
    cronExpression: '30 6 ? * MON *',
    timeZone: 'Europe/Berlin',
  });
  await stage.call('PUT', `/orchestration/executables/tasks/${hello}/schedule`, { scheduleId: schedule });
  const goodRun = await stage.run(hello);
  const failedRun = await stage.run(fail);
  await Promise.all([stage.ended(goodRun), stage.ended(failedRun)]);
  for (let count = 0; count < 12; count += 1) await stage.ended(await stage.run(count % 4 === 3 ? fail : hello));
  const planRun = String((await stage.call('POST', '/processing/executions/plans', { executable: plan })).executionId);
  await until('the end of the plan run', async () => {
    const run = await stage.call('GET', `/processing/executions/plans/${planRun}`);
    return run.finishTimestamp ? true : undefined;
  });
  const sleepingRun = await stage.run(sleep);
  const waitingRun = await stage.run(waiting);
  return {
    hello,
    fail,
    sleep,
    greeting,
    engine: engine.id,
    spare: spare.id,
    plan,
    planRun,
    schedule,
    failedRun,
    goodRun,
    sleepingRun,
    waitingRun,
    helloArtifact,
  };
}
