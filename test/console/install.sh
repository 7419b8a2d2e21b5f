#!/usr/bin/env bash
# Installs Debian's Chromium and tmux, which the tests of the console drive.
# Exit status: 0 installed, 1 failed, 3 not possible on this machine (no Debian, no root, or its archive cannot be reached).
set -uo pipefail

say() { echo "console: $*"; }

if [ -x /usr/bin/chromium ] && [ -x /usr/bin/tmux ]; then
  say "chromium and tmux are installed"
  exit 0
fi
if ! command -v apt-get >/dev/null || [ "$(id -u)" -ne 0 ]; then
  say "not possible here: chromium and tmux are installed with apt-get, as root" >&2
  exit 3
fi
say "downloading chromium and tmux"
if ! output=$(apt-get update 2>&1); then
  say "not possible here: Debian's archive cannot be reached" >&2
  exit 3
fi
if ! output=$(DEBIAN_FRONTEND=noninteractive apt-get install --yes --no-install-recommends chromium fonts-dejavu-core tmux 2>&1); then
  echo "$output" >&2
  exit 1
fi
say "done after $SECONDS s"
