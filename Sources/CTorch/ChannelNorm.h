#pragma once

#include <ATen/core/Tensor.h>

namespace ct {

/// x / max(‖x‖₂ over the channels, eps) · scale, a factor a channel; in the type of x.
at::Tensor l2_normalize_channels(const at::Tensor &x, const at::Tensor &scale, double eps);

}  // namespace ct
