#pragma once

#include <ATen/core/Tensor.h>

/// ``ct::taps``' convolutions in float32, for inference.
namespace ct::tapsfloat {

/// Whether this processor and a convolution of `x` (N, C, H, W, channels-last, float32) suit it.
bool isSuited(const at::Tensor &x, at::IntArrayRef weightSizes, int64_t stride, int64_t padding, int64_t dilation);

/// The weights as ``convolved`` takes them, from K, C, 3, 3.
at::Tensor packed(const at::Tensor &weight);

/// conv(x) + bias, and ReLU. `weights` are ``packed``, `bias` is K.
at::Tensor convolved(const at::Tensor &x, const at::Tensor &weights, const at::Tensor &bias, int64_t dilation, bool relu);

}  // namespace ct::tapsfloat
