// The process's memory allocator.
#pragma once

#ifdef __cplusplus
extern "C" {
#endif

/// Makes the allocator keep large blocks instead of returning each to the system when it is freed. Call once, before the first
/// tensor and before other threads are started; anybody who has set glibc's own variables in the environment keeps them.
/// Returns 1 where it changed something, or 0 (another C library, or the environment decides).
int ct_runtime_tune_allocator(void);

/// Gives memory that is free back to the system. For the moments when much was freed for good: a model that was unloaded.
void ct_runtime_release_memory(void);

#ifdef __cplusplus
}
#endif
