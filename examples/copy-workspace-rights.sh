#!/usr/bin/env bash
# Gives everybody who has rights on a workspace the same rights on another one.
#
# Needed:    STOKER_URL    base URL of the server, for example https://stoker.example.com
#            STOKER_TOKEN  a personal access token
#            FROM_WORKSPACE  name of the workspace whose rights are copied
#            TO_WORKSPACE    name of the one that gets them; what somebody has there already stays
# Optional:  ENVIRONMENT     name of the environment of both (default)
#            TO_ENVIRONMENT  another environment of the second (as ENVIRONMENT)
#
# Steps are told on standard error. Standard output carries what was refused, one a line: who, status and message.
set -euo pipefail

source "$(dirname -- "${BASH_SOURCE[0]}")/lib.sh"
from=${FROM_WORKSPACE:?set FROM_WORKSPACE to the workspace whose rights are copied}
to=${TO_WORKSPACE:?set TO_WORKSPACE to the workspace that gets them}
needs curl jq

say "1. Looking up both workspaces"
WORKSPACE=$from
find_workspace
from_id=$workspace_id
WORKSPACE=$to
ENVIRONMENT=${TO_ENVIRONMENT:-${ENVIRONMENT:-default}}
find_workspace
to_id=$workspace_id

step=2
for kind in "" "service-accounts/"; do
  say "$step. Copying the rights of ${kind:-users}"
  step=$((step + 1))
  call "$pat" GET "/security/${kind}permissions?workspaceId=$from_id"
  expect 200 "read the rights"
  rights=$(jq -c --arg to "$to_id" 'map(.workspaceId = $to)' <<<"$answer")
  [[ $rights != '[]' ]] || continue
  call "$pat" POST "/security/${kind}permissions/batch" "$rights"
  expect "204 207" "grant the rights"
  [[ $status == 204 ]] || jq -r '.[] | "\(.permission.userId) \(.status) \(.message)"' <<<"$answer"
done
