/**
 * One story with the types that openapi-typescript made of core.json and stoker.json, and openapi-fetch.
 *
 * Arguments: base URL, token, then `prepare NAME`, which makes an environment, a workspace and an engine and writes them
 * as JSON, or `run JSON ARCHIVE`, which publishes, makes a task, runs it and writes its end and its log.
 */
import { readFile } from "node:fs/promises";
import { setTimeout as pause } from "node:timers/promises";
import createClient from "openapi-fetch";
import type { paths as Core } from "./core.js";
import type { paths as Own } from "./stoker.js";

const [url = "", token = "", verb = "", first = "", archive = ""] = process.argv.slice(2);
const headers = { authorization: `Bearer ${token}` };
const core = createClient<Core>({ baseUrl: url, headers });
const own = createClient<Own>({ baseUrl: url, headers });

/** The data of a good answer; throws what the server says otherwise. */
function made<T>(answer: { data?: T; error?: unknown; response: Response }): T {
  if (answer.data === undefined) {
    throw new Error(`${answer.response.status}: ${JSON.stringify(answer.error)}`);
  }
  return answer.data;
}

async function prepare(name: string) {
  const environment = made(
    await core.POST("/orchestration/environments", {
      body: { name: `${name} environment`, workspaceName: "First" },
    }),
  );
  const workspace = made(
    await core.POST("/orchestration/workspaces", {
      body: { name: `${name} workspace`, environmentId: environment.id },
    }),
  );
  const engine = made(
    await core.POST("/processing/runtimes/remote-engines", {
      body: { name: `${name} engine`, environmentId: environment.id, workspaceId: workspace.id },
    }),
  );
  return {
    name,
    environment: environment.id,
    workspace: workspace.id,
    engine: engine.id,
    key: engine.preAuthorizedKey,
  };
}

type Place = { name: string; environment: string; workspace: string; engine: string };

async function run(place: Place, file: string) {
  const bytes = await readFile(file);
  const artifact = made(
    await own.POST("/stoker/v1/artifacts", {
      params: { query: { workspaceId: place.workspace, name: place.name, version: "0.1.0" } },
      // The document says bytes, for which the generator has no type but text.
      body: bytes as unknown as string,
      bodySerializer: (body) => body as unknown as BodyInit,
      headers: { "content-type": "application/zip" },
    }),
  );
  const task = made(
    await core.POST("/orchestration/executables/tasks", {
      body: {
        workspaceId: place.workspace,
        environmentId: place.environment,
        name: place.name,
        artifact: { id: artifact.id, version: "0.1.0" },
      },
    }),
  );
  made(
    await core.PUT("/orchestration/executables/tasks/{taskId}/run-config", {
      params: { path: { taskId: task.id } },
      body: {
        trigger: { type: "MANUAL" },
        runtime: { type: "REMOTE_ENGINE", id: place.engine },
        logLevel: "INFO",
      },
    }),
  );
  const started = made(await core.POST("/processing/executions", { body: { executable: task.id } }));
  const id = started.executionId;
  for (let tries = 0; tries < 450; tries++) {
    const path = { executionId: id };
    const shown = made(await core.GET("/processing/executions/{executionId}", { params: { path } }));
    if (shown.finishTimestamp) {
      const logs = await core.GET("/monitoring/executions/{id}/logs", { params: { path: { id } } });
      return { status: shown.status, log: made(logs).data?.map((line) => line.logMessage) };
    }
    await pause(200);
  }
  throw new Error(`the run ${id} did not end`);
}

const told = verb === "prepare" ? await prepare(first) : await run(JSON.parse(first) as Place, archive);
console.log(JSON.stringify(told));
