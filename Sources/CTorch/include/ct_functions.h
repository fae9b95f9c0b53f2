// Functions of tensors: arithmetic, layers, losses, reductions.
#pragma once
#include "ct_tensor.h"

#ifdef __cplusplus
extern "C" {
#endif

ct_tensor _Nullable ct_add(ct_tensor _Nonnull a, ct_tensor _Nonnull b);
ct_tensor _Nullable ct_sub(ct_tensor _Nonnull a, ct_tensor _Nonnull b);
ct_tensor _Nullable ct_mul(ct_tensor _Nonnull a, ct_tensor _Nonnull b);
ct_tensor _Nullable ct_div(ct_tensor _Nonnull a, ct_tensor _Nonnull b);
ct_tensor _Nullable ct_add_scalar(ct_tensor _Nonnull a, double b);
ct_tensor _Nullable ct_mul_scalar(ct_tensor _Nonnull a, double b);
ct_tensor _Nullable ct_sqrt(ct_tensor _Nonnull a);
ct_tensor _Nullable ct_exp(ct_tensor _Nonnull a);
ct_tensor _Nullable ct_abs(ct_tensor _Nonnull a);
ct_tensor _Nullable ct_matmul(ct_tensor _Nonnull a, ct_tensor _Nonnull b);
ct_tensor _Nullable ct_transpose(ct_tensor _Nonnull a, int64_t dim0, int64_t dim1);

ct_tensor _Nullable ct_equal(ct_tensor _Nonnull a, ct_tensor _Nonnull b);
ct_tensor _Nullable ct_greater_scalar(ct_tensor _Nonnull a, double b);
ct_tensor _Nullable ct_sum(ct_tensor _Nonnull a);
ct_tensor _Nullable ct_sum_dim(ct_tensor _Nonnull a, int64_t dim);
ct_tensor _Nullable ct_mean(ct_tensor _Nonnull a);
ct_tensor _Nullable ct_max(ct_tensor _Nonnull a);
ct_tensor _Nullable ct_argmax(ct_tensor _Nonnull a, int64_t dim);
/// The indices of the k largest along the last dimension, largest first.
ct_tensor _Nullable ct_topk_indices(ct_tensor _Nonnull a, int64_t k);

ct_tensor _Nullable ct_relu(ct_tensor _Nonnull a);
ct_tensor _Nullable ct_sigmoid(ct_tensor _Nonnull a);
ct_tensor _Nullable ct_softmax(ct_tensor _Nonnull a, int64_t dim);
ct_tensor _Nullable ct_linear(ct_tensor _Nonnull x, ct_tensor _Nonnull weight, ct_tensor _Nullable bias);
ct_tensor _Nullable ct_conv2d(ct_tensor _Nonnull x, ct_tensor _Nonnull weight, ct_tensor _Nullable bias, int64_t stride, int64_t padding,
                              int64_t dilation, int64_t groups);
/// Square windows of a max-pool; `rounds_up` lets the last one reach over the edge.
typedef struct {
    int64_t kernel, stride, padding;
    bool rounds_up;
} ct_pool;
ct_tensor _Nullable ct_max_pool2d(ct_tensor _Nonnull x, ct_pool pool);
/// relu(conv(x) + bias), then the max-pool where one is given, with as little memory and as few passes as the tensors allow.
ct_tensor _Nullable ct_conv2d_relu(ct_tensor _Nonnull x, ct_tensor _Nonnull weight, ct_tensor _Nonnull bias, int64_t stride, int64_t padding,
                                   int64_t dilation, const ct_pool *_Nullable pool);
/// x / max(norm of its channels, eps) * scale (C): N, C, H, W.
ct_tensor _Nullable ct_l2_normalize_channels(ct_tensor _Nonnull x, ct_tensor _Nonnull scale, double eps);
/// Mean over height and width: N, C, H, W -> N, C.
ct_tensor _Nullable ct_global_average_pool(ct_tensor _Nonnull x);
/// Means over side * side windows that cover the map, as equal as its size allows: N, C, H, W -> N, C, side, side.
ct_tensor _Nullable ct_adaptive_average_pool(ct_tensor _Nonnull x, int64_t side);
/// N, C, H, W -> N, C, height, width, in the type of `x` also under autocast.
ct_tensor _Nullable ct_resize_bilinear(ct_tensor _Nonnull x, int64_t height, int64_t width, bool align_corners);
/// Dimensions of one entry repeated to other sizes, without a copy; -1 keeps a size.
ct_tensor _Nullable ct_expand(ct_tensor _Nonnull x, const int64_t *_Nonnull sizes, int64_t dims);
/// Zeroes numbers with probability `rate` and divides the others by 1 - rate. Which ones depends on the seed, the places in channels-last
/// memory and nothing else; nothing is kept for the backward pass. `offset`: places before the first, where `x` is a part of something; a
/// multiple of 4. `portable`: by libtorch's operations on the CPU too.
ct_tensor _Nullable ct_dropout(ct_tensor _Nonnull x, double rate, uint64_t seed, int64_t offset, bool portable);
/// Batch normalisation, then `+ residual` where given, then ReLU where asked: one pass where the tensors allow it.
ct_tensor _Nullable ct_batch_norm(ct_tensor _Nonnull x, ct_tensor _Nullable residual, ct_tensor _Nonnull weight, ct_tensor _Nonnull bias,
                                  ct_tensor _Nonnull running_mean, ct_tensor _Nonnull running_var, bool training, double momentum, double eps,
                                  bool relu);
/// conv(relu(batch norm(x))), a convolution without a bias. In training on the CPU only x is kept for the backward pass.
ct_tensor _Nullable ct_norm_relu_conv2d(ct_tensor _Nonnull x, ct_tensor _Nonnull norm_weight, ct_tensor _Nonnull norm_bias,
                                        ct_tensor _Nonnull running_mean, ct_tensor _Nonnull running_var, bool training, double momentum,
                                        double eps, ct_tensor _Nonnull weight, int64_t stride, int64_t padding, int64_t dilation);
/// uint8 N, H, W, C (contiguous) -> (x / 255 - mean) / std as N, C, H, W in channels-last memory; float32 or bfloat16.
ct_tensor _Nullable ct_normalize_images(ct_tensor _Nonnull x, const float *_Nonnull mean, const float *_Nonnull std, int dtype);

/// Mean cross-entropy of logits N, C and class ids N (int64).
ct_tensor _Nullable ct_cross_entropy(ct_tensor _Nonnull logits, ct_tensor _Nonnull classes, double label_smoothing);
/// Mean binary cross-entropy of logits and 0/1 targets of the same shape; `weight` scales the elements.
ct_tensor _Nullable ct_binary_cross_entropy(ct_tensor _Nonnull logits, ct_tensor _Nonnull targets, ct_tensor _Nullable weight);

#ifdef __cplusplus
}
#endif
