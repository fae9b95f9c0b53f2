// Adding up tensors over processes, whatever carries them: Gloo between processors, NCCL between GPUs.
#pragma once

#include <ATen/core/Tensor.h>

#include <memory>

namespace ct {

/// A sum that is being added up.
class PendingSum {
  public:
    virtual ~PendingSum() = default;
    /// Lets whatever is done with the tensor from here on see the sum; throws what adding up has failed with. Whether it waits itself, or has
    /// the tensor's device wait, is its own affair.
    virtual void wait() = 0;
};

/// Adds up tensors over the processes of a group.
class Sums {
  public:
    virtual ~Sums() = default;
    /// Starts to add up a contiguous tensor, in place, once what has been asked of its device before is done. All processes start the same
    /// sums in the same order.
    virtual std::unique_ptr<PendingSum> start(const at::Tensor &tensor) = 0;
};

}  // namespace ct
