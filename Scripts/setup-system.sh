#!/usr/bin/env bash
# Installs the Debian packages that the build and the demo need. Does nothing when they are there already.
set -euo pipefail

packages=(
    libjpeg62-turbo-dev  # JPEG
    libpng-dev           # PNG
    libfreetype-dev      # names in drawn pictures
    fonts-dejavu-core    # the font for them
    libcurl4-openssl-dev # S3, downloads of pretrained weights
    libssl-dev           # checksums of downloads, signatures
    zlib1g-dev           # compressed data sets and checkpoints
    python3-pip          # fetches the libtorch wheel; nothing in Python runs after that
    g++ make             # C++ headers for libtorch's interface
    "$@"
)
missing=()
for package in "${packages[@]}"; do
    dpkg-query -W -f '${Status}' "$package" 2>/dev/null | grep -q 'ok installed' || missing+=("$package")
done
[ ${#missing[@]} -eq 0 ] && exit 0

sudo=()
if [ "$(id -u)" != 0 ]; then
    if command -v sudo >/dev/null; then sudo=(sudo); else
        echo "setup: these packages are missing; as root run: apt-get install ${missing[*]}" >&2
        exit 1
    fi
fi
echo "setup: installing ${missing[*]}"
"${sudo[@]}" apt-get update -qq
DEBIAN_FRONTEND=noninteractive "${sudo[@]}" apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
