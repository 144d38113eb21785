"""One story with the clients that openapi-python-client made of core.json and stoker.json.

Arguments: the folder with the generated packages `core` and `own`, base URL, token, then
`prepare NAME`, which makes an environment, a workspace and an engine and writes them as JSON, or
`run JSON ARCHIVE`, which publishes, makes a task, runs it and writes its end and its log.
"""

import json
import sys
import time
from http import HTTPStatus
from io import BytesIO


def made(answer, status):
    assert answer.status_code == status, f"{answer.status_code}: {answer.content.decode()}"
    return answer.parsed


def prepare(client, name):
    from core.api.orchestration_environments import post_orchestration_environments as environments
    from core.api.orchestration_workspaces import post_orchestration_workspaces as workspaces
    from core.api.processing_remote_engines import post_processing_runtimes_remote_engines as engines
    from core.models import CreateWorkspaceRequest, EngineRequest, PostOrchestrationEnvironmentsBody

    body = PostOrchestrationEnvironmentsBody(name=f"{name} environment", workspace_name="First")
    environment = made(environments.sync_detailed(client=client, body=body), HTTPStatus.CREATED)
    body = CreateWorkspaceRequest(name=f"{name} workspace", environment_id=environment.id)
    workspace = made(workspaces.sync_detailed(client=client, body=body), HTTPStatus.CREATED)
    body = EngineRequest(name=f"{name} engine", environment_id=environment.id, workspace_id=workspace.id)
    engine = made(engines.sync_detailed(client=client, body=body), HTTPStatus.CREATED)
    print(json.dumps({
        "name": name,
        "environment": environment.id,
        "workspace": workspace.id,
        "engine": engine.id,
        "key": engine.pre_authorized_key,
    }))


def run(client, own, place, archive):
    from core.api.monitoring_execution_logs import get_monitoring_executions_by_id_logs as logs
    from core.api.orchestration_tasks import post_orchestration_executables_tasks as tasks
    from core.api.orchestration_tasks import put_orchestration_executables_tasks_by_task_id_run_config as configs
    from core.api.processing_task_executions import get_processing_executions_by_execution_id as status
    from core.api.processing_task_executions import post_processing_executions as executions
    from core.models import Executabletask, TaskRunConfig, TaskV21CreateRequest
    from own.api.artifacts import post_stoker_v1_artifacts as artifacts
    from own.types import File

    with open(archive, "rb") as file:
        body = File(payload=BytesIO(file.read()))
    answer = artifacts.sync_detailed(
        client=own, body=body, workspace_id=place["workspace"], name=place["name"], version="0.1.0"
    )
    artifact = made(answer, HTTPStatus.CREATED)
    body = TaskV21CreateRequest.from_dict({
        "workspaceId": place["workspace"],
        "environmentId": place["environment"],
        "name": place["name"],
        "artifact": {"id": artifact.id, "version": "0.1.0"},
    })
    task = made(tasks.sync_detailed(client=client, body=body), HTTPStatus.CREATED)
    body = TaskRunConfig.from_dict({
        "trigger": {"type": "MANUAL"},
        "runtime": {"type": "REMOTE_ENGINE", "id": place["engine"]},
        "logLevel": "INFO",
    })
    made(configs.sync_detailed(task.id, client=client, body=body), HTTPStatus.OK)
    body = Executabletask.from_dict({"executable": task.id})
    started = made(executions.sync_detailed(client=client, body=body), HTTPStatus.CREATED)
    deadline = time.monotonic() + 90
    while True:
        shown = made(status.sync_detailed(started.execution_id, client=client), HTTPStatus.OK)
        if shown.finish_timestamp or time.monotonic() > deadline:
            break
        time.sleep(0.2)
    lines = made(logs.sync_detailed(started.execution_id, client=client), HTTPStatus.OK)
    texts = [line.log_message for line in lines.data]
    print(json.dumps({"status": shown.status, "log": texts}))


def main(packages, url, token, verb, *rest):
    sys.path.insert(0, packages)
    import core
    import own

    with core.AuthenticatedClient(base_url=url, token=token) as client:
        if verb == "prepare":
            prepare(client, *rest)
        else:
            run(client, own.AuthenticatedClient(base_url=url, token=token), json.loads(rest[0]), rest[1])


if __name__ == "__main__":
    main(*sys.argv[1:])
