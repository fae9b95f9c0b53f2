#pragma once

#include <ATen/core/Tensor.h>

namespace ct {

/// Zeroes numbers with probability `rate` (in steps of 1/65536) and enlarges the others to make up for it.
///
/// Element i of channels-last memory takes the 16 bits i mod 4 of SplitMix64's number i / 4 after `seed`: the same elements on every
/// device, and again in the backward pass, so that no mask is kept. `offset`: the elements before `x` of what it is a part of; a multiple
/// of 4.
at::Tensor dropout(const at::Tensor &x, double rate, uint64_t seed, int64_t offset, bool portable);

}  // namespace ct
