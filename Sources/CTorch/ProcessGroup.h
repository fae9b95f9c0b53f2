#pragma once

#include "include/ct_distributed.h"

#include <ATen/core/Tensor.h>
#include <c10/util/intrusive_ptr.h>
#include <torch/csrc/distributed/c10d/Backend.hpp>
#include <torch/csrc/distributed/c10d/Work.hpp>

namespace ct {

/// Starts to add up a contiguous tensor over the processes, in place.
c10::intrusive_ptr<c10d::Work> start_sum(c10d::Backend &backend, const at::Tensor &tensor);

/// Waits, and throws what the work has failed with.
void finish(c10d::Work &work);

}  // namespace ct

struct ct_group_s {
    c10::intrusive_ptr<c10d::Backend> backend;
};
