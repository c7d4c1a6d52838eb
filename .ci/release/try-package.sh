#!/usr/bin/env bash
# Installs a packed tarball as a user would, in a Debian that has no compiler, make or Python, and runs it there:
# bash .ci/release/try-package.sh FILE. The Debian is made once by debootstrap, and kept in $ENSEMBLE_RELEASE_IMAGE.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)

fail() {
  echo "try-package.sh: $*" >&2
  exit 1
}

tarball=${1:-}
[ -f "$tarball" ] || fail "the file is '$tarball'; expected one of \`npm pack\`: bash .ci/release/try-package.sh FILE"
[ "$(id -u)" = 0 ] || fail "the user is $(id -un); expected root, as chroot needs it: use sudo, or leave the step out by --no-image"
for tool in debootstrap unshare chroot; do
  command -v "$tool" >/dev/null ||
    fail "$tool is missing; install it (Debian: debootstrap, util-linux, coreutils), or leave the step out by --no-image"
done

suite=bookworm
cache=${XDG_CACHE_HOME:-$HOME/.cache}/flux-ensemble
image=${ENSEMBLE_RELEASE_IMAGE:-$cache/$suite-minbase}
work=
child=

# The programs run in a process namespace of their own. It ends, with its mounts, when its first process is killed.
clean_up() {
  trap '' INT TERM HUP
  [ -z "$child" ] || kill -KILL "$child" 2>/dev/null || true
  [ -z "$work" ] || rm -rf --one-file-system "$work" || { sleep 1; rm -rf --one-file-system "$work"; }
}
trap clean_up EXIT
trap 'exit 130' INT TERM HUP

# A trap runs while `wait` waits, and not while a program in the foreground runs.
in_background() {
  "$@" &
  child=$!
  local status=0
  wait "$child" || status=$?
  child=
  return "$status"
}

if ! [ -x "$image/usr/bin/dpkg" ]; then
  mirror=$(apt-get indextargets --format '$(REPO_URI)' 'Origin: Debian' "Codename: $suite" 'Component: main' 2>/dev/null | head -1)
  rm -rf --one-file-system "$image.partial"
  mkdir -p "$image.partial"
  in_background unshare --mount --pid --fork --kill-child \
    debootstrap --variant=minbase "$suite" "$image.partial" "${mirror:-http://deb.debian.org/debian}" ||
    fail "debootstrap made no Debian $suite in $image.partial; see above, and $image.partial/debootstrap/debootstrap.log"
  mv -T "$image.partial" "$image"
fi

# Node's own program, which needs an old glibc only.
node=$cache/node-20
if ! [ -x "$node/node_modules/node/bin/node" ]; then
  mkdir -p "$node"
  npm install --prefix "$node" --no-save --no-audit --no-fund node@20
fi
npm=$(npm root --global)/npm
[ -e "$npm/bin/npm-cli.js" ] || fail "npm is not in $npm, where \`npm root --global\` says it is; install it there"

work=$(mktemp -d)
echo "a copy of $image"
cp -a --reflink=auto "$image" "$work/debian"
debian=$work/debian
mkdir -p "$debian/opt/node/bin" "$debian/opt/node/lib/node_modules" "$debian/home/user/program"
cp -L "$node/node_modules/node/bin/node" "$debian/opt/node/bin/node"
cp -aL "$npm" "$debian/opt/node/lib/node_modules/npm"
for program in npm npx; do
  ln -s "../lib/node_modules/npm/bin/$program-cli.js" "$debian/opt/node/bin/$program"
done
cp "$tarball" "$debian/home/user/program/"
cp "$here/in-package.sh" "$debian/home/user/"
chown -R 1000:1000 "$debian/home/user"

# The network of this machine: names, proxies, the registry and its certificates.
settings=(npm_config_update_notifier=false)
for file in resolv.conf hosts; do
  [ ! -e "/etc/$file" ] || cp -L "/etc/$file" "$debian/etc/$file"
done
for name in http_proxy https_proxy no_proxy HTTP_PROXY HTTPS_PROXY NO_PROXY; do
  [ -z "${!name:-}" ] || settings+=("$name=${!name}")
done
for name in registry proxy https-proxy noproxy strict-ssl; do
  value=$(npm config get "$name")
  [ "$value" = null ] || [ -z "$value" ] || settings+=("npm_config_${name//-/_}=$value")
done
certificates=$(npm config get cafile)
if [ -f "$certificates" ]; then
  cp -L "$certificates" "$debian/etc/certificates.pem"
  settings+=(npm_config_cafile=/etc/certificates.pem)
fi

# Bash stays the first process: a change of the user would undo --kill-child.
in_background unshare --mount --pid --fork --kill-child bash -c '
  mount -t proc proc "$0/proc" || exit
  status=0
  chroot --userspec=1000:1000 "$0" "$@" || status=$?
  exit "$status"' "$debian" \
  env -i HOME=/home/user PATH=/opt/node/bin:/usr/local/bin:/usr/bin:/bin LANG=C.UTF-8 TMPDIR=/tmp "${settings[@]}" \
  bash /home/user/in-package.sh "$(basename "$tarball")"
