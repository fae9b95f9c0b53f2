#!/usr/bin/env bash
# Builds an image with buildah and trains in it as the platform does: no Docker, no daemon, no privileges beyond chroot.
#
#   Containers/smoke-test.sh              Dockerfile.cpu as it is: fetches the base images, builds the program in one of them
#   Containers/smoke-test.sh offline      the program of .build/release, on a base made by debootstrap from Debian's packages
#   Containers/smoke-test.sh offline gpu  Dockerfile.gpu, likewise
#
# Says the image's size, runs a job, a job with a mistake and a job that is stopped. Leaves the image sightline:<kind> behind.
# Needs buildah, python3 and, offline, debootstrap; root.
set -euo pipefail
cd "$(dirname "$0")/.."
mode=${1:-build}
kind=${2:-cpu}
export STORAGE_DRIVER=${STORAGE_DRIVER:-vfs} BUILDAH_ISOLATION=chroot
work=$(mktemp -d "${TMPDIR:-/tmp}/sightline-smoke-XXXXXX")
trap 'rm -rf "$work"' EXIT
say() { printf '%s\n' "smoke: $*" >&2; }

base=localhost/sightline-base
if [ "$mode" = offline ]; then
    if ! buildah inspect --type image "$base" >/dev/null 2>&1; then
        rootfs=${SIGHTLINE_ROOTFS:-$work/rootfs}
        if [ ! -e "$rootfs/etc/debian_version" ]; then
            say 'making a base with debootstrap'
            debootstrap --variant=minbase bookworm "$rootfs" ${SIGHTLINE_MIRROR:+"$SIGHTLINE_MIRROR"} >"$work/log" ||
                { tail "$work/log" >&2; exit 1; }
        fi
        container=$(buildah from scratch)
        buildah copy -q "$container" "$rootfs" / >/dev/null
        buildah commit -q --rm "$container" "$base" >/dev/null
    fi
    mkdir "$work/program"
    Containers/collect.sh .build/release/sightline "$work/program"
    say "program and libraries: $(du -sm "$work/program" | cut -f1) MB"
    buildah build -q --build-arg BASE="$base" --build-context program="$work/program" -f "Containers/Dockerfile.$kind" \
        -t "sightline:$kind" . >/dev/null
else
    buildah build -q -f "Containers/Dockerfile.$kind" -t "sightline:$kind" . >/dev/null
fi

container=$(buildah from --pull-never "sightline:$kind")
trap 'buildah rm "$container" >/dev/null; rm -rf "$work"' EXIT
mount=$(buildah mount "$container")
say "image: $(du -smx "$mount" | cut -f1) MB, of which libtorch $(du -smcL "$mount"/opt/sightline/lib/libtorch*.so | tail -1 | cut -f1) MB"
[ "$(buildah inspect --format '{{.OCIv1.Config.User}}' "$container")" = 10001:10001 ]
[ "$(buildah inspect --format '{{.OCIv1.Config.Entrypoint}}' "$container")" = '[sightline container]' ]
say "version $(buildah run "$container" -- sightline --version)"

# Pictures of two classes, by nothing but Python's own zlib.
python3 - "$work/photos" <<'PYTHON'
import os, struct, sys, zlib
def chunk(name, data):
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
for number in range(32):
    light = 220 if number % 2 else 20
    rows = b"".join(b"\0" + bytes((light + x * number) % 256 for x in range(96)) for _ in range(32))
    os.makedirs(f"{sys.argv[1]}/{'light' if number % 2 else 'dark'}", exist_ok=True)
    with open(f"{sys.argv[1]}/{'light' if number % 2 else 'dark'}/{number}.png", "wb") as file:
        file.write(b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">2I5B", 32, 32, 8, 2, 0, 0, 0))
                   + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b""))
PYTHON

# The platform starts this in the program's place. chroot, unlike buildah's run, hands signals to the program itself.
cat >"$work/start" <<'START'
#!/usr/bin/env bash
mount --bind "$SIGHTLINE_ROOT" "$MOUNT/opt/ml"
for place in proc dev; do mount --rbind "/$place" "$MOUNT/$place"; done
chown -R 10001:10001 "$SIGHTLINE_ROOT"
unset SIGHTLINE_ROOT
exec chroot --userspec=10001:10001 "$MOUNT" /usr/bin/env -i PATH=/opt/sightline/bin:/usr/bin:/bin HOME=/tmp "$@"
START
chmod +x "$work/start"

# job NAME EPOCHS STOP STATUS: runs a job and compares the last container's status.
job() {
    cat >"$work/job.json" <<JOB
{"root": "$work/ml", "checkpoints": true, "environment": {"MOUNT": "$mount"}, "stop": $3, "restart": false,
 "hyperparameters": {"num_layers": 20, "image_shape": "3,32,32", "num_classes": 2, "epochs": $2, "mini_batch_size": 8},
 "channels": {"train": {"source": "$work/photos"}, "validation": {"source": "$work/photos"}}}
JOB
    # A namespace of its own: the mount is gone when the job is.
    unshare --mount python3 Tests/Platform/platform.py "$work/job.json" "$work/start" train >"$work/result.json"
    python3 - "$work/result.json" "$1" "$4" <<'PYTHON'
import json, sys
result = json.load(open(sys.argv[1]))
run = result["runs"][-1]
if run["status"] != int(sys.argv[3]):
    sys.exit(f"smoke: {sys.argv[2]}: status {run['status']}, not {sys.argv[3]}\n" + "\n".join(run["log"][-20:]))
print(f"smoke: {sys.argv[2]}: status {run['status']}; model {result['model']}; failure {run['failure']}", file=sys.stderr)
PYTHON
}
job 'a job' 2 null 0
job 'a mistake' '"many"' null 1
job 'a job that is stopped' 500 '"Epoch.1. Train"' 143
say 'passed'
