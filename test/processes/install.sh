#!/usr/bin/env bash
# Installs PM2 into node_modules beside this file: only the tests of its cluster mode need it.
# Exit status: 0 installed, 1 failed.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"
source ../scripts/install-packages.sh

install_packages
echo "pm2: pm2 $(sed -n 's/^ *"version": "\(.*\)".*/\1/p' node_modules/pm2/package.json | head -1) is installed"
