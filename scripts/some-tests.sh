# What scripts/test does when it has arguments, for it to source: some of the tests, soon. Installs npm packages and builds what
# is not built, and nothing else: a test whose interpreter or program is missing is skipped, and says why.
#
# The caller has sourced setup.sh, stands in the root of the tree, and has set `from` to where it was called.

usage() {
  cat <<'END'
scripts/test [--fast] [--watch] [FILE...]

  without arguments   everything: lint, types, native tests with sanitizers, all others
  FILE                only this test (test/**/*.test.ts), or the test of this source (src/**/*.ts)
  --fast              lint, types, and the tests that are fast: they start no program; or those of FILE
  --watch             those tests again whenever a file of theirs changes, until Ctrl-C
END
}

refuse() {
  say "scripts/test: $1"
  exit 2
}

# file_of FILE: its path from the root, when it is a test or a source.
file_of() {
  local path
  [ -f "$1" ] || { [ -e "$1" ] && refuse "$1 is not a file"; } || refuse "$1: no such file"
  path=$(realpath --relative-to="$root" -- "$1")
  case $path in
    test/*.test.ts | src/*.ts | src/page/*.tsx) echo "$path" ;;
    native/*) refuse "$1 is not a test: native tests are run by \`make -C native test\`" ;;
    *) refuse "$1 is not a test: expected test/**/*.test.ts or src/**/*.ts" ;;
  esac
}

# Ends both when one ends, and at Ctrl-C.
watch() {
  local pids=()
  trap 'kill "${pids[@]}" 2>/dev/null || true; wait' EXIT
  trap 'exit 130' INT
  trap 'exit 143' TERM
  node_modules/.bin/tsc -p tsconfig.json --watch --preserveWatchOutput &
  pids+=($!)
  node --enable-source-maps --test --watch --test-timeout=600000 "$@" &
  pids+=($!)
  wait -n || true
}

fast=false watch=false files=()
root=$PWD
# FILE means what it means where this was typed.
cd "$from"
while [ $# -gt 0 ]; do
  case $1 in
    --fast) fast=true ;;
    --watch) watch=true ;;
    -h | --help)
      usage
      exit 0
      ;;
    -*)
      usage >&2
      refuse "unknown flag $1"
      ;;
    *)
      file=$(file_of "$1")
      files+=("$file")
      ;;
  esac
  shift
done
cd "$root"

install_packages
install_test_packages
if $fast; then
  say 'lint'
  npm run --silent lint
  if command -v clang-format >/dev/null; then
    quiet 'make -C native format-check' make --silent -C native format-check
  fi
  rm -f dist/.promfold-built
fi
build_native
build_bundle
build_typescript

selected=$(node dist/scripts/select-tests.js "${files[@]}")
mapfile -t tests <<<"$selected"

if $watch; then
  watch "${tests[@]}"
else
  node --enable-source-maps --test --test-timeout=600000 --test-concurrency="$(nproc)" "${tests[@]}"
fi
if [ ${#files[@]} -eq 0 ]; then
  all=$(find dist/test -name '*.test.js' | wc -l)
  say "left out: $((all - ${#tests[@]})) of $all test files, those that start programs or are in test/e2e, test/property or test/sizes; native tests, fuzzing and the measurement of speed"
fi
