#!/usr/bin/env bash
# Installs PM2 into node_modules beside this file: only the tests of its cluster mode need it.
# Exit status: 0 installed, 1 failed.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"

# The stamp avoids a call of pnpm, which takes a second, if the lock file has not changed.
stamp=node_modules/.set-up
wanted=$(cksum < pnpm-lock.yaml)
if [ "$(cat "$stamp" 2>/dev/null)" != "$wanted" ]; then
  pnpm=$(sed -n 's/.*"packageManager": "\(.*\)".*/\1/p' ../../package.json)
  output=$(npx --yes "$pnpm" install --ignore-workspace --ignore-scripts --frozen-lockfile 2>&1) ||
    { echo "$output" >&2; exit 1; }
  echo "$wanted" > "$stamp"
fi
echo "pm2: pm2 $(sed -n 's/^ *"version": "\(.*\)".*/\1/p' node_modules/pm2/package.json | head -1) is installed"
