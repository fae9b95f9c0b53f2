// The C face of libtorch: one header a theme. Include this one.
//
// Conventions
// - A function that makes a tensor returns it owned (give it to ct_release), or NULL when libtorch failed.
// - Every other function that can fail returns 0, or -1 when libtorch failed.
// - After a failure ct_last_error() tells libtorch's message; it is valid until the next failure on the same thread.
// - dtype numbers are c10::ScalarType's: 0 uint8, 1 int8, 2 int16, 3 int32, 4 int64, 5 float16, 6 float32, 7 float64, 11 bool, 15 bfloat16.
// - A device is a number: -1 the CPU, n >= 0 the n-th CUDA device.
#pragma once
#include "ct_tensor.h"
#include "ct_functions.h"
#include "ct_allocator.h"
#include "ct_autograd.h"
#include "ct_detection.h"
#include "ct_distributed.h"
#include "ct_inference.h"
#include "ct_optimizer.h"
#include "ct_runtime.h"
#include "ct_segmentation.h"
