# To be sourced by a script beside a lock file of its own: defines install_packages.

# Installs the packages of the lock file in this folder into node_modules beside it, without their scripts. If that has been done for the
# same lock file, nothing happens: pnpm itself takes a second to see it. $1, if given, is printed before something is downloaded.
install_packages() {
  local stamp=node_modules/.set-up wanted pnpm output
  wanted=$(cksum < pnpm-lock.yaml)
  if [ "$(cat "$stamp" 2>/dev/null)" = "$wanted" ]; then return; fi
  pnpm=$(sed -n 's/.*"packageManager": "\(.*\)".*/\1/p' ../../package.json)
  if [ -n "${1-}" ]; then echo "$1"; fi
  output=$(npx --yes "$pnpm" install --ignore-workspace --ignore-scripts --frozen-lockfile 2>&1) ||
    { echo "$output" >&2; exit 1; }
  echo "$wanted" > "$stamp"
}
