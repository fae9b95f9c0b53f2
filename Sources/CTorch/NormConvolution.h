#pragma once

#include "Convolution.h"
#include "FusedNormPasses.h"

namespace ct {

/// conv(relu(norm(x))), keeping for the backward pass only x: what lies between is worked out again from it, at the price of one more
/// pass over it. Where the fused kernels do not take the normalisation, the two one after the other.
at::Tensor norm_relu_convolution(
    const at::Tensor &x, const NormArguments &norm, const at::Tensor &weight, int64_t stride, int64_t padding, int64_t dilation);

}  // namespace ct
