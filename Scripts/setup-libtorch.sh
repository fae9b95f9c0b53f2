#!/usr/bin/env bash
# Puts libtorch behind .deps/libtorch (headers in include/, shared libraries in lib/). Does nothing when it is there already.
#
#   SIGHTLINE_LIBTORCH=DIR   use the libtorch in DIR (a torch wheel's `torch` folder or an unpacked libtorch) instead of installing one
#   SIGHTLINE_GPU=0|1        install without or with the CUDA libraries; by default: with them where an NVIDIA driver is loaded
#
# Without a GPU only the wheel and the two small libraries that libtorch_cpu.so itself is linked to are installed.
set -euo pipefail
cd "$(dirname "$0")/.."

version=2.11.0
site=.deps/python

usable() { [ -e "$1/lib/libtorch_cpu.so" ] && [ -e "$1/include/ATen/core/Tensor.h" ]; }

installed_version() { sed -n "s/^__version__ = '\([0-9.]*\).*/\1/p" "$1/version.py" 2>/dev/null || true; }

mkdir -p .deps
if [ -n "${SIGHTLINE_LIBTORCH:-}" ]; then
    if ! usable "$SIGHTLINE_LIBTORCH"; then
        echo "setup: SIGHTLINE_LIBTORCH=$SIGHTLINE_LIBTORCH holds no lib/libtorch_cpu.so with its headers; name the folder 'torch' of an installed wheel, or unset it" >&2
        exit 1
    fi
    wanted=$(cd "$SIGHTLINE_LIBTORCH" && pwd -P)
    if [ "$(readlink .deps/libtorch 2>/dev/null || true)" != "$wanted" ]; then
        ln -sfn "$wanted" .deps/libtorch
        echo "setup: libtorch $(installed_version "$wanted") from $wanted"
    fi
    exit 0
fi

gpu=${SIGHTLINE_GPU:-$([ -e /proc/driver/nvidia/version ] && echo 1 || echo 0)}
if [ "$(cat "$site/.sightline" 2>/dev/null || true)" != "$version gpu=$gpu" ]; then
    echo "setup: installing libtorch $version from its PyPI wheel ($([ "$gpu" = 1 ] && echo 'with CUDA' || echo 'CPU only'))"
    rm -rf "$site.new"
    pip=(python3 -m pip install --quiet --disable-pip-version-check --no-compile --target "$site.new")
    # The machine's own wheel folders must not replace the pinned build.
    if [ "$gpu" = 1 ]; then
        "${pip[@]}" "torch==$version"
    else
        "${pip[@]}" --no-deps "torch==$version" nvidia-cuda-runtime==13.0.96 nvidia-cuda-cupti==13.0.85
        # Two thirds of the wheel are for Python or for a GPU that is not here.
        rm -f "$site.new"/torch/lib/libtorch_cuda*.so "$site.new"/torch/lib/libtorch_python.so "$site.new"/torch/lib/libtorch_nvshmem.so
    fi
    printf '%s gpu=%s\n' "$version" "$gpu" > "$site.new/.sightline"
    rm -rf "$site" && mv "$site.new" "$site"
fi
if [ "$(readlink .deps/libtorch 2>/dev/null || true)" != python/torch ]; then ln -sfn python/torch .deps/libtorch; fi
