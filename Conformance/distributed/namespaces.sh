#!/usr/bin/env bash
# A training job of three hosts, each in a network namespace of its own, as a training platform starts it; then one of them is cut off.
# Needs root, iproute2, python3 and `make build` first.
#
#     Conformance/distributed/namespaces.sh
#
# What must hold:
# - three hosts, whose names resolve late, train one model;
# - when the network of one goes away without a word, all three end within ENDING seconds (60), each with an output/failure that names
#   the loss (LOSS, an extended regular expression);
# - started again with two hosts and the checkpoints of the first time, the job goes on and ends with 0.
#
# SIGHTLINE is the program. EPOCHS, BATCH and IMAGES a class set the job's size; STARTING: seconds in which the first epochs must be done;
# FINISHING: in which the job of two must be done. KEEP, where set: the folder is left, with all logs.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
program=${SIGHTLINE:-$root/.build/release/sightline}
: "${EPOCHS:=150}" "${BATCH:=24}" "${IMAGES:=60}" "${STARTING:=300}" "${FINISHING:=600}" "${ENDING:=60}"
: "${LOSS:=algo-[123]|rank [012]|lost|gone|unreachable}"
if [ "$(id -u)" != 0 ] || ! command -v ip >/dev/null; then
    echo "namespaces: skipped, it needs root and iproute2"
    exit 0
fi
if [ ! -x "$program" ]; then
    echo "namespaces: there is no $program; build it first (make build)" >&2
    exit 1
fi

work=$(mktemp -d)
# The bridge has a namespace, too: nothing of this machine's own network is touched.
switch=sightline-$$-0
hosts=(algo-1 algo-2 algo-3)
declare -A pids=()

space() { echo "sightline-$$-${1#algo-}"; }
tree() { echo "$work/$1"; }

finish() {
    local status=$? pid host
    for pid in "${pids[@]}"; do kill -KILL "$pid" 2>/dev/null || true; done
    for host in "${hosts[@]}"; do
        ip netns delete "$(space "$host")" 2>/dev/null || true
        rm -rf "/etc/netns/$(space "$host")"
    done
    ip netns delete "$switch" 2>/dev/null || true
    if [ "$status" != 0 ]; then for host in "${hosts[@]}"; do tail -n 15 "$work/$host".*.log 2>/dev/null >&2 || true; done; fi
    if [ -n "${KEEP:-}" ]; then echo "namespaces: logs and trees are in $work"; else rm -rf "$work"; fi
}
trap finish EXIT

fail() {
    echo "namespaces: $1" >&2
    exit 1
}

# The network: a bridge, and a wire from it to each host's eth1.
network() {
    if ! ip netns add "$switch" 2>"$work/refused"; then
        echo "namespaces: skipped, this machine lets nobody make network namespaces ($(head -n 1 "$work/refused"))"
        exit 0
    fi
    ip -n "$switch" link add bridge type bridge
    ip -n "$switch" link set bridge up
    local host name number
    for host in "${hosts[@]}"; do
        name=$(space "$host") number=${host#algo-}
        ip netns add "$name"
        ip link add eth1 netns "$name" type veth peer name "port$number" netns "$switch"
        ip -n "$switch" link set "port$number" master bridge up
        ip -n "$name" address add "10.99.0.$number/24" dev eth1
        ip -n "$name" link set eth1 up
        ip -n "$name" link set lo up
        mkdir -p "/etc/netns/$name"
        # So far each host knows only itself.
        printf '127.0.0.1 localhost\n10.99.0.%s %s\n' "$number" "$host" >"/etc/netns/$name/hosts"
    done
}

# Everybody learns everybody's name. In place: the file is mounted.
names() {
    local host other
    for host in "${hosts[@]}"; do
        for other in "${hosts[@]}"; do
            if [ "$other" != "$host" ]; then printf '10.99.0.%s %s\n' "${other#algo-}" "$other" >>"/etc/netns/$(space "$host")/hosts"; fi
        done
    done
}

# lay HOST NAME…: a host's tree in a job of these hosts. Data and checkpoints stay.
lay() {
    local host=$1 list
    shift
    list=$(printf ', "%s"' "$@")
    local config
    config=$(tree "$host")/input/config
    rm -rf "$(tree "$host")"/{model,output}
    mkdir -p "$config" "$(tree "$host")"/{model,output/data,checkpoints,input/data}
    if [ ! -d "$(tree "$host")/input/data/train" ]; then cp -r "$work"/data/* "$(tree "$host")/input/data/"; fi
    cat >"$config/hyperparameters.json" <<JSON
{"num_layers": "20", "image_shape": "3,32,32", "num_classes": "4", "num_training_samples": "$((4 * IMAGES))", "use_pretrained_model": "0",
 "mini_batch_size": "$BATCH", "learning_rate": "0.01", "epochs": "$EPOCHS"}
JSON
    cat >"$config/inputdataconfig.json" <<JSON
{"train": {"ContentType": "application/x-image", "TrainingInputMode": "File", "S3DistributionType": "FullyReplicated", "RecordWrapperType": "None"},
 "validation": {"ContentType": "application/x-image", "TrainingInputMode": "File", "S3DistributionType": "FullyReplicated", "RecordWrapperType": "None"}}
JSON
    echo '{"LocalPath": "/opt/ml/checkpoints"}' >"$config/checkpointconfig.json"
    echo "{\"current_host\": \"$host\", \"hosts\": [${list:2}], \"network_interface_name\": \"eth1\"}" >"$config/resourceconfig.json"
}

# start HOST RUN: in its namespace, under its own name.
start() {
    ip netns exec "$(space "$1")" unshare --uts sh -c 'hostname "$0"; exec "$@"' "$1" \
        env OMP_NUM_THREADS="${OMP_NUM_THREADS:-1}" "$program" container train --root "$(tree "$1")" >"$work/$1.$2.log" 2>&1 &
    pids[$1]=$!
}

# await SECONDS COMMAND…: until the command succeeds.
await() {
    local end=$((SECONDS + $1))
    shift
    until "$@"; do
        if [ "$SECONDS" -ge "$end" ]; then return 1; fi
        sleep 0.2
    done
}

has_ended() { ! kill -0 "${pids[$1]}" 2>/dev/null; }
# Its lines, or the end of its host: what never comes is not waited for.
has_line() { grep -Eq "$2" "$work/$1.$3.log" || has_ended "$1"; }

# status HOST: of the program that has ended.
status() {
    local result=0
    wait "${pids[$1]}" || result=$?
    echo "$result" >"$work/$1.status"
    unset "pids[$1]"
}

network
python3 "$here/images.py" "$work/data/train" "$IMAGES"
python3 "$here/images.py" "$work/data/validation" 6

echo "namespaces: three hosts, the last of which starts late"
for host in "${hosts[@]}"; do lay "$host" "${hosts[@]}"; done
start algo-1 first
start algo-2 first
sleep 2
start algo-3 first
sleep 1
names
await "$STARTING" has_line algo-1 'Epoch\[1\] Validation-accuracy' first || fail "algo-1 did not come through two epochs in $STARTING s"
for host in "${hosts[@]}"; do if has_ended "$host"; then fail "$host ended before anything was cut"; fi; done

echo "namespaces: algo-3 is cut off"
ip -n "$switch" link set port3 down
cut=$SECONDS
for host in "${hosts[@]}"; do
    await $((ENDING - (SECONDS - cut))) has_ended "$host" || fail "$host still runs $ENDING s after the cut"
    status "$host"
    after=$((SECONDS - cut))
    [ "$(cat "$work/$host.status")" != 0 ] || fail "$host ended with 0, though a host was lost"
    failure=$(tree "$host")/output/failure
    [ -s "$failure" ] || fail "$host left no output/failure"
    grep -Eq "$LOSS" "$failure" || fail "$host's failure does not name the loss: $(cat "$failure")"
    echo "namespaces: $host ended with $(cat "$work/$host.status") by $after s: $(head -c 300 "$failure")"
done
[ -n "$(ls "$(tree algo-1)/checkpoints")" ] || fail "algo-1 left no checkpoint"

echo "namespaces: two hosts go on"
# As the platform does: what the first job left is brought to every host of the next.
rm -rf "$(tree algo-2)/checkpoints"
cp -r "$(tree algo-1)/checkpoints" "$(tree algo-2)/checkpoints"
for host in algo-1 algo-2; do
    lay "$host" algo-1 algo-2
    start "$host" second
done
for host in algo-1 algo-2; do
    await "$FINISHING" has_ended "$host" || fail "$host of two did not end in $FINISHING s"
    status "$host"
    [ "$(cat "$work/$host.status")" = 0 ] || fail "$host of two ended with $(cat "$work/$host.status"): $(cat "$(tree "$host")/output/failure" 2>/dev/null)"
done
grep -q 'Checkpoint found: training goes on' "$work/algo-1.second.log" || fail "algo-1 does not say that it resumed"
if grep -Eq 'Epoch\[0\] Train-accuracy' "$work/algo-1.second.log"; then fail "algo-1 began with epoch 0 again"; fi
grep -Eq "Epoch\\[$((EPOCHS - 1))\\] Train-accuracy" "$work/algo-1.second.log" || fail "algo-1 did not come to the last epoch"
[ -s "$(tree algo-1)/model/model.safetensors" ] || fail "algo-1 left no model"
echo "namespaces: all as it should be"
