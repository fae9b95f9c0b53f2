#pragma once

#include <ATen/core/Tensor.h>

namespace ct {

/// The gradient where ReLU's output is above 0, and its sums over all pixels, one float a channel, in `sums`. Both tensors are
/// channels-last and of one type, float32 or bfloat16.
at::Tensor gatedAndSummed(const at::Tensor &gradient, const at::Tensor &output, at::Tensor &sums);

/// The sums of a channels-last tensor over all pixels, one float a channel.
at::Tensor channelSums(const at::Tensor &tensor);

}  // namespace ct
