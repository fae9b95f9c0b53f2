#pragma once

#include <ATen/core/Tensor.h>
#include <functional>
#include <vector>

namespace ct {

/// A convolution's weights in the layouts that oneDNN picks by the size of the input.
///
/// A server sees batches of many sizes and images of any: sizes of one layout share their weights, and of the layouts only those that
/// were used last are kept, so that memory does not grow with the number of sizes.
class PackedWeights {
  public:
    /// The weights for an input of this size, made by `pack` where they are not at hand.
    at::Tensor find(at::IntArrayRef sizes, const std::function<at::Tensor()> &pack);

  private:
    struct Entry {
        std::vector<int64_t> sizes;
        at::Tensor weight;
        /// oneDNN's description of the layout, as bytes; not defined where libtorch does not tell.
        at::Tensor layout;
    };

    /// The last used is the last.
    std::vector<Entry> entries;
};

}  // namespace ct
