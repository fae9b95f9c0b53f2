#!/usr/bin/env bash
# One small run by every launcher there is: alone, with processes of its own, by torchrun, by mpirun, and as two hosts. Needs python3 and
# `make build` first.
#
#     Conformance/distributed/launchers.sh
#
# What must hold: with common batch statistics every epoch's losses, of training and of validation, are within TOLERANCE (1e-5) of those of
# the process that is alone (of losses above 1 that part), and rank 0 alone writes and tells.
#
# SIGHTLINE is the program. PYTHON, where set, is a Python with torch, whose torchrun is taken; a launcher that is missing is skipped.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
program=${SIGHTLINE:-$root/.build/release/sightline}
: "${EPOCHS:=2}" "${TOLERANCE:=1e-5}"
export OMP_NUM_THREADS=${OMP_NUM_THREADS:-1}
if [ ! -x "$program" ]; then
    echo "launchers: there is no $program; build it first (make build)" >&2
    exit 1
fi
torchrun=$(command -v torchrun || true)
if [ -n "${PYTHON:-}" ]; then torchrun=$(dirname "$PYTHON")/torchrun; fi

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
python3 "$here/images.py" data/train 20
python3 "$here/images.py" data/validation 6
# Steps are small: what rounding makes of the first grows with every step, and a hundredfold in a few at ten times this rate.
train=(train classification --train data/train --validation data/validation --sync-batch-norm --json --quiet
    -p num_layers=20 -p image_shape=3,32,32 -p mini_batch_size=16 -p "epochs=$EPOCHS" -p learning_rate=0.00002 -p precision_dtype=float32)

# run NAME COMMAND…: a run whose log is NAME.log.
run() {
    local name=$1 status=0 start=$SECONDS
    shift
    "$@" >"$name.log" 2>"$name.errors" || status=$?
    if [ "$status" != 0 ]; then
        echo "launchers: $name ended with $status" >&2
        cat "$name.errors" >&2
        exit 1
    fi
    if [ "$name" != alone ]; then compare "$name" $((SECONDS - start)); fi
}

# compare NAME SECONDS: with the process that was alone.
compare() {
    python3 - "$TOLERANCE" "$@" <<'PYTHON'
import json
import sys


def epochs(name):
    with open(f"{name}.log", encoding="utf-8") as log:
        events = [json.loads(line) for line in log]
    return [(event["train"]["loss"], event["validation"]["loss"]) for event in events if event["event"] == "epoch"]


tolerance, name, seconds = float(sys.argv[1]), sys.argv[2], sys.argv[3]
alone, found = epochs("alone"), epochs(name)
if len(alone) != len(found):
    sys.exit(f"launchers: {name} tells of {len(found)} epochs, not {len(alone)}")
training, validation = (max(abs(a[half] - b[half]) / max(1, a[half]) for a, b in zip(alone, found)) for half in (0, 1))
print(f"launchers: {name}: losses differ by {training:.1e} in training, {validation:.1e} in validation, at the most ({seconds} s)")
if not (training <= tolerance and validation <= tolerance):
    sys.exit(f"launchers: {name} is beyond {tolerance}: {found}, alone {alone}")
PYTHON
}

run alone "$program" "${train[@]}" --output alone
for count in 2 3 4; do run "processes-$count" "$program" "${train[@]}" --output "processes-$count" --processes "$count"; done

if [ -x "${torchrun:-}" ]; then
    run torchrun "$torchrun" --standalone --nproc-per-node 2 --no-python "$program" "${train[@]}" --output torchrun
else
    echo "launchers: torchrun skipped: there is none in PATH, and PYTHON is not set"
fi

if command -v mpirun >/dev/null; then
    # Open MPI wants to be told that it may do what it is told.
    mpi=(mpirun -n 2)
    if mpirun --version | grep -q "Open MPI"; then mpi+=(--oversubscribe); fi
    if [ "$(id -u)" = 0 ] && mpirun --version | grep -q "Open MPI"; then mpi+=(--allow-run-as-root); fi
    run mpirun "${mpi[@]}" "$program" "${train[@]}" --output mpirun
else
    echo "launchers: mpirun skipped: there is none in PATH"
fi

# An Indexed Job's pods, and two hosts: the same command on each, here at once. mini_batch_size counts for each host.
port=$((20000 + RANDOM % 12000))
half=("${train[@]}" -p mini_batch_size=8)
env JOB_COMPLETION_INDEX=1 WORLD_SIZE=2 MASTER_ADDR=127.0.0.1 MASTER_PORT="$port" "$program" "${half[@]}" --output other >other.log 2>&1 &
run kubernetes env JOB_COMPLETION_INDEX=0 WORLD_SIZE=2 MASTER_ADDR=127.0.0.1 MASTER_PORT="$port" "$program" "${half[@]}" --output kubernetes
wait $!

port=$((port + 1))
hosts=(--hosts localhost,127.0.0.1 --port "$port")
"$program" "${half[@]}" --output other "${hosts[@]}" --host 127.0.0.1 >other.log 2>&1 &
run hosts "$program" "${half[@]}" --output hosts "${hosts[@]}" --host localhost
wait $!

hosts+=(--processes 2)
"$program" "${half[@]}" --output other "${hosts[@]}" --host 127.0.0.1 >other.log 2>&1 &
run hosts-of-two "$program" "${half[@]}" --output hosts-of-two "${hosts[@]}" --host localhost
wait $!
if [ -e other ] || [ -s other.log ]; then
    echo "launchers: the second host has written or told something, too: $(cat other.log)" >&2
    exit 1
fi
echo "launchers: all as it should be"
