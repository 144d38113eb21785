#!/usr/bin/env bash
# Runs a task as a service account, from an empty account to the log, with nothing but the public API.
#
# Needed:    STOKER_URL    base URL of the server, for example https://stoker.example.com
#            STOKER_TOKEN  a personal access token that may manage service accounts and workspace rights
#            TASK_ID or TASK_NAME
# Optional:  WORKSPACE     name of the workspace that holds the task (Shared)
#            ENVIRONMENT   name of its environment (default)
#            ACCOUNT_NAME  name of the service account to make (runner- and a time stamp)
#            PARAMETERS    JSON object of values for this run ({})
#            LOG_LEVEL     OFF, ERROR, WARN or INFO (INFO)
#            RUN_TIMEOUT   seconds to wait for the end of the run (3600)
#            LOG_TIMEOUT   seconds to wait for the log file (120)
#            POLL_SECONDS  seconds between two questions (2)
#
# Steps are told on standard error. Standard output carries the log of the run and nothing else. Ends with 0 when the run
# was successful, else with 1. No secret ever stands in a command line.
set -euo pipefail

source "$(dirname -- "${BASH_SOURCE[0]}")/lib.sh"
task_id=${TASK_ID:-}
task_name=${TASK_NAME:-}
account_name=${ACCOUNT_NAME:-runner-$(date -u +%Y%m%dT%H%M%SZ)-$$}
parameters=${PARAMETERS:-'{}'}
log_level=${LOG_LEVEL:-INFO}
run_timeout=${RUN_TIMEOUT:-3600}
log_timeout=${LOG_TIMEOUT:-120}

needs curl jq
[[ -n $task_id || -n $task_name ]] || fail "set TASK_ID or TASK_NAME to the task to run"
jq -e 'type == "object"' >/dev/null 2>&1 <<<"$parameters" || fail "PARAMETERS must be a JSON object"

say "1. Creating the service account $account_name"
call "$pat" POST /account/service-accounts \
  "$(jq -cn --arg name "$account_name" '{name: $name, permissions: ["TMC_ENGINE_USE"]}')"
expect 201 "create the service account"
account_id=$(field .id)
account_secret=$(field .secret)
[[ -n $account_id && -n $account_secret ]] || fail "create the service account: the answer holds no id or no secret"

say "2. Looking up the workspace ${WORKSPACE:-Shared} in the environment ${ENVIRONMENT:-default}"
find_workspace
if [[ -z $task_id ]]; then
  find_task "$task_name"
  say "   task $task_name is $task_id"
fi

say "3. Letting the account run tasks of the workspace"
call "$pat" POST "/security/workspaces/$workspace_id/service-accounts/$account_id/permissions" '["EXECUTE"]'
expect 201 "grant the right on the workspace"

say "4. Exchanging the account's credentials for a token"
token=
token_until=0
# The token lives 30 minutes and cannot be renewed; a long run needs several.
fresh_token() {
  ((SECONDS < token_until)) && return
  call "basic $account_id:$account_secret" POST /security/oauth/token \
    "$(jq -cn --arg audience "$base" '{audience: $audience, grant_type: "client_credentials"}')"
  expect 200 "get a token"
  token=$(field .access_token)
  [[ -n $token ]] || fail "get a token: the answer holds none"
  local life
  life=$(field .expires_in)
  token_until=$((SECONDS + ${life:-1800} * 3 / 4))
}
fresh_token

say "5. Starting the task $task_id"
call "bearer $token" POST /processing/executions \
  "$(jq -c --arg task "$task_id" --arg level "$log_level" \
    '{executable: $task, logLevel: $level, parameters: .}' <<<"$parameters")"
expect "201 200" "start the task"
execution_id=$(field .executionId)
[[ -n $execution_id ]] || fail "start the task: the answer holds no executionId"

say "6. Waiting for the run $execution_id"
deadline=$((SECONDS + run_timeout))
state='' shown=''
while :; do
  fresh_token
  call "bearer $token" GET "/processing/executions/$execution_id"
  # No answer, too many questions, or a server that restarts: ask again until the time is up.
  if [[ $status == 200 ]]; then
    state=$(field .status)
    [[ $state == "$shown" ]] || say "   $state"
    shown=$state
    case $state in dispatching | executing) ;; ?*) break ;; esac
  elif ! worth_asking_again; then
    expect 200 "read the status of the run"
  fi
  ((SECONDS < deadline)) || fail "the run $execution_id did not end within $run_timeout s (last: ${state:-unknown}); raise RUN_TIMEOUT"
  sleep "$poll_seconds"
done
result=$answer

say "7. Fetching the log"
fresh_token
call "bearer $token" GET "/monitoring/executions/$execution_id/logs?count=1&order=ASC"
expect 200 "read the log"
say "   $(field '.totalSize | tostring') lines"
call "bearer $token" POST "/monitoring/executions/$execution_id/logs?fileFormat=TEXT"
expect "200 206" "ask for the log file"
[[ $status == 200 ]] || say "   the log is long: only its last 100000 lines are in the file"
log_token=$(jq -c .token <<<"$answer")
deadline=$((SECONDS + log_timeout))
while :; do
  call "bearer $token" POST "/monitoring/executions/$execution_id/logs/status" "$log_token"
  expect 200 "ask whether the log file is ready"
  [[ $(field .status) != READY ]] || break
  ((SECONDS < deadline)) || fail "the log file was not ready within $log_timeout s; raise LOG_TIMEOUT"
  sleep "$poll_seconds"
done
# This address carries its own right to read: it goes without the token, and not in the command line either.
option url "$(field .presignedURL)" |
  curl --silent --show-error --fail --globoff --connect-timeout 10 --max-time "$log_timeout" --config - ||
  fail "download the log file: curl could not fetch it"

if [[ $state != execution_successful ]]; then
  message=$(jq -r '.errorMessage // .errorType // "the server gave no reason"' <<<"$result")
  fail "the run $execution_id ended as $state: $message"
fi
say "The run $execution_id was successful."
