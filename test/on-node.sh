#!/usr/bin/env bash
# Runs tests with another version of Node, which the npm package `node` has: bash test/on-node.sh 22 test/unit test/addon.
# Without paths it runs all tests. The addon is that of the last build: its interface is the same on all these versions.
set -euo pipefail
cd "$(dirname "$0")/.."

version=${1:-}
if ! [[ $version =~ ^[0-9]+(\.[0-9]+)*$ ]]; then
  echo "on-node.sh: the first argument is '$version'; it must be a version of Node: bash test/on-node.sh 22 [PATH ...]" >&2
  exit 2
fi
shift

folder=${XDG_CACHE_HOME:-$HOME/.cache}/flux-ensemble/node-$version
node=$folder/node_modules/node/bin
if ! [ -x "$node/node" ]; then
  mkdir -p "$folder"
  npm install --prefix "$folder" --no-save --no-audit --no-fund "node@$version" >&2
fi
if ! [ -x "$node/node" ]; then
  echo "on-node.sh: the npm package node@$version has no program $node/node for this machine" >&2
  exit 1
fi

# V8 refuses bytecode of another version, so each version makes its own. The build's own version gets it back at the end.
trap 'node dist/cli/bytecode.js' EXIT
echo "Node $("$node/node" --version)"
PATH=$node:$PATH node dist/cli/bytecode.js
PATH=$node:$PWD/node_modules/.bin:$PATH vitest run --config test/vitest.config.ts "$@"
