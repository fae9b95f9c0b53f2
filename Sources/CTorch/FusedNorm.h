#pragma once

#include <ATen/core/Tensor.h>
#include <c10/util/Optional.h>

namespace ct {

/// Batch normalisation over a (N, C, H, W) activation, then `+ residual`, then a rectifier, each of the latter two where asked
/// for: the three compositions that a residual network is made of. The same numbers as `at::batch_norm`, `+` and `at::relu`.
///
/// Channels-last float or bfloat16 activations on the CPU, with float parameters, take fused kernels: two passes over memory
/// forward and two backward, and the backward pass keeps nothing but the input (and, with a residual, a bit an element).
/// Whatever else comes (other devices, layouts and element types) takes libtorch's own operations.
///
/// `weight`, `bias`, `running_mean` and `running_var` have C elements, or are undefined. The running statistics are updated in
/// place where `training`.
at::Tensor fused_batch_norm(
    const at::Tensor &x, const c10::optional<at::Tensor> &residual, const at::Tensor &weight, const at::Tensor &bias,
    at::Tensor running_mean, at::Tensor running_var, bool training, double momentum, double eps, bool relu);

struct NormArguments;

/// Whether the fused kernels take this normalisation in training, with gradients.
bool isNormFused(const at::Tensor &x, const NormArguments &arguments);

}  // namespace ct
