#!/usr/bin/env bash
# Runs a plan and shows its steps; when it fails, runs what failed once more.
#
# Needed:    STOKER_URL    base URL of the server, for example https://stoker.example.com
#            STOKER_TOKEN  a personal access token
#            PLAN_NAME     the plan
# Optional:  RERUN         no: do not run again what failed (yes)
#            RUN_TIMEOUT   seconds to wait for the end of each run (3600)
#            POLL_SECONDS  seconds between two questions (2)
#            WORKSPACE     name of the workspace (Shared)
#            ENVIRONMENT   name of its environment (default)
#
# Steps are told on standard error. Standard output carries a line for each step of the last run: its state and its id.
# Ends with 0 when the plan, or what was run again of it, was successful, else with 1.
set -euo pipefail

source "$(dirname -- "${BASH_SOURCE[0]}")/lib.sh"
plan_name=${PLAN_NAME:?set PLAN_NAME to the plan to run}
rerun=${RERUN:-yes}
run_timeout=${RUN_TIMEOUT:-3600}
needs curl jq

say "1. Looking up the plan $plan_name"
find_workspace
call "$pat" GET "/orchestration/executables/plans?workspaceId=$workspace_id&name=$(urlencode "$plan_name")"
expect 200 "look up the plan"
plan_id=$(jq -r --arg name "$plan_name" '[.items[] | select(.name == $name)][0] | (.executable // .id) // empty' <<<"$answer")
[[ -n $plan_id ]] || fail "there is no plan $plan_name in the workspace ${WORKSPACE:-Shared}"

# run_plan BODY: starts the plan and waits for its end; sets $run_id, $state and $steps.
run_plan() {
  call "$pat" POST /processing/executions/plans "$1"
  expect 201 "start the plan"
  run_id=$(field .executionId)
  say "   run $run_id"
  local deadline=$((SECONDS + run_timeout))
  state=executing
  while [[ $state == executing ]]; do
    ((SECONDS < deadline)) || fail "the run $run_id did not end within $run_timeout s; raise RUN_TIMEOUT"
    call "$pat" GET "/processing/executions/plans/$run_id"
    if [[ $status == 200 ]]; then
      state=$(field .status)
    elif ! worth_asking_again; then
      expect 200 "read the status of the run"
    fi
    [[ $state != executing ]] || sleep "$poll_seconds"
  done
  call "$pat" GET "/processing/executions/plans/$run_id/steps"
  expect 200 "list the steps"
  steps=$answer
}

say "2. Running it"
run_plan "$(jq -cn --arg plan "$plan_id" '{executable: $plan}')"
if [[ $state == execution_failed && $rerun == yes ]]; then
  say "3. Running again what failed"
  step=$(jq -r '[.[] | select(.executionStatus == "EXECUTION_FAILED")][0].executionId // empty' <<<"$steps")
  [[ -n $step ]] || fail "the run failed, but none of its steps did"
  run_plan "$(jq -cn --arg plan "$plan_id" --arg run "$run_id" --arg step "$step" \
    '{executable: $plan, executionPlanId: $run, stepId: $step, rerunOnlyFailedTasks: true}')"
fi
jq -r '.[] | "\(.executionStatus) \(.id)"' <<<"$steps"
[[ $state == execution_successful ]] || fail "the run $run_id ended as $state"
