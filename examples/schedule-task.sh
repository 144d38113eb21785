#!/usr/bin/env bash
# Makes a schedule with two triggers, links it to a task and shows when the task will start.
#
# Needed:    STOKER_URL    base URL of the server, for example https://stoker.example.com
#            STOKER_TOKEN  a personal access token
#            TASK_NAME     the task
# Optional:  TIME_ZONE     IANA name of the zone that the times are meant in (Europe/Berlin)
#            AT            time of the daily start, HH:mm (06:30)
#            CRON          a second trigger: minute, hour, day of month, month, day of week, year (0 18 ? * MON-FRI *)
#            DAYS          for how many days to show the starts (7)
#            WORKSPACE     name of the workspace (Shared)
#            ENVIRONMENT   name of its environment (default)
#
# Steps are told on standard error. Standard output carries the coming starts, one a line, and nothing else.
set -euo pipefail

source "$(dirname -- "${BASH_SOURCE[0]}")/lib.sh"
task_name=${TASK_NAME:?set TASK_NAME to the task to schedule}
time_zone=${TIME_ZONE:-Europe/Berlin}
at=${AT:-06:30}
cron=${CRON:-0 18 ? * MON-FRI *}
days=${DAYS:-7}
needs curl jq

say "1. Looking up the task $task_name"
find_workspace
find_task "$task_name"

say "2. Making a schedule with a daily trigger at $at, $time_zone"
tomorrow=$(jq -rn 'now + 86400 | strftime("%Y-%m-%d")')
call "$pat" POST /orchestration/schedules "$(
  jq -cn --arg environment "$environment_id" --arg about "starts of $task_name" --arg zone "$time_zone" --arg at "$at" \
    --arg date "$tomorrow" '{environmentId: $environment, description: $about, trigger:
      {name: "daily", type: "DAILY", interval: 1, startDate: $date, timeZone: $zone, atTimes: {type: "AT_TIME", time: $at}}}'
)"
expect 201 "make the schedule"
schedule_id=$(field .id)
[[ -n $schedule_id ]] || fail "make the schedule: the answer holds no id"

say "3. Adding a trigger for $cron"
call "$pat" POST "/orchestration/schedules/$schedule_id/triggers" "$(
  jq -cn --arg cron "$cron" --arg zone "$time_zone" \
    '{name: "by expression", type: "CRON", cronExpression: $cron, timeZone: $zone}'
)"
expect 200 "add the trigger"

say "4. Linking the schedule to the task"
call "$pat" PUT "/orchestration/executables/tasks/$task_id/schedule" \
  "$(jq -cn --arg schedule "$schedule_id" '{scheduleId: $schedule}')"
expect 200 "link the schedule"

say "5. The starts of the next $days days:"
until=$(jq -rn --argjson days "$days" '(now + $days * 86400) * 1000 | floor')
call "$pat" GET "/orchestration/schedules/$schedule_id/events?to=$until&limit=100"
expect 200 "ask for the coming starts"
jq -r '.[] | "\(.datetime) \(.sourceTriggerName)"' <<<"$answer"
say "The schedule is $schedule_id."
