#!/usr/bin/env bash
# Makes a remote engine, starts it on this machine and waits until it is paired; can also put it into a cluster.
#
# Needed:    STOKER_URL      base URL of the server, for example https://stoker.example.com
#            STOKER_TOKEN    a personal access token or service-account token that may manage engines
# Optional:  WORKSPACE       name of the workspace the engine serves (Shared)
#            ENVIRONMENT     name of its environment (default)
#            ENGINE_NAME     name of the new engine (engine-, this host, a time stamp)
#            ENGINE_DIR      folder of the engine; downloaded and unpacked when it does not exist (./remote-engine)
#            CLUSTER         id of a cluster to join (none)
#            PAIR_TIMEOUT    seconds to wait for the engine to be there (120)
#            DOWNLOAD_TIMEOUT  seconds the download may take (600)
#            POLL_SECONDS    seconds between two questions (2)
#
# Steps are told on standard error. Standard output carries the id of the engine and nothing else. No secret ever stands
# in a command line.
set -euo pipefail

source "$(dirname -- "${BASH_SOURCE[0]}")/lib.sh"
engine_name=${ENGINE_NAME:-engine-$(uname -n)-$(date -u +%Y%m%dT%H%M%SZ)}
engine_dir=${ENGINE_DIR:-./remote-engine}
engine_dir=${engine_dir%/}
cluster=${CLUSTER:-}
pair_timeout=${PAIR_TIMEOUT:-120}
download_timeout=${DOWNLOAD_TIMEOUT:-600}

needs curl jq tar timeout

# unpack_engine DIR: downloads the engine and puts the top folder of the archive at DIR, whole or not at all.
unpack_engine() {
  local parent part
  parent=$(dirname -- "$1")
  mkdir -p -- "$parent"
  part=$(mktemp -d -- "$parent/.remote-engine.XXXXXX")
  if ! curl --silent --show-error --fail --location --connect-timeout 10 --max-time "$download_timeout" \
    --output "$part/engine.tar.gz" -- "$base/downloads/remote-engine.tar.gz"; then
    rm -rf -- "$part"
    fail "download $base/downloads/remote-engine.tar.gz: curl could not fetch it"
  fi
  mkdir -- "$part/unpacked"
  if ! tar -xzf "$part/engine.tar.gz" -C "$part/unpacked" --strip-components=1; then
    rm -rf -- "$part"
    fail "unpack the engine: the archive is damaged"
  fi
  mv -- "$part/unpacked" "$1"
  rm -rf -- "$part"
}

say "1. Looking up the workspace ${WORKSPACE:-Shared} in the environment ${ENVIRONMENT:-default}"
find_workspace

# Before the engine is made on the server, so that a failed download leaves nothing behind there.
if [[ -d $engine_dir ]]; then
  say "2. Using the engine in $engine_dir"
else
  say "2. Downloading the engine into $engine_dir"
  unpack_engine "$engine_dir"
fi
[[ -x $engine_dir/bin/start ]] || fail "$engine_dir holds no bin/start that can be run; remove the folder or set ENGINE_DIR"

say "3. Creating the engine $engine_name"
call "$pat" POST /tmc/v1.3/runtimes/remote-engines \
  "$(jq -cn --arg name "$engine_name" --arg environment "$environment_id" --arg workspace "$workspace_id" \
    '{name: $name, environmentId: $environment, workspaceId: $workspace}')"
expect 201 "create the engine"
engine_id=$(field .id)
PAIRING_KEY=$(field .preAuthorizedKey)
[[ -n $engine_id && -n $PAIRING_KEY ]] || fail "create the engine: the answer holds no id or no pairing key"

say "4. Writing the pairing key and the address of the server"
DIR=$engine_dir
URL=$base
mkdir -p -- "$DIR/etc"
(
  umask 077
  rm -f -- "$DIR/etc/preauthorized.key.cfg"
  echo "remote.engine.pre.authorized.key = $PAIRING_KEY" > "$DIR/etc/preauthorized.key.cfg"
)
echo "pairing.service.url=$URL" > "$DIR/etc/org.talend.ipaas.rt.pairing.client.cfg"

say "5. Starting the engine"
# Neither the token nor our output may reach the program that stays behind.
if ! timeout "$pair_timeout" env -u STOKER_TOKEN "$DIR/bin/start" </dev/null >&2; then
  fail "start the engine: $DIR/bin/start failed or took more than $pair_timeout s; its reason stands above"
fi

say "6. Waiting until the engine is paired and available"
deadline=$((SECONDS + pair_timeout))
seen='' shown=''
while :; do
  call "$pat" GET "/tmc/v1.3/runtimes/remote-engines/$engine_id"
  # No answer, too many questions, or a server that restarts: ask again until the time is up.
  if [[ $status == 200 ]]; then
    seen="$(field .status) $(field .availability)"
    [[ $seen == "$shown" ]] || say "   $seen"
    shown=$seen
    [[ $seen != "PAIRED AVAILABLE" ]] || break
  elif ! worth_asking_again; then
    expect 200 "read the state of the engine"
  fi
  ((SECONDS < deadline)) ||
    fail "the engine was not paired and available within $pair_timeout s (last: ${seen:-no answer}); look into $DIR/data/log or raise PAIR_TIMEOUT"
  sleep "$poll_seconds"
done

if [[ -n $cluster ]]; then
  say "7. Putting the engine into the cluster $cluster"
  call "$pat" PUT "/tmc/v1.3/runtimes/remote-engine-clusters/$cluster/engines/$engine_id"
  expect 204 "join the cluster"
fi

say "The engine $engine_name is ready."
printf '%s\n' "$engine_id"
