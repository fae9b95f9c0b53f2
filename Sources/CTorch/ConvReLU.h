#pragma once

#include "MaxPool.h"

#include <optional>

namespace ct {

/// A convolution with one stride, padding and dilation for both directions.
struct ConvShape {
    int64_t stride, padding, dilation;
};

/// relu(conv(x) + bias), and the largest of each window of it where a pool is given. With a gradient that keeps no more than the
/// convolution's input and, behind a pool, a byte an element; it has no second derivative.
at::Tensor conv_relu(
    const at::Tensor &x, const at::Tensor &weight, const at::Tensor &bias, const ConvShape &shape, const std::optional<PoolWindow> &pool);

}  // namespace ct
