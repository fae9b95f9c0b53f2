#pragma once

#include "FusedNormKernels.h"

#include <ATen/core/Tensor.h>

namespace ct {

/// What there is to know of a batch normalisation besides its input. Tensors that are not there are undefined.
struct NormArguments {
    at::Tensor residual, weight, bias, runningMean, runningVariance;
    bool training;
    double momentum;
    double eps;
    bool relu;
};

/// What the backward pass needs besides the input.
struct NormContext {
    /// (4, C) float: mean, inverse standard deviation, and the scale and offset that these make with weight and bias.
    at::Tensor statistics;
    /// A bit an element: y > 0. Undefined unless it was asked for.
    at::Tensor bits;
    /// Pixels that the statistics were taken over; all processes' together where they are shared.
    double pixels = 0;
};

/// The gradients' `residual` is undefined where the arriving gradient, unchanged, is the residual's.
struct NormGradients {
    at::Tensor input, residual, weight, bias;
};

/// Whether the kernels take this many channels and pixels. They take whole vectors, of one pixel or of several together.
bool normPassesFit(const at::Tensor &x);

/// y, over a channels-last float or bfloat16 `x` that fits. Updates the running statistics where `training`.
at::Tensor normForward(const at::Tensor &x, const NormArguments &arguments, bool keepsBits, NormContext &context);

/// y once more, from the input and what the forward pass has kept; without a residual.
at::Tensor normAgain(const at::Tensor &x, const NormContext &context, bool relu);

/// The gradients of a training pass over `x`; `gradient` has its type and layout.
NormGradients normBackward(const at::Tensor &x, const at::Tensor &gradient, const NormContext &context, Gate gate);

}  // namespace ct
