#pragma once

#include <ATen/core/Tensor.h>
#include <cstdint>

namespace ct {

/// Square windows, as `torch.nn.MaxPool2d` takes them.
struct PoolWindow {
    int64_t kernel, stride, padding;
    /// Rounds the output's size up: the last window may reach over the edge, but it begins inside.
    bool roundsUp;

    bool isSound() const { return kernel > 0 && stride > 0 && padding >= 0 && 2 * padding <= kernel; }
    int64_t outputs(int64_t inputs) const;
};

/// The largest of each window. Channels-last float32 and bfloat16 on the CPU are pooled here, with a gradient that remembers places
/// in one byte each; anything else goes through libtorch.
at::Tensor max_pool2d(const at::Tensor &x, const PoolWindow &window);

/// Whether `poolForward` takes the tensor.
bool isPoolable(const at::Tensor &x, const PoolWindow &window);

/// The pooled tensor. Where `places` is given, it gets a byte an element: which of the window's pixels, row by row, was the largest;
/// or `noPlace` where `rectified` and the largest is not above 0, so that a ReLU before the pool lets no gradient through.
at::Tensor poolForward(const at::Tensor &x, const PoolWindow &window, bool rectified, at::Tensor *places);
constexpr uint8_t noPlace = 255;

/// The gradient of the input of `inputSizes` from that of the output.
at::Tensor poolBackward(const at::Tensor &gradient, const at::Tensor &places, at::IntArrayRef inputSizes, const PoolWindow &window);

}  // namespace ct
