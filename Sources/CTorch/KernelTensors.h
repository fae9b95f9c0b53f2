#pragma once

#include <ATen/core/Tensor.h>

/// What the convolutions of our own kernels share: the kind that they are for, and tensors as the kernels see them.
namespace ct {

/// Whether it is a 3×3 convolution of stride 1 that keeps the size, of `x` (N, C, H, W, channels-last) of this type on the processor.
inline bool isSameSize3x3(
    const at::Tensor &x, at::ScalarType type, at::IntArrayRef weightSizes, int64_t stride, int64_t padding, int64_t dilation) {
    return weightSizes.size() == 4 && weightSizes[2] == 3 && weightSizes[3] == 3 && stride == 1 && padding == dilation && x.is_cpu()
        && x.dim() == 4 && x.scalar_type() == type && x.size(1) == weightSizes[1] && x.is_contiguous(at::MemoryFormat::ChannelsLast);
}

/// bfloat16 as its bits.
inline const uint16_t *bits(const at::Tensor &tensor) { return static_cast<const uint16_t *>(tensor.const_data_ptr()); }
inline uint16_t *mutableBits(const at::Tensor &tensor) { return static_cast<uint16_t *>(tensor.mutable_data_ptr()); }
inline const float *floats(const at::Tensor &tensor) { return static_cast<const float *>(tensor.const_data_ptr()); }
inline float *mutableFloats(const at::Tensor &tensor) { return static_cast<float *>(tensor.mutable_data_ptr()); }

}  // namespace ct
