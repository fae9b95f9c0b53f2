#pragma once

#include <ATen/core/Tensor.h>

namespace ct {

/// How a 3×3 convolution is worked out: by libtorch, by minimal filtering (Winograd.h), or tap by tap (TapConv.h).
enum class Method : int64_t { library, minimal, taps };

/// The quickest for an `x` (N, C, H, W) in the type and memory order in which it is convolved.
Method methodFor(const at::Tensor &x, at::IntArrayRef weightSizes, int64_t stride, int64_t padding, int64_t dilation);

/// A convolution without a bias, to be worked out in the type of its input, in channels-last memory.
struct PlainConvolution {
    at::Tensor weight;
    int64_t stride, padding, dilation;
    Method method;

    at::Tensor forward(const at::Tensor &x) const;
    /// The gradients of input and weight, the latter in the weight's type, where they are wanted.
    std::pair<at::Tensor, at::Tensor> backward(const at::Tensor &x, const at::Tensor &gradient, bool wantsInput, bool wantsWeight) const;
};

/// The type that autocast, where it is on, has `x` convolved in.
at::ScalarType computeType(const at::Tensor &x);

/// A convolution by whichever method is the quickest. Others than libtorch's are taken under autocast to bfloat16, or of bfloat16 tensors,
/// on processors that multiply it.
at::Tensor convolution(
    const at::Tensor &x, const at::Tensor &weight, const std::optional<at::Tensor> &bias, int64_t stride, int64_t padding, int64_t dilation,
    int64_t groups);

}  // namespace ct
