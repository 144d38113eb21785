#!/usr/bin/env bash
# Shows the failed runs of the last days, and starts their tasks again if asked to.
#
# Needed:    STOKER_URL    base URL of the server, for example https://stoker.example.com
#            STOKER_TOKEN  a personal access token
# Optional:  LAST_DAYS     how many days to look back, 1 to 60 (1)
#            RERUN         yes: start each task again whose newest run failed (no)
#            WORKSPACE     name of the workspace (Shared)
#            ENVIRONMENT   name of its environment (default)
#
# Steps are told on standard error. Standard output carries one line for each failed run: its id, its end, its task and
# what it says; and for each new run its id and the task.
set -euo pipefail

source "$(dirname -- "${BASH_SOURCE[0]}")/lib.sh"
last_days=${LAST_DAYS:-1}
rerun=${RERUN:-no}
needs curl jq

find_workspace
say "1. The failed runs of the last $last_days days"
offset=0
failed='[]'
while :; do
  call "$pat" GET "/processing/executables/tasks/executions?lastDays=$last_days&status=EXECUTION_FAILED&workspaceId=$workspace_id&offset=$offset&limit=100"
  expect 200 "list the failed runs"
  failed=$(jq -c --argjson before "$failed" '$before + .items' <<<"$answer")
  offset=$((offset + 100))
  ((offset < $(field .total))) || break
done
jq -r '.[] | [.executionId, .finishTimestamp // "-", .taskId, .errorMessage // ""] | join(" ")' <<<"$failed"

[[ $rerun == yes ]] || exit 0
say "2. Starting again what has not run well since"
while read -r task; do
  # The newest run comes first.
  call "$pat" GET "/processing/executables/tasks/$task/executions?lastDays=$last_days&limit=1"
  expect 200 "list the runs of the task $task"
  [[ $(field '.items[0].executionStatus') == EXECUTION_FAILED ]] || continue
  call "$pat" POST /processing/executions "$(jq -cn --arg task "$task" '{executable: $task}')"
  expect 201 "start the task $task"
  printf '%s %s\n' "$(field .executionId)" "$task"
done < <(jq -r 'map(.taskId) | unique | .[]' <<<"$failed")
