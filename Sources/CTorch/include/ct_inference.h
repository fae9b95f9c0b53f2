// Convolutions prepared for inference: batch norm folded in, weights in the layout that the kernels want, ReLU and addition fused.
#pragma once
#include "ct_tensor.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct ct_prepared_conv_s *ct_prepared_conv;

/// `weight` (out, in / groups, k, k) and `bias` (out) already hold the batch norm; `relu` follows the convolution and the addition.
/// On the CPU `dtype` (float32 or bfloat16) is the type of activations and weights.
ct_prepared_conv _Nullable ct_prepare_conv(ct_tensor _Nonnull weight, ct_tensor _Nonnull bias, int64_t stride, int64_t padding, int64_t dilation,
                                           int64_t groups, bool relu, int dtype);
void ct_free_prepared_conv(ct_prepared_conv _Nonnull conv);
/// relu(conv(x) + residual), without the residual where it is NULL. With one, its memory may become the result's.
ct_tensor _Nullable ct_run_prepared_conv(ct_prepared_conv _Nonnull conv, ct_tensor _Nonnull x, ct_tensor _Nullable residual);

#ifdef __cplusplus
}
#endif
