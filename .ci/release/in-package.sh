#!/usr/bin/env bash
# The part of try-package.sh that runs as a user in the bare Debian: it installs the tarball and runs its commands.
set -euo pipefail
cd /home/user/program

fail() {
  echo "in-package.sh: $*" >&2
  exit 1
}

# Prints a command, runs it, and prints its output, which is kept in $output.
output=
shown() {
  echo "\$ $*"
  local status=0
  output=$("$@" 2>&1) || status=$?
  printf '%s\n' "$output"
  [ "$status" = 0 ] || fail "'$*' ended with exit status $status; expected 0"
}

contains() {
  [[ $output == *"$1"* ]] || fail "the output above lacks '$1'"
}

for tool in cc gcc c++ g++ clang make cmake python python3; do
  path=$(command -v "$tool") && fail "$path exists; expected a system without compiler, make and Python: remove the image"
done
echo "$(. /etc/os-release && echo "$PRETTY_NAME"), Node $(node --version), npm $(npm --version); no compiler, make or Python"

shown npm install "./$1"
package=node_modules/flux-ensemble
[ ! -e "$package/build" ] || fail "$package/build exists; expected an installation that compiles nothing"

version=$(node -p "require('./$package/package.json').version")
shown npx ensemble --version
[ "$output" = "$version" ] || fail "the version is '$output'; expected '$version', that of package.json"

shown npx ensemble doctor
contains 'the local member can run here'

shown npx ensemble run "$package/examples/hello-world.yaml"
cat hello-*.txt | tee /tmp/hello
grep -qx 'hello world' /tmp/hello || fail "no file hello-*.txt has the line 'hello world'"

for loader in "const { Ensemble } = require('flux-ensemble');" "import { Ensemble } from 'flux-ensemble';"; do
  program=$([[ $loader == import* ]] && echo program.mjs || echo program.cjs)
  cat > "$program" <<JS
$loader
const jobs = [{ name: 'a', command: 'true', count: 2 }];
const rules = [{ trigger: 'start', action: { name: 'submit', label: 'a' } }];
Ensemble.fromObject({ jobs, rules })
  .run()
  .then(({ end, failedJobs }) => console.log(\`end \${end}, failed \${failedJobs}\`));
JS
  shown node "$program"
  [ "$output" = 'end idle, failed 0' ] || fail "$program printed '$output'; expected 'end idle, failed 0'"
done

# Users may forbid scripts of packages.
mkdir /home/user/no-scripts
cd /home/user/no-scripts
shown npm install --ignore-scripts "../program/$1"
shown npx ensemble doctor
contains 'the local member can run here'
