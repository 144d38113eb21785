#!/usr/bin/env bash
# Gives a task the same times as another one: copies the schedule of the first and links the copy to the second.
#
# Needed:    STOKER_URL    base URL of the server, for example https://stoker.example.com
#            STOKER_TOKEN  a personal access token
#            FROM_TASK     name of the task whose schedule is copied
#            TO_TASK       name of the task that gets the copy
# Optional:  WORKSPACE     name of the workspace (Shared)
#            ENVIRONMENT   name of its environment (default)
#
# Steps are told on standard error. Standard output carries the id of the new schedule and nothing else.
set -euo pipefail

source "$(dirname -- "${BASH_SOURCE[0]}")/lib.sh"
from_task=${FROM_TASK:?set FROM_TASK to the task whose schedule is copied}
to_task=${TO_TASK:?set TO_TASK to the task that gets the copy}
needs curl jq

say "1. Looking up both tasks"
find_workspace
find_task "$from_task"
from_id=$task_id
find_task "$to_task"
to_id=$task_id

say "2. Reading the schedule of $from_task"
call "$pat" GET "/orchestration/executables/tasks/$from_id/schedule"
[[ $status != 404 ]] || fail "the task $from_task has no schedule"
expect 200 "read the schedule"
schedule_id=$(field .id)

say "3. Copying it"
call "$pat" POST "/orchestration/schedules/$schedule_id" \
  "$(jq -cn --arg about "starts of $to_task, like $from_task" '{description: $about}')"
expect 201 "copy the schedule"
copy_id=$(field .id)

say "4. Linking the copy to $to_task"
call "$pat" PUT "/orchestration/executables/tasks/$to_id/schedule" \
  "$(jq -cn --arg schedule "$copy_id" '{scheduleId: $schedule}')"
expect 200 "link the copy"
printf '%s\n' "$copy_id"
