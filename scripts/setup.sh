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

install_packages() {
  local stamp=node_modules/.promfold-installed
  cmp -s package-lock.json "$stamp" && return
  say 'installing npm packages'
  # Without scripts: promfold's own addon is built below, and the only dependency with a build of its
  # own is mmap-io, which would first try to download a binary.
  quiet 'npm ci' npm ci --ignore-scripts --no-audit --no-fund
  npm_config_build_from_source=true quiet 'building mmap-io' npm rebuild mmap-io --foreground-scripts
  cp package-lock.json "$stamp"
}

# newer STAMP PATH...: whether a file below PATH is newer than STAMP, or STAMP is missing.
newer() {
  local stamp=$1
  shift
  [ ! -e "$stamp" ] || [ -n "$(find "$@" -type f -newer "$stamp" -print -quit)" ]
}

build_native() {
  local sources=(native/binding.gyp native/binding native/core package-lock.json)
  newer native/build/.promfold-built "${sources[@]}" || return 0
  say 'building the native addon'
  quiet 'npm run build:native' npm run build:native
  touch native/build/.promfold-built
}

build_typescript() {
  newer dist/.promfold-built src scripts test tsconfig.json package-lock.json || return 0
  say 'compiling'
  # A test whose source is gone must not run on.
  local compiled source
  for compiled in $([ ! -d dist ] || find dist -name '*.js'); do
    source=${compiled#dist/}
    [ -e "${source%.js}.ts" ] || rm -f "$compiled" "$compiled.map"
  done
  quiet 'npm run build:ts' npm run build:ts
  touch dist/.promfold-built
}
