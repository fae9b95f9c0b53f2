#!/usr/bin/env bash
# Gathers what the program needs at run time and no package of Debian has: collect.sh PROGRAM FOLDER
#
# FOLDER/opt/sightline/bin holds the program, FOLDER/opt/sightline/lib the libraries of Swift and libtorch that it is linked to (and, where
# libtorch came with CUDA, those that it opens on a machine with a GPU), FOLDER/etc/ld.so.conf.d the line that makes them found.
set -euo pipefail
program=$1
target=$2/opt/sightline
libtorch=$(cd "$(dirname "$0")/../.deps/libtorch/lib" && pwd -P)

mkdir -p "$target/bin" "$target/lib" "$2/etc/ld.so.conf.d"
cp "$program" "$target/bin/sightline"
strip --strip-unneeded "$target/bin/sightline"
# A platform starts an image with these words; under them the program does a container's work.
ln -sf sightline "$target/bin/train"
ln -sf sightline "$target/bin/serve"
echo /opt/sightline/lib > "$2/etc/ld.so.conf.d/sightline.conf"

ldd "$program" | awk '$2 == "=>" && $3 ~ /^\// {print $3}' | while read -r library; do
    case $(readlink -f "$library") in
        /lib/* | /usr/lib/x86_64-linux-gnu/* | /usr/lib/aarch64-linux-gnu/*) ;; # Debian's: Containers/packages
        *) cp -L "$library" "$target/lib/" ;;
    esac
done
if [ -e "$libtorch/libtorch_cuda.so" ]; then
    cp -L "$libtorch"/libtorch.so "$libtorch"/libtorch_cuda*.so "$libtorch"/libc10_cuda.so "$libtorch"/libcaffe2_nvrtc.so "$target/lib/"
    find "$libtorch/../.." -path '*/nvidia/*/lib/*.so*' -type f -exec cp -L {} "$target/lib/" \;
fi
find "$target/lib" -name '*.so*' -exec chmod 644 {} +
