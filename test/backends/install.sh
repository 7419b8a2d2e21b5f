#!/usr/bin/env bash
# Installs real backends for the tests from Debian packages into .installed/ beside this file. See README.md.
set -euo pipefail
# apt translates the words that this script searches for.
export LC_ALL=C

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
installed=$here/.installed
work=$installed/work
suite=sid
keyring=/usr/share/keyrings/debian-archive-keyring.gpg
servers=(prometheus promtool prometheus-alertmanager victoria-metrics)
programs=(prometheus promtool alertmanager amtool victoria-metrics otelcol redis-server)

say() { echo "backends: $*"; }
fail() { echo "backends: $*" >&2; exit 1; }
not_possible_here() { echo "backends: not possible here: $*" >&2; exit 3; }

usage() {
  cat <<'END'
usage: install.sh [--no-collector]

Installs prometheus, promtool, alertmanager, amtool, victoria-metrics, redis-server and otelcol into .installed/bin beside this
script.
  --no-collector   without otelcol, which takes 1 to 2 minutes to build
Exit status: 0 installed, 1 failed, 3 not possible on this machine (no Debian, or its archive cannot be reached).
END
}

# A part is up to date if its stamp names its current sources.
is_current() { [ "$(cat "$installed/$1/stamp" 2>/dev/null)" = "$2" ]; }

# The stamp is written last and the part is moved in one step: an interruption leaves a complete part or none.
publish() {
  echo "$2" > "$work/$1/stamp"
  rm -rf "${installed:?}/$1"
  mv "$work/$1" "$installed/$1"
  say "$1: done after $SECONDS s"
}

# Uses the Debian archive that this machine is configured for, with separate lists and settings: the packages, pins and hooks
# of the machine have no effect, and its lists are not changed.
open_archive() {
  [ ! -d "$work/apt-$suite" ] || return 0
  local command archive
  for command in apt-get apt-cache dpkg; do
    command -v "$command" >/dev/null || not_possible_here "there is no $command; the backends come as Debian packages"
  done
  [ -r "$keyring" ] || not_possible_here "there is no $keyring to check Debian's signatures with"
  # --print-uris needs only the sources: it works even if apt never fetched a list.
  archive=$(apt-get update --print-uris | sed -n "s|^'\([^']*/debian/\)dists/.*|\1|p") ||
    fail "apt cannot read its own sources"
  archive=${archive%%$'\n'*}
  [ "$archive" ] || not_possible_here "apt's sources name no Debian archive (an address that ends in /debian/)"

  mkdir -p "$work/apt-$suite/lists/partial" "$work/apt-$suite/cache/archives/partial" "$work/apt-$suite/empty"
  echo "deb [signed-by=$keyring] $archive $suite main" > "$work/apt-$suite/sources.list"
  cat > "$work/apt-$suite/apt.conf" <<END
#clear APT::Update;
APT::Update::Error-Mode "any";
APT::Default-Release "";
APT::Sandbox::User "root";
Acquire::Languages "none";
Acquire::Retries "2";
Acquire::http::Timeout "15";
Acquire::https::Timeout "15";
Dir::State::Lists "$work/apt-$suite/lists";
Dir::State::status "/dev/null";
Dir::Cache "$work/apt-$suite/cache";
Dir::Etc::SourceList "$work/apt-$suite/sources.list";
Dir::Etc::SourceParts "$work/apt-$suite/empty";
Dir::Etc::Preferences "/dev/null";
Dir::Etc::PreferencesParts "$work/apt-$suite/empty";
END
  # If the archive cannot be reached, this fails. Every later failure is an error.
  apt-get -c "$work/apt-$suite/apt.conf" update -qq || not_possible_here "apt cannot read $suite from Debian's archive (see above)"
}

# unpack FOLDER PACKAGE...
unpack() {
  local folder=$1 deb
  shift
  mkdir -p "$folder" "$work/debs"
  (cd "$work/debs" && apt-get -c "$work/apt-$suite/apt.conf" download -qq "$@") || fail "the download failed"
  for deb in "$work"/debs/*.deb; do
    dpkg -x "$deb" "$folder" || fail "$deb cannot be unpacked"
    rm "$deb"
  done
}

package_version() {
  apt-cache -c "$work/apt-$suite/apt.conf" show --no-all-versions "$1" | sed -n 's/^Version: //p'
}

install_servers() {
  local stamp="$suite ${servers[*]}" root=$work/servers-root
  ! is_current servers "$stamp" || return 0
  say "servers: downloading 110 MB, about 10 s"
  open_archive
  unpack "$root" "${servers[@]}"
  mkdir "$work/servers"
  # The packages contain more programs than the tests use, which would double the folder.
  mv "$root"/usr/bin/{prometheus,promtool,amtool,victoria-metrics} "$work/servers"
  mv "$root/usr/bin/prometheus-alertmanager" "$work/servers/alertmanager"
  mv "$root"/usr/share/prometheus/alertmanager/{email,default}.tmpl "$work/servers"
  rm -rf "$root"
  # Debian builds this one without its version.
  package_version victoria-metrics > "$work/servers/victoria-metrics.version"
  publish servers "$stamp"
}

# From the release of this machine, because Redis needs the C library that it was built with.
install_redis() {
  local suite root=$work/redis-root stamp
  suite=$(. /etc/os-release && echo "${VERSION_CODENAME:-}")
  [ "$suite" ] || not_possible_here "/etc/os-release names no release of Debian"
  stamp="redis $suite"
  ! is_current redis "$stamp" || return 0
  say "redis: downloading 2 MB"
  open_archive
  unpack "$root" redis-tools liblzf1 libjemalloc2 libatomic1
  mkdir -p "$work/redis/lib"
  find "$root/usr/lib" "$root/lib" -name '*.so*' -exec cp -P {} "$work/redis/lib" \; 2>/dev/null || true
  # The server is the checker of its files under another name.
  cp "$(readlink -f "$root/usr/bin/redis-check-rdb")" "$work/redis/redis-server.bin"
  cat > "$work/redis/redis-server" <<'END'
#!/usr/bin/env bash
here=$(cd "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")" && pwd)
LD_LIBRARY_PATH=$here/lib${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH} exec -a redis-server "$here/redis-server.bin" "$@"
END
  chmod +x "$work/redis/redis-server"
  rm -rf "$root"
  publish redis "$stamp"
}

install_collector() {
  local stamp root=$work/go packages go_version version
  stamp="$suite $(cat "$here"/collector/* | sha256sum)"
  ! is_current collector "$stamp" || return 0
  say "collector: downloading 125 MB and building, 1 to 2 min"
  open_archive
  mapfile -t packages < <(grep -v '^#' "$here/collector/packages.txt")
  # golang-go is a metapackage for the current version of Go.
  go_version=$(apt-cache -c "$work/apt-$suite/apt.conf" depends golang-go | sed -n 's/^ *Depends: golang-\([0-9.]*\)-go$/\1/p')
  version=$(package_version golang-opentelemetry-collector-dev)
  unpack "$root" "golang-$go_version-go" "golang-$go_version-src" "${packages[@]}"
  mkdir "$work/collector" "$work/tmp"
  # An empty environment, so that Go settings of the user have no effect, and a separate home for the files of Go.
  # A process group of its own, so that clean_up can end Go and its compilers together.
  set -m
  env -i HOME="$work/tmp" TMPDIR="$work/tmp" GOCACHE="$work/go-cache" GOPATH="$root/usr/share/gocode" \
    GO111MODULE=off GOPROXY=off GOTOOLCHAIN=local CGO_ENABLED=0 \
    "$root/usr/lib/go-$go_version/bin/go" build -trimpath -ldflags="-s -w -X main.version=$version" \
    -o "$work/collector/otelcol" "$here/collector/main.go" &
  building=$!
  set +m
  wait "$building" ||
    fail "the collector does not build; if an import is missing, add its package to collector/packages.txt"
  publish collector "$stamp"
}

# link PART PROGRAM...
link() {
  local part=$1 program
  shift
  mkdir -p "$installed/bin"
  for program; do
    [ -e "$installed/bin/$program" ] || ln -sfn "../$part/$program" "$installed/bin/$program"
  done
}

# Debian's Alertmanager opens its templates by an absolute path and exits without them. They are copied, not linked:
# a link would break every other checkout's Alertmanager when this one is removed.
provide_templates() {
  local folder=/usr/share/prometheus/alertmanager
  [ ! -e "$folder/default.tmpl" ] || return 0
  # A removed checkout can leave a broken link, on which mkdir fails.
  [ -e "$folder" ] || rm -f "$folder" 2>/dev/null || true
  if mkdir -p "$folder" 2>/dev/null && cp "$installed"/servers/{email,default}.tmpl "$folder" 2>/dev/null; then
    say "alertmanager: copied its templates to $folder, where it reads them"
  else
    say "alertmanager: will not start: it needs $folder/default.tmpl, and that folder is not writable"
  fi
}

print_versions() {
  local program output
  for program in "${programs[@]}"; do
    [ -e "$installed/bin/$program" ] || continue
    output=$("$installed/bin/$program" --version 2>&1) || fail "$program does not start: $output"
    output=${output:-$(cat "$installed/servers/$program.version")}
    printf '%-17s %s\n' "$program" "${output%%$'\n'*}"
  done
}

# Stop the build before its folder is removed.
clean_up() {
  if [ "$building" ] && kill -- "-$building" 2>/dev/null; then wait "$building" || true; fi
  rm -rf "$work"
}

collector=yes
for argument; do
  case $argument in
    --no-collector) collector=no ;;
    --help | -h) usage; exit ;;
    *) usage >&2; fail "unknown argument: $argument" ;;
  esac
done

command -v flock >/dev/null || not_possible_here "there is no flock to keep two installations apart"
mkdir -p "$installed"
exec 9> "$installed/lock"
flock -n 9 || { say "waiting for another installation to finish"; flock 9; }
# Remove what an interrupted run left behind.
rm -rf "$work"
building=
trap clean_up EXIT
# Bash runs this trap after the current command has ended.
trap 'exit 1' INT TERM HUP
mkdir "$work"

install_servers
link servers prometheus promtool alertmanager amtool victoria-metrics
provide_templates
install_redis
link redis redis-server
if [ "$collector" = yes ]; then
  install_collector
  link collector otelcol
fi
print_versions
