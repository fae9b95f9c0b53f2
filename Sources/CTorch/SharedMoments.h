#pragma once

#include <ATen/core/Tensor.h>

#include <vector>

namespace ct {

struct NormArguments;

/// Mean and biased variance of each channel.
struct Moments {
    std::vector<double> mean;
    std::vector<double> variance;
    /// Pixels that they were taken over.
    double pixels = 0;
};

/// Whether batch normalisation takes its statistics over several processes (`ct_norm_group_set`).
bool sharesMoments();

/// Makes one process's moments all processes' together, where these share them.
void shareMoments(Moments &moments);

/// Adds up two sums a channel over the processes, where these share their statistics.
void shareSums(std::vector<double> &a, std::vector<double> &b);

/// Batch normalisation in training over several processes, in libtorch's operations: for devices, types and layouts that the kernels
/// don't take. Exchanges the same numbers as they do, so that processes with differently shaped shares understand each other.
at::Tensor shared_batch_norm(const at::Tensor &x, const NormArguments &arguments);

}  // namespace ct
