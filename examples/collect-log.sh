#!/usr/bin/env bash
# Follows the log of a run page by page and writes new lines as they come, until the run has ended.
#
# Needed:    STOKER_URL    base URL of the server, for example https://stoker.example.com
#            STOKER_TOKEN  a personal access token
#            EXECUTION_ID  the run
# Optional:  POLL_SECONDS  seconds between two questions (2)
#
# Standard output carries the log, a line for each entry: time, severity, message. Can be stopped at any time.
set -euo pipefail

source "$(dirname -- "${BASH_SOURCE[0]}")/lib.sh"
execution_id=${EXECUTION_ID:?set EXECUTION_ID to the run}
needs curl jq

index=0
ended=no
while :; do
  call "$pat" GET "/monitoring/executions/$execution_id/logs?order=ASC&count=200&startIndex=$index"
  if [[ $status == 200 ]]; then
    jq -r '.data[] | [(.logTimestamp / 1000 | todate), .severity, .logMessage] | join(" ")' <<<"$answer"
    got=$(field .size)
    index=$((index + got))
    # What was written before the end has been read when a page after it is empty.
    ((got == 0)) || continue
    [[ $ended == no ]] || break
  elif ! worth_asking_again; then
    expect 200 "read the log"
  fi
  call "$pat" GET "/processing/executions/$execution_id"
  if [[ $status == 200 ]]; then
    case $(field .status) in
      dispatching | executing) sleep "$poll_seconds" ;;
      *) ended=yes ;;
    esac
  elif worth_asking_again; then
    sleep "$poll_seconds"
  else
    expect 200 "read the status of the run"
  fi
done
