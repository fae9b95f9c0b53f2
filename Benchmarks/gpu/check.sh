#!/usr/bin/env bash
# Packs the GPU check on a machine that needs no GPU: programs with Swift's runtime inside, their libraries, and the peers' scripts.
#
#     Benchmarks/gpu/check.sh [ARCHIVE]        .build/sightline-gpu-check.tar.gz by default
#
# Then, on a machine with an NVIDIA GPU (driver 580 or newer), glibc no older than this one's, and Python 3 with pip:
#
#     tar xzf sightline-gpu-check.tar.gz && python3 sightline-gpu-check/run.py
#
# The programs are built in .build-gpu, so that `make build` keeps its own. STATIC_BUILD names another folder.
set -euo pipefail
cd "$(dirname "$0")/../.."
archive=$(realpath -m "${1:-.build/sightline-gpu-check.tar.gz}")
build=${STATIC_BUILD:-.build-gpu}
limit=$((64 << 20))
name=sightline-gpu-check

Scripts/setup-libtorch.sh
for product in sightline-benchmark sightline; do
    swift build -c release --static-swift-stdlib --build-path "$build" --product $product
done

stage=$(mktemp -d)
trap 'rm -rf "$stage"' EXIT
mkdir -p "$stage/$name"/{bin,lib,peers}
for product in sightline-benchmark sightline; do
    cp "$build/release/$product" "$stage/$name/bin/"
    strip "$stage/$name/bin/$product"
    # All libraries but those of every machine with Python and PyTorch: the C and C++ runtimes, libtorch and what is libtorch's.
    ldd "$build/release/$product" | awk '$2 == "=>" && $3 ~ /^\// {print $1, $3}' | while read -r library path; do
        case $library in
            libc.so* | libm.so* | libdl.so* | libpthread.so* | librt.so* | libresolv.so* | libutil.so* | libstdc++.so* | libgcc_s.so*) ;;
            libtorch* | libc10* | libgomp* | libcudart* | libcupti*) ;;
            *) cp -L "$path" "$stage/$name/lib/$library" ;;
        esac
    done
done
cp Benchmarks/gpu/{run,roofline,digits}.py Benchmarks/summarize.py "$stage/$name/"
cp Benchmarks/peers/measure.py Benchmarks/peers/torch_{training,detection,segmentation,inference}.py "$stage/$name/peers/"
git log -1 --format='%H %cI' > "$stage/$name/commit" 2>/dev/null || true

mkdir -p "$(dirname "$archive")"
tar -C "$stage" --owner=0 --group=0 -czf "$archive.part" "$name"
size=$(stat -c %s "$archive.part")
if [ "$size" -ge "$limit" ]; then
    rm -f "$archive.part"
    echo "gpu-check: the archive would have $size bytes; it must stay below $limit to be carried" >&2
    exit 1
fi
mv "$archive.part" "$archive"
echo "gpu-check: $archive, $((size >> 20)) MiB"
