#pragma once

#include <ATen/core/Tensor.h>

/// 3×3 convolutions of stride 1 that keep the size, in bfloat16, by Winograd's minimal filtering F(2×2, 3×3) (Lavin and Gray, "Fast Algorithms
/// for Convolutional Neural Networks", 2015): 16 products for 2×2 outputs where the definition has 36.
///
/// A dilation of d cuts the map into d × d grids of every d-th pixel, on each of which the convolution has none.
///
/// Inputs and weights are transformed in float32 and rounded once to bfloat16; products are summed in float32. Against the definition
/// in bfloat16, whose inputs are not rounded again, the error's root mean square is 1.8 times as large for outputs and the input's
/// gradient and 2.3 times for the weight's: 0.39 to 0.43 % of the values'.
namespace ct::winograd {

/// Whether this processor and a convolution of `x` (N, C, H, W, channels-last, bfloat16) suit it.
bool isSuited(const at::Tensor &x, at::IntArrayRef weightSizes, int64_t stride, int64_t padding, int64_t dilation);

/// Whether the weight's gradient suits it, too: each thread sums in memory of its own, which many threads would have too little of.
bool isWeightGradientSuited(at::IntArrayRef weightSizes);

/// How many products a channel and output of one image take, compared with the 9 a pixel of the definition.
int64_t products(int64_t height, int64_t width, int64_t dilation);

/// relu(conv(x) + bias), or conv(x) where `bias` is undefined. `weight` is K, C, 3, 3 and `bias` K.
at::Tensor forward(const at::Tensor &x, const at::Tensor &weight, const at::Tensor &bias, int64_t dilation = 1);

/// The weights as ``forwardPacked`` takes them.
at::Tensor packed(const at::Tensor &weight);

/// relu(conv(x) + bias) with packed weights; `bias` is float32.
at::Tensor forwardPacked(const at::Tensor &x, const at::Tensor &weights, const at::Tensor &bias, int64_t dilation);

/// The input's gradient (bfloat16) from the output's, N, K, H, W.
at::Tensor inputGradient(const at::Tensor &gradient, const at::Tensor &weight, int64_t dilation = 1);

/// The weight's gradient, K, C, 3, 3 in float32.
at::Tensor weightGradient(const at::Tensor &x, const at::Tensor &gradient, int64_t dilation = 1);

}  // namespace ct::winograd
