#!/usr/bin/env bash
# Installs rocksdb-native into node_modules beside this file. It is not part of the workspace's set-up: the package contains
# the engine for thirteen platforms, 161 MB, and only the tests of one adapter need it.
# Exit status: 0 installed, 1 failed, 3 not possible on this machine.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"
source ../scripts/install-packages.sh

install_packages 'rocksdb: downloading 60 MB'

node -e 'require("rocksdb-native")' ||
  { echo "rocksdb: not possible here: the engine cannot be loaded (on Linux it needs libatomic)" >&2; exit 3; }
echo "rocksdb: rocksdb-native $(sed -n 's/.*"version": "\(.*\)".*/\1/p' node_modules/rocksdb-native/package.json) is installed"
