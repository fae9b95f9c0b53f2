#pragma once

#include <ATen/core/Tensor.h>
#include <optional>

namespace ct {

/// libtorch's convolution with what follows it in one kernel, on the CPU, in channels-last memory. `weight` is plain or in oneDNN's
/// own layout; all tensors are of one type, float32 or bfloat16.
at::Tensor fused_conv(
    const at::Tensor &x, const at::Tensor &weight, const at::Tensor &bias, int64_t stride, int64_t padding, int64_t dilation,
    int64_t groups, bool relu);

/// relu(conv(x) + residual), which may be written over the residual.
at::Tensor fused_conv_adding(
    const at::Tensor &x, const at::Tensor &weight, const at::Tensor &bias, const at::Tensor &residual, int64_t stride, int64_t padding,
    int64_t dilation, int64_t groups, bool relu);

}  // namespace ct
