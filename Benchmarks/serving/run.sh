#!/usr/bin/env bash
# ResNet-50 behind HTTP beside FastAPI with PyTorch, one JPEG of 500×375 pixels a request, on loopback; in one run, in turn.
# Needs `swift build -c release --product sightline` first, and wrk (apt-get install wrk).
#
#     Benchmarks/serving/run.sh [rounds] [seconds]
#
# PYTHON is a Python with torch, torchvision, fastapi, uvicorn, uvloop and httptools. MODES: of the peer, as bf16:2 (mode and threads).
set -euo pipefail
cd "$(dirname "$0")/../.."
rounds=${1:-3} seconds=${2:-15}
python=$(realpath -s "${PYTHON:-.venv-peers/bin/python}")
images=Benchmarks/data/jpeg500
[ -d "$images" ] || "$python" Benchmarks/peers/make_images.py "$images"
PICTURES=$(find "$PWD/$images" -name '*.jpg' | sort | awk 'NR % 10 == 1' | head -n 40 | tr '\n' ' ')
export PICTURES
work=$(mktemp -d)
trap 'kill $(jobs -p) 2>/dev/null || true; rm -rf "$work"' EXIT
"$python" -c "import sys, torch, torchvision; torch.manual_seed(0); torch.save(torchvision.models.resnet50(weights=None).state_dict(), sys.argv[1])" "$work/resnet50.pth"

await() { for _ in $(seq 600); do curl -sf "http://127.0.0.1:$1/ping" >/dev/null && return; sleep 0.1; done; echo "no server on $1" >&2; exit 1; }

# measure NAME PORT CONNECTIONS
measure() {
    wrk -t1 -c"$3" -d3 -s Benchmarks/serving/post.lua "http://127.0.0.1:$2" >/dev/null
    # What wrk left unanswered would take the places of what follows.
    sleep 4
    echo "$1, $3 connections: $(wrk -t1 -c"$3" -d"$seconds" --timeout 60s -s Benchmarks/serving/post.lua "http://127.0.0.1:$2" | grep '^{')"
}

for _ in $(seq "$rounds"); do
    .build/release/sightline serve "$work/resnet50.pth" --port 8097 --quiet & server=$!
    await 8097
    for connections in 1 4 64; do measure Sightline 8097 $connections; done
    echo "Sightline, open loop: $("$python" Benchmarks/serving/overload.py http://127.0.0.1:8097 "${OVERLOAD:-500}" "$seconds" $server $PICTURES)"
    grep VmHWM "/proc/$server/status"
    kill -TERM $server; wait $server
    for setting in ${MODES:-bf16:2 bf16:1 jit:2}; do
        (cd Benchmarks/serving && MODE=${setting%:*} THREADS=${setting#*:} OMP_NUM_THREADS=${setting#*:} WEIGHTS="$work/resnet50.pth" \
            exec "$python" -m uvicorn fastapi_app:app --port 8098 --log-level warning --no-access-log) & server=$!
        await 8098
        for connections in 1 4 64; do measure "FastAPI + PyTorch $setting" 8098 $connections; done
        kill -TERM $server; wait $server || true
    done
done
