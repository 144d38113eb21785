# What the example procedures share; `source`d by them, not run. Sets $base from STOKER_URL.
#
# Steps are told on standard error; standard output carries results and nothing else. No secret ever stands in a command
# line: all of a request reaches curl on standard input.

: "${STOKER_URL:?set STOKER_URL to the base URL of the server}"
: "${STOKER_TOKEN:?set STOKER_TOKEN to an access token}"
base=${STOKER_URL%/}
pat="bearer $STOKER_TOKEN"
poll_seconds=${POLL_SECONDS:-2}

say() { printf '%s\n' "$*" >&2; }
fail() { say "error: $*"; exit 1; }

# needs PROGRAM...: ends the script unless all of these are installed.
needs() {
  local program
  for program; do
    command -v "$program" >/dev/null || fail "$program is not installed; install it and try again"
  done
}

answer=
status=
# A line of a curl configuration. The value is quoted the way curl reads it back.
option() { local value=${2//\\/\\\\}; printf '%s = "%s"\n' "$1" "${value//\"/\\\"}"; }

# call CREDENTIALS METHOD PATH_OR_URL [JSON]: leaves the body in $answer and the HTTP status in $status.
# CREDENTIALS is "bearer TOKEN", "basic ID:SECRET" or "none".
call() {
  local credentials=$1 method=$2 target=$3 body=${4-} reply
  [[ $target == *://* ]] || target=$base$target
  if ! reply=$(
    {
      option url "$target"
      option request "$method"
      case $credentials in
        bearer\ *) option header "Authorization: Bearer ${credentials#* }" ;;
        basic\ *) option user "${credentials#* }"; printf 'basic\n' ;;
      esac
      if [[ -n $body ]]; then
        option header 'Content-Type: application/json'
        option data-raw "$(jq -c . <<<"$body")"
      fi
    } | curl --silent --show-error --globoff --connect-timeout 10 --max-time 60 --write-out '\n%{http_code}' --config -
  ); then
    status=000 answer=
    return 0
  fi
  status=${reply##*$'\n'}
  answer=${reply%$'\n'*}
}

# expect STATUSES WHAT: ends the script unless the last call was answered with one of these statuses.
expect() {
  [[ " $1 " == *" $status "* ]] && return
  [[ $status == 000 ]] && fail "$2: no answer from $base"
  fail "$2: HTTP $status, expected ${1// / or }: ${answer:-(no body)}"
}

# worth_asking_again: whether the last call got no answer, or one that says to come back: a restart, too many questions.
worth_asking_again() { [[ $status == 000 || $status == 429 || $status == 5?? ]]; }

urlencode() { jq -rn --arg text "$1" '$text | @uri'; }
field() { jq -r "$1 // empty" <<<"$answer"; }

# find_workspace: sets $workspace_id and $environment_id from WORKSPACE (Shared) and ENVIRONMENT (default).
find_workspace() {
  local workspace=${WORKSPACE:-Shared} environment=${ENVIRONMENT:-default}
  call "$pat" GET "/orchestration/workspaces?query=$(urlencode "environment.name==$environment;name==$workspace")"
  expect 200 "look up the workspace"
  workspace_id=$(field '.[0].id')
  environment_id=$(field '.[0].environment.id')
  [[ -n $workspace_id && -n $environment_id ]] ||
    fail "there is no workspace $workspace in the environment $environment; set WORKSPACE and ENVIRONMENT"
}

# find_task NAME: sets $task_id to the task of that name in $workspace_id.
find_task() {
  call "$pat" GET "/orchestration/executables/tasks?workspaceId=$workspace_id&name=$(urlencode "$1")"
  expect 200 "look up the task $1"
  task_id=$(jq -r --arg name "$1" '[.items[]? | select(.name == $name)][0] | (.executable // .id) // empty' <<<"$answer")
  [[ -n $task_id ]] || fail "there is no task $1 in the workspace ${WORKSPACE:-Shared}"
}
