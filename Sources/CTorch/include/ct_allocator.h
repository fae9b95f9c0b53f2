// The process's memory allocator.
#pragma once
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/// Makes the allocator keep large blocks instead of returning each to the system when it is freed. Call once, before the first
/// tensor and before other threads are started; anybody who has set glibc's own variables in the environment keeps them.
/// Returns 1 where it changed something, or 0 (another C library, or the environment decides).
int ct_runtime_tune_allocator(void);

/// Bytes of large tensors on the processor: in use, waiting for their next use, and the most in use at once so far. All are 0 where the
/// allocator was not tuned.
void ct_tensor_memory(int64_t *_Nonnull used, int64_t *_Nonnull waiting, int64_t *_Nonnull most);

/// Gives memory that is free back to the system. For the moments when much was freed for good: a model that was unloaded.
void ct_runtime_release_memory(void);

#ifdef __cplusplus
}
#endif
