# What a newcomer needs: `make demo`, then `make test`. Each target sets up what it needs and does nothing twice.
SWIFT ?= swift
# One set of flags for the program and its tests, so that nothing is compiled twice.
FLAGS := -c release -Xswiftc -enable-testing
BIN := .build/release
SOURCES := Sources Tests Examples Benchmarks/program Conformance/program Conformance/recordio Fuzzing/Program Package.swift Fuzzing/Package.swift

.PHONY: help setup build demo demo-detection demo-segmentation test lint format bench gpu-check conformance docs fuzz fuzz-replay smoke clean

help:
	@echo 'make demo         train, evaluate and try a classifier on Fashion-MNIST (about 10 minutes on 2 cores, set-up included)'
	@echo 'make demo-detection  find garments in scenes that the example composes (about 10 minutes, set-up included)'
	@echo 'make demo-segmentation  tell the class of every pixel of such scenes (about 10 minutes, set-up included)'
	@echo 'make test         build and run all tests (installs an S3 server for them in .venv-s3)'
	@echo 'make build        build the program: $(BIN)/sightline'
	@echo 'make lint         check the format of the sources'
	@echo 'make format       format the sources'
	@echo 'make bench        measure Sightline beside PyTorch, OpenVINO and MXNet (figures: Benchmarks/RESULTS.md)'
	@echo 'make gpu-check    pack programs and scripts that check a GPU on another machine (Benchmarks/gpu)'
	@echo 'make conformance  compare networks with torchvision, RecordIO with MXNet, boxes with pycocotools, ONNX files, answers with boto3 (in .venv-*)'
	@echo 'make fuzz         fuzz every reader of files for 30 CPU minutes each (hours; what ran: Fuzzing/RESULTS.md)'
	@echo 'make smoke        build an image with buildah, offline, and run jobs in it (root, buildah, debootstrap)'
	@echo 'make docs         build the documentation into .build/docs'

setup:
	@Scripts/setup-system.sh
	@Scripts/setup-libtorch.sh

build: setup
	$(SWIFT) build $(FLAGS) --product sightline

demo: setup
	@Scripts/setup-system.sh dataset-fashion-mnist
	@$(MAKE) --no-print-directory build
	@Scripts/demo.sh

demo-detection: setup
	@Scripts/setup-system.sh dataset-fashion-mnist
	@$(MAKE) --no-print-directory build
	$(SWIFT) build $(FLAGS) --product sightline-scenes
	@Scripts/demo-detection.sh

demo-segmentation: setup
	@Scripts/setup-system.sh dataset-fashion-mnist
	@$(MAKE) --no-print-directory build
	$(SWIFT) build $(FLAGS) --product sightline-scenes
	@Scripts/demo-segmentation.sh

test: setup
	@Tests/Servers/setup.sh
	$(SWIFT) build $(FLAGS) --build-tests
	$(SWIFT) test $(FLAGS) --skip-build --no-parallel

lint:
	$(SWIFT) format lint --strict --recursive $(SOURCES)
	@Scripts/check-package.sh

format:
	$(SWIFT) format --in-place --recursive $(SOURCES)

bench: setup
	$(SWIFT) build $(FLAGS) --product sightline-benchmark
	Benchmarks/run.sh

gpu-check:
	Benchmarks/gpu/check.sh

conformance: setup
	$(SWIFT) build $(FLAGS) --product sightline-conformance
	$(SWIFT) build $(FLAGS) --product sightline-recordio
	$(SWIFT) build $(FLAGS) --product sightline
	Conformance/torchvision/run.sh
	Conformance/mxnet/run.sh
	Conformance/boxes/run.sh
	Conformance/onnx/run.sh
	Conformance/tensorboard/run.sh
	Conformance/serving/run.sh clients schema page abuse

docs: setup
	$(SWIFT) package --allow-writing-to-directory .build/docs generate-documentation \
		--target Machine --target Launch --target Torch --target Imaging --target Weights --target Storage --target Datasets --target Networks --target Export --target Tasks --target Training \
		--enable-experimental-combined-documentation --warnings-as-errors --output-path .build/docs

fuzz:
	Fuzzing/run.sh

# The kept inputs once, under the fuzzer's bounds: seconds.
fuzz-replay:
	Fuzzing/run.sh replay

smoke: build
	Containers/smoke-test.sh offline

clean:
	rm -rf .build
