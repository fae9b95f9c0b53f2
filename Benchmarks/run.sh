#!/usr/bin/env bash
# Measures Sightline beside its peers, in one run, each measurement a process of its own.
#
#     Benchmarks/run.sh [training] [inference] [detection] [segmentation] [pipeline] [ranks]      all by default
#
# PYTHON and PYTHON_MXNET are Pythons with the peers; by default those that Benchmarks/peers/setup.sh makes. A peer that is missing is
# left out. ROUNDS (3) repeats everything, the peers in turn, so that a noisy minute hurts all alike; the table shows medians.
set -euo pipefail
cd "$(dirname "$0")/.."
sightline=.build/release/sightline-benchmark
python=${PYTHON:-.venv-peers/bin/python}
mxnet=${PYTHON_MXNET:-.venv-peers-mxnet/bin/python}
rounds=${ROUNDS:-3}
out=Benchmarks/data/results.jsonl
mkdir -p Benchmarks/data
: > "$out"

# measure GROUP NAME command…: appends the command's JSON line with its group and name.
measure() {
    local group=$1 name=$2
    shift 2
    command -v "$1" >/dev/null || return 0
    local line
    if line=$(OMP_NUM_THREADS=2 "$@" 2>/dev/null | grep '^{' | tail -n 1); then
        printf '{"group": "%s", "name": "%s", "result": %s}\n' "$group" "$name" "$line" | tee -a "$out"
    else
        echo "benchmark: $name failed: $*" >&2
    fi
}

training() {
    local group
    group="ResNet-50 training, batch 16 at 224"
    measure "$group" "Sightline bf16" $sightline training --layers 50 --size 224 --batch 16 --precision bfloat16
    measure "$group" "PyTorch bf16 channels-last" "$python" Benchmarks/peers/torch_training.py --network resnet50 --precision bf16 --layout channels_last
    measure "$group" "MXNet fp32" "$mxnet" Benchmarks/peers/mxnet_training.py --network resnet50_v1b
    group="ResNet-20 training, batch 128 at 32"
    measure "$group" "Sightline bf16" $sightline training --layers 20 --size 32 --batch 128 --precision bfloat16 --iterations 20
    measure "$group" "PyTorch bf16 channels-last" "$python" Benchmarks/peers/torch_training.py --network cifar_resnet20 --precision bf16 --layout channels_last --iterations 20
    measure "$group" "MXNet fp32" "$mxnet" Benchmarks/peers/mxnet_training.py --network cifar_resnet20_v1 --iterations 20
}

inference() {
    local batch precision short
    for precision in float32 bfloat16; do
        short=$([ $precision = float32 ] && echo fp32 || echo bf16)
        for batch in 1 16; do
            local group="ResNet-50 inference, batch $batch, $short" n=$([ $batch = 1 ] && echo 40 || echo 8)
            measure "$group" "Sightline" $sightline inference --batch $batch --precision $precision --iterations "$n"
            measure "$group" "PyTorch channels-last" "$python" Benchmarks/peers/torch_inference.py --batch $batch --mode $short-channels_last --iterations "$n"
            measure "$group" "OpenVINO" "$python" Benchmarks/peers/openvino_inference.py --batch $batch --precision ${short/fp32/f32} --iterations "$n"
        done
    done
}

detection() {
    local group="SSD300-VGG16 training, batch 4"
    measure "$group" "Sightline bf16" $sightline detection training --iterations 8
    measure "$group" "PyTorch bf16 channels-last" "$python" Benchmarks/peers/torch_detection.py training
    group="SSD300-VGG16 inference without NMS, batch 1"
    measure "$group" "Sightline bf16" $sightline detection inference --batch 1 --iterations 20
    measure "$group" "PyTorch bf16 channels-last" "$python" Benchmarks/peers/torch_detection.py inference --batch 1 --iterations 20
    measure "$group" "PyTorch fp32" "$python" Benchmarks/peers/torch_detection.py inference --batch 1 --precision fp32 --layout nchw --iterations 20
}

segmentation() {
    local size group
    for size in 240 480; do
        group="DeepLabV3-ResNet-50 training, batch 4 at $size"
        measure "$group" "Sightline bf16" $sightline segmentation training --size $size --warmup 2 --iterations 5
        measure "$group" "PyTorch bf16 channels-last" "$python" Benchmarks/peers/torch_segmentation.py training --size $size --iterations 5
        measure "$group" "GluonCV fp32" "$mxnet" Benchmarks/peers/mxnet_segmentation.py --size $size --iterations 3
    done
    group="DeepLabV3-ResNet-50 inference, batch 1 at 480"
    measure "$group" "Sightline bf16" $sightline segmentation inference --batch 1 --iterations 10
    measure "$group" "Sightline fp32" $sightline segmentation inference --batch 1 --precision float32 --iterations 10
    measure "$group" "PyTorch bf16 channels-last" "$python" Benchmarks/peers/torch_segmentation.py inference --batch 1 --iterations 10
    measure "$group" "PyTorch fp32" "$python" Benchmarks/peers/torch_segmentation.py inference --batch 1 --precision fp32 --layout nchw --iterations 10
}

pipeline() {
    local images=Benchmarks/data/jpeg500 group="decode 500×375, random-resized crop 224, flip, normalise, 2 workers"
    [ -d "$images" ] || "$python" Benchmarks/peers/make_images.py "$images"
    measure "$group" "Sightline" $sightline pipeline "$images" --workers 2
    measure "$group" "torchvision.io DataLoader" "$python" Benchmarks/peers/torch_pipeline.py "$images" --workers 2 --kind io
    measure "$group" "PIL DataLoader" "$python" Benchmarks/peers/torch_pipeline.py "$images" --workers 2 --kind pil
}

ranks() {
    local group="ResNet-50 training, batch 8 a process at 224, 2 processes"
    measure "$group" "Sightline bf16" $sightline ranks
    measure "$group" "PyTorch DistributedDataParallel bf16" "$python" Benchmarks/peers/torch_ranks.py
}

# The ceilings first: they are what the table's shares are of.
for precision in float32 bfloat16; do measure "ceiling" $precision $sightline ceiling --precision $precision; done
for _ in $(seq "$rounds"); do
    for part in ${*:-training inference detection segmentation pipeline ranks}; do "$part"; done
done
python3 Benchmarks/summarize.py "$out"
