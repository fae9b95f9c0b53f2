#pragma once

#include "Sums.h"
#include "include/ct_distributed.h"

#include <c10/util/intrusive_ptr.h>
#include <torch/csrc/distributed/c10d/Backend.hpp>
#include <torch/csrc/distributed/c10d/Store.hpp>

struct ct_store_s {
    c10::intrusive_ptr<c10d::Store> store;
};

struct ct_group_s {
    /// What goes through the processors' memory.
    c10::intrusive_ptr<c10d::Backend> backend;
    std::unique_ptr<ct::Sums> overNetwork;
    /// What goes from GPU to GPU, where that has been set up.
    std::unique_ptr<ct::Sums> overDevices;

    /// Starts to add up a contiguous tensor over the processes, in place, by the way for its device.
    std::unique_ptr<ct::PendingSum> startSum(const at::Tensor &tensor) {
        return (tensor.is_cuda() && overDevices ? *overDevices : *overNetwork).start(tensor);
    }
};
