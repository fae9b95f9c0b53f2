#pragma once

#include <ATen/core/Tensor.h>

/// 3×3 convolutions of stride 1 that keep the size, in bfloat16, tap by tap: each of the nine taps is a matrix product over those pixels
/// only whose neighbour lies in the map. On a map of 60 × 60 pixels rates of 12, 24 and 36 leave 75, 54 and 36 % of the products; where
/// the rate is as large as the map, one tap of nine is left.
///
/// Products are summed in float32 and rounded once, as the definition in bfloat16 has it.
namespace ct::taps {

/// Whether this processor and a convolution of `x` (N, C, H, W, channels-last, bfloat16) suit it.
bool isSuited(const at::Tensor &x, at::IntArrayRef weightSizes, int64_t stride, int64_t padding, int64_t dilation);

/// How many products a channel and output of one image take, compared with the 9 a pixel of the definition.
int64_t products(int64_t height, int64_t width, int64_t dilation);

/// conv(x). `weight` is K, C, 3, 3.
at::Tensor forward(const at::Tensor &x, const at::Tensor &weight, int64_t dilation);

/// The weights as ``forwardPacked`` takes them.
at::Tensor packed(const at::Tensor &weight);

/// relu(conv(x) + bias) with packed weights; `bias` is float32.
at::Tensor forwardPacked(const at::Tensor &x, const at::Tensor &weights, const at::Tensor &bias, int64_t dilation);

/// The input's gradient (bfloat16) from the output's, N, K, H, W.
at::Tensor inputGradient(const at::Tensor &gradient, const at::Tensor &weight, int64_t dilation);

/// The weight's gradient, K, C, 3, 3 in float32.
at::Tensor weightGradient(const at::Tensor &x, const at::Tensor &gradient, int64_t dilation);

}  // namespace ct::taps
