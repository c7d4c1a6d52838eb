#!/bin/sh
# Two ensembles and one service on this machine: sh examples/service/try.sh
set -eu
cd "$(dirname "$0")"
# The command of this package, wherever that is.
ensemble() { node ../../dist/cli/main.js "$@"; }

# A socket of our own, so that a service which is running already is left alone.
folder=$(mktemp -d)
export ENSEMBLE_SERVICE="unix:$folder/service.sock"
started=""
trap 'kill $started 2>/dev/null || true; rm -rf "$folder"' EXIT
begin() { "$@" & started="$started $!"; }
wait_for() {
  for _ in $(seq 100); do
    if ensemble ls 2>/dev/null | grep -q "$1"; then return; fi
    sleep 0.2
  done
  echo "$1 has not registered" >&2
  exit 1
}

begin node ../../dist/cli/server.js start --socket "$folder/service.sock" --audit "$folder/audit"
begin node ../../dist/cli/main.js run simulation.yaml --service --watch --slots 2 >"$folder/simulation.log"
begin node ../../dist/cli/main.js run analysis.yaml --service --watch --slots 1 >"$folder/analysis.log"
wait_for simulation
wait_for analysis

echo "== grow one of them, and have it do more"
ensemble act simulation grow --value 2
ensemble act simulation submit simulate

echo "== both of them"
ensemble ls

echo "== one group over both, as if all of its jobs had been of one run"
ensemble status --group simulate

echo "== the end"
ensemble act simulation terminate
ensemble act analysis terminate
ensemble ls

echo "== who did what"
cat "$folder/audit"
