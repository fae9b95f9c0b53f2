#pragma once

#include <ATen/core/Tensor.h>

namespace ct {

/// Max-pool without the indices that a backward pass needs: `at::max_pool2d` computes them always, and on channels-last input that
/// costs five times the pooling itself. Falls back on it where a gradient is wanted, and for other layouts, types and devices.
at::Tensor max_pool2d(const at::Tensor &x, int64_t kernel, int64_t stride, int64_t padding);

}  // namespace ct
