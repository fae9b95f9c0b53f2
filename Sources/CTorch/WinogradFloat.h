#pragma once

#include <ATen/core/Tensor.h>

#include <optional>

/// 3×3 convolutions of stride 1 in float32 by Winograd's minimal filtering F(4×4, 3×3) (Lavin and Gray, "Fast Algorithms for Convolutional
/// Neural Networks", 2015): 36 products for 4×4 outputs where the definition has 144. For inference: the weights are transformed once.
///
/// A convolution of dilation d and padding d is d × d ordinary ones, each on every d-th pixel. The error's root mean
/// square is some twice the definition's in float32.
namespace ct::winogradfloat {

/// Whether this processor and a convolution of `x` (N, C, H, W, channels-last, float32) suit it.
bool isSuited(const at::Tensor &x, at::IntArrayRef weightSizes, int64_t stride, int64_t padding, int64_t dilation);

/// How many products a channel and output of one image take, compared with the 9 a pixel of the definition.
int64_t products(int64_t height, int64_t width, int64_t dilation);

/// Transformed weights, from K, C, 3, 3.
at::Tensor packed(const at::Tensor &weight);

/// conv(x) + bias, plus `residual`, whose memory becomes the result's, and ReLU. `weights` are ``packed``, `bias` is K.
at::Tensor convolved(
    const at::Tensor &x, const at::Tensor &weights, const at::Tensor &bias, const std::optional<at::Tensor> &residual, int64_t dilation,
    bool relu);

}  // namespace ct::winogradfloat
