// Optimiser kernels over lists of tensors of equal length: one call a step, not one a parameter.
#pragma once
#include "ct_tensor.h"

#ifdef __cplusplus
extern "C" {
#endif

/// torch's fused SGD: v = momentum v + g + decay w; w -= lr (nesterov ? g + momentum v : v). Where `skip` is given and holds 1, nothing
/// happens: decided on the device.
int ct_fused_sgd_(const ct_tensor _Nonnull *_Nonnull weights, const ct_tensor _Nonnull *_Nonnull gradients, const ct_tensor _Nonnull *_Nonnull velocities, int64_t count,
                  double lr, double momentum, double weight_decay, bool nesterov, bool first_step, ct_tensor _Nullable skip);
/// torch's fused Adam with L2 decay; `step` is a float32 scalar tensor that holds the number of this step (1 the first time).
int ct_fused_adam_(const ct_tensor _Nonnull *_Nonnull weights, const ct_tensor _Nonnull *_Nonnull gradients, const ct_tensor _Nonnull *_Nonnull means,
                   const ct_tensor _Nonnull *_Nonnull squares, int64_t count, int64_t step, double lr, double beta1, double beta2, double eps, double weight_decay);

/// a *= s
int ct_foreach_mul_scalar_(const ct_tensor _Nonnull *_Nonnull a, int64_t count, double s);
/// a *= s, a tensor of one element on their device
int ct_foreach_mul_tensor_(const ct_tensor _Nonnull *_Nonnull a, int64_t count, ct_tensor _Nonnull s);
/// a /= scale, and found = 1 where that leaves something that is not finite; one element each, float32, on their device.
int ct_unscale_(const ct_tensor _Nonnull *_Nonnull a, int64_t count, ct_tensor _Nonnull scale, ct_tensor _Nonnull found);
/// Where `found` is 1 scale *= backoff; else, each `interval` times in a row, scale *= growth. `good` (int32) counts them.
int ct_update_scale_(ct_tensor _Nonnull scale, ct_tensor _Nonnull good, ct_tensor _Nonnull found, double growth, double backoff,
                     int64_t interval);
/// a += s b
int ct_foreach_add_(const ct_tensor _Nonnull *_Nonnull a, const ct_tensor _Nonnull *_Nonnull b, int64_t count, double s);
/// a += s b c
int ct_foreach_addcmul_(const ct_tensor _Nonnull *_Nonnull a, const ct_tensor _Nonnull *_Nonnull b, const ct_tensor _Nonnull *_Nonnull c, int64_t count, double s);
/// a += s b / c
int ct_foreach_addcdiv_(const ct_tensor _Nonnull *_Nonnull a, const ct_tensor _Nonnull *_Nonnull b, const ct_tensor _Nonnull *_Nonnull c, int64_t count, double s);
/// a *= b
int ct_foreach_mul_(const ct_tensor _Nonnull *_Nonnull a, const ct_tensor _Nonnull *_Nonnull b, int64_t count);
/// a /= b
int ct_foreach_div_(const ct_tensor _Nonnull *_Nonnull a, const ct_tensor _Nonnull *_Nonnull b, int64_t count);
/// out = sqrt(a + s)
int ct_foreach_sqrt_plus(const ct_tensor _Nonnull *_Nonnull a, int64_t count, double s, ct_tensor _Nullable *_Nonnull out);

#ifdef __cplusplus
}
#endif
