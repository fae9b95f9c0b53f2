// Autograd: gradients and the modes that are on for a thread.
#pragma once
#include "ct_tensor.h"

#ifdef __cplusplus
extern "C" {
#endif

int ct_set_requires_grad(ct_tensor _Nonnull t, bool on);
bool ct_requires_grad(ct_tensor _Nonnull t);
ct_tensor _Nullable ct_detach(ct_tensor _Nonnull t);
int ct_backward(ct_tensor _Nonnull loss);
/// The gradient, or NULL without an error where none has been computed.
ct_tensor _Nullable ct_grad(ct_tensor _Nonnull t);
void ct_clear_grad(ct_tensor _Nonnull t);

/// Modes are a stack: what enter gives is handed to leave, on the same thread.
typedef struct ct_mode_s *ct_mode;
ct_mode _Nullable ct_enter_no_grad(void);
ct_mode _Nullable ct_enter_inference(void);
/// Autocast to `dtype` on `device`; leaving the outermost one frees the cached casts.
ct_mode _Nullable ct_enter_autocast(int device, int dtype);
void ct_leave(ct_mode _Nonnull mode);

#ifdef __cplusplus
}
#endif
