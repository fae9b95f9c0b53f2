// Tensors: making, reading, converting, shaping.
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct ct_tensor_s *ct_tensor;

const char *_Nonnull ct_last_error(void);
/// Whether it came from an operation of several processes, which fails where another one is gone.
bool ct_last_error_is_collective(void);
void ct_release(ct_tensor _Nullable t);

ct_tensor _Nullable ct_full(const int64_t *_Nonnull sizes, int64_t dims, double value, int dtype, int device);
ct_tensor _Nullable ct_empty(const int64_t *_Nonnull sizes, int64_t dims, int dtype, int device);
/// Zeros with the shape, type, device and memory order of another tensor.
ct_tensor _Nullable ct_zeros_like(ct_tensor _Nonnull t);
ct_tensor _Nullable ct_arange(int64_t end, int device);
/// A tensor with a copy of `bytes` (row-major, little-endian).
ct_tensor _Nullable ct_from_bytes(const void *_Nonnull bytes, int64_t byte_count, const int64_t *_Nonnull sizes, int64_t dims, int dtype);
/// The same on a device; to a CUDA device through page-locked memory, which the device reads while the caller goes on.
ct_tensor _Nullable ct_upload(const void *_Nonnull bytes, int64_t byte_count, const int64_t *_Nonnull sizes, int64_t dims, int dtype, int device);
/// Standard normal and uniform [low, high) numbers from a generator of their own, so that a seed means the same everywhere.
ct_tensor _Nullable ct_random_normal(const int64_t *_Nonnull sizes, int64_t dims, uint64_t seed);
ct_tensor _Nullable ct_random_uniform(const int64_t *_Nonnull sizes, int64_t dims, double low, double high, uint64_t seed);

int64_t ct_dim(ct_tensor _Nonnull t);
int64_t ct_size(ct_tensor _Nonnull t, int64_t dim);
int ct_dtype(ct_tensor _Nonnull t);
int ct_device(ct_tensor _Nonnull t);
bool ct_is_channels_last(ct_tensor _Nonnull t);
/// Copies the elements, row-major, as `dtype` into `out`, which holds `byte_count` bytes.
int ct_copy_bytes(ct_tensor _Nonnull t, int dtype, void *_Nonnull out, int64_t byte_count);
/// The one element of a tensor, as a double. Waits for the device.
int ct_item(ct_tensor _Nonnull t, double *_Nonnull out);

ct_tensor _Nullable ct_to_dtype(ct_tensor _Nonnull t, int dtype);
ct_tensor _Nullable ct_to_device(ct_tensor _Nonnull t, int device, bool non_blocking);
ct_tensor _Nullable ct_channels_last(ct_tensor _Nonnull t);
ct_tensor _Nullable ct_contiguous(ct_tensor _Nonnull t);
ct_tensor _Nullable ct_clone(ct_tensor _Nonnull t);
int ct_copy_(ct_tensor _Nonnull t, ct_tensor _Nonnull source);
/// Gives the tensor itself memory on another device, keeping its values and whether it requires gradients.
int ct_move_(ct_tensor _Nonnull t, int device);
int ct_fill_(ct_tensor _Nonnull t, double value);

ct_tensor _Nullable ct_reshape(ct_tensor _Nonnull t, const int64_t *_Nonnull sizes, int64_t dims);
ct_tensor _Nullable ct_permute(ct_tensor _Nonnull t, const int64_t *_Nonnull order, int64_t dims);
ct_tensor _Nullable ct_flatten(ct_tensor _Nonnull t, int64_t from_dim);
ct_tensor _Nullable ct_narrow(ct_tensor _Nonnull t, int64_t dim, int64_t start, int64_t length);
/// Every `step`-th element along `dim`.
ct_tensor _Nullable ct_stride(ct_tensor _Nonnull t, int64_t dim, int64_t step);
ct_tensor _Nullable ct_index_select(ct_tensor _Nonnull t, int64_t dim, ct_tensor _Nonnull indices);
ct_tensor _Nullable ct_cat(const ct_tensor _Nonnull *_Nonnull ts, int64_t count, int64_t dim);
/// Zeros around: pairs (before, after) from the last dimension on.
ct_tensor _Nullable ct_pad(ct_tensor _Nonnull t, const int64_t *_Nonnull pairs, int64_t count);

#ifdef __cplusplus
}
#endif
