#!/usr/bin/env bash
# Builds the native tests, runs them, and replays the fuzz corpus: run.sh [plain|address|thread|best]...
# `best` is `address`, or `plain` with a compiler that has no sanitizer.
# Several modes run at the same time, and their outputs are printed one after the other.
# The last line of a mode is `native (<mode>): N passed, N failed, N skipped`.
set -u

if [ "$#" -gt 1 ]; then
  outputs=$(mktemp -d) || exit 2
  trap 'rm -rf "$outputs"' EXIT
  running=()
  for mode in "$@"; do
    bash "$0" "$mode" > "$outputs/$mode" 2>&1 &
    running+=("$mode=$!")
  done
  status=0
  for run in "${running[@]}"; do
    wait "${run#*=}" || status=$?
    cat "$outputs/${run%=*}"
  done
  exit "$status"
fi

mode=${1:-plain}
fallback=
if [ "$mode" = best ]; then mode=address fallback=plain; fi
case $mode in
  plain) sanitize= ;;
  address | thread) sanitize=$mode ;;
  *)
    echo "usage: $0 plain|address|thread|best" >&2
    exit 2
    ;;
esac

cd "$(dirname "$0")/../.." || exit 2
build=build-native/$mode
corpora=test/fixtures/corpus

summary() { # passed, failed, skipped, why
  echo "native ($mode): $1 passed, $2 failed, $3 skipped${4:+ ($4)}"
  [ "$2" -eq 0 ]
  exit
}

command -v cmake > /dev/null || summary 0 0 1 "cmake is not installed: apt-get install cmake"

compiler=${CXX:-c++}
scratch=$(mktemp -d) || exit 2
trap 'rm -rf "$scratch"' EXIT

# Whether a program of these lines can be built, with the mode's flags, and run.
can_build() {
  local flags=()
  case $sanitize in
    address) flags=(-fsanitize=address,undefined) ;;
    thread) flags=(-fsanitize=thread) ;;
  esac
  printf '%s\n' "$1" > "$scratch/try.cpp"
  "$compiler" -std=c++20 "${flags[@]}" "$scratch/try.cpp" -o "$scratch/try" 2> "$scratch/log" &&
    "$scratch/try" > /dev/null 2>> "$scratch/log"
}

if ! can_build 'int main() {}'; then
  if [ -n "$fallback" ]; then
    rm -rf "$scratch"
    exec bash test/native/run.sh "$fallback"
  fi
  why="$compiler cannot build and run programs: $(head -n 1 "$scratch/log")"
  # A compiler may come without a sanitizer, but not without its use.
  [ -n "$sanitize" ] || summary 0 1 0 "$why"
  summary 0 0 1 "${why/programs/$mode-sanitized programs}"
fi
can_build '#if !__has_include(<doctest/doctest.h>)
#error
#endif
int main() {}' || summary 0 0 1 "doctest is not installed: apt-get install doctest-dev"

generator=()
# A folder that was configured keeps its generator.
if [ ! -e "$build/CMakeCache.txt" ] && command -v ninja > /dev/null; then generator=(-G Ninja); fi

# Compiling the tests takes longer than running them. A build from clean takes a third of the time with files taken together;
# later builds after small changes are faster with single files.
if [ ! -e "$build/CMakeCache.txt" ] && [ -n "${ENSEMBLE_TEST_UNITY:-}" ]; then generator+=(-DCMAKE_UNITY_BUILD=ON); fi
if ! cmake -S . -B "$build" "${generator[@]}" -DCMAKE_BUILD_TYPE=RelWithDebInfo \
  -DCMAKE_CXX_FLAGS_RELWITHDEBINFO="-O1 -g1 -DNDEBUG" \
  -DFLUX_ENSEMBLE_SANITIZE="$sanitize" > "$scratch/log" 2>&1 ||
  ! cmake --build "$build" --target native_tests decoder_replay log_replay ensemble-spawner \
    -j "$(nproc)" > "$scratch/log" 2>&1; then
  cat "$scratch/log"
  summary 0 1 0 "the build failed"
fi

# No process is forgiven its first error; a test that hangs is one that fails.
export ASAN_OPTIONS=detect_leaks=1:abort_on_error=0:${ASAN_OPTIONS:-}
export UBSAN_OPTIONS=print_stacktrace=1:${UBSAN_OPTIONS:-}
export TSAN_OPTIONS=halt_on_error=1:${TSAN_OPTIONS:-}

timeout 900 "$build/native_tests" > "$scratch/tests" 2>&1
status=$?
cat "$scratch/tests"

# [doctest] test cases:  99 |  99 passed | 0 failed | 0 skipped
read -r passed failed skipped < <(sed -n \
  's/.*test cases: *[0-9]* | *\([0-9]*\) passed | *\([0-9]*\) failed | *\([0-9]*\) skipped.*/\1 \2 \3/p' \
  "$scratch/tests")
passed=${passed:-0} failed=${failed:-0} skipped=${skipped:-0}
# It crashed, or a sanitizer spoke when all tests had passed.
if [ "$status" -ne 0 ] && [ "$failed" -eq 0 ]; then
  echo "native_tests ended with status $status"
  failed=1
fi
if [ "$passed" -eq 0 ] && [ "$failed" -eq 0 ]; then failed=1; fi

for target in decoder log; do
  if timeout 300 "$build/${target}_replay" "$corpora/$target" > "$scratch/replay" 2>&1; then
    echo "$target: $(tail -n 1 "$scratch/replay")"
    passed=$((passed + 1))
  else
    tail -n 50 "$scratch/replay"
    failed=$((failed + 1))
  fi
done

summary "$passed" "$failed" "$skipped"
