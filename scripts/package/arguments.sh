# What the scripts that make packages begin with, for them to source: `[--arch x64|arm64] OUTDIR`.
#
# Sets arch (empty without --arch), this_arch, out (made, absolute) and version; goes to the root of the tree; has the
# bundle built. Times in a package are SOURCE_DATE_EPOCH, by default that of the commit.

usage() {
  echo "expected [--arch x64|arm64] OUTDIR, got '$*'; for example: $0 --arch x64 dist/packages" >&2
  exit 2
}

arch='' out=''
given=("$@")
while [ $# -gt 0 ]; do
  case "$1" in
    --arch)
      [ $# -gt 1 ] || usage "${given[@]}"
      arch=$2
      shift
      ;;
    --arch=*) arch=${1#--arch=} ;;
    -*) usage "${given[@]}" ;;
    *) [ -z "$out" ] && out=$1 || usage "${given[@]}" ;;
  esac
  shift
done
case "$arch" in '' | x64 | arm64) ;; *) usage "${given[@]}" ;; esac
[ -n "$out" ] || usage "${given[@]}"

mkdir -p "$out"
out=$(readlink -f "$out")
cd "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/../.."
. scripts/setup.sh
# One at a time: they share what is compiled.
mkdir -p .sysroots
exec 9>.sysroots/lock
flock 9
install_packages
build_bundle
version=$(node -p 'require("./package.json").version')
this_arch=$(node -p process.arch)
: "${SOURCE_DATE_EPOCH:=$(git log -1 --format=%ct)}"
export SOURCE_DATE_EPOCH
# Modes of what is made below are not this user's.
umask 022

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
