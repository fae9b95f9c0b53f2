#pragma once

namespace ct {

/// Makes libtorch take the memory of large tensors on the processor from a cache of blocks by size. Call once, before the first tensor.
void installTensorMemory();

}  // namespace ct
