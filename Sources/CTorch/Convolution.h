#pragma once

#include <ATen/core/Tensor.h>

namespace ct {

/// A convolution by whichever means is the quickest for its shape: libtorch's own, minimal filtering (Winograd.h), or tap by tap
/// (TapConv.h). The latter two under autocast to bfloat16, or of bfloat16 tensors, on processors that multiply it.
at::Tensor convolution(
    const at::Tensor &x, const at::Tensor &weight, const std::optional<at::Tensor> &bias, int64_t stride, int64_t padding, int64_t dilation,
    int64_t groups);

}  // namespace ct
