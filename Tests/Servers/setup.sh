#!/usr/bin/env bash
# Installs the S3-compatible server that the tests of s3:// run against (moto, from PyPI) in .venv-s3. Does nothing twice.
set -euo pipefail
cd "$(dirname "$0")/../.."
[ -e .venv-s3/complete ] && exit 0
echo 'Installing the S3 server of the tests in .venv-s3 …'
python3 -c 'import ensurepip' 2>/dev/null || Scripts/setup-system.sh python3-venv
rm -rf .venv-s3
python3 -m venv .venv-s3
.venv-s3/bin/pip install --quiet --disable-pip-version-check 'moto[server]>=5,<6'
touch .venv-s3/complete
