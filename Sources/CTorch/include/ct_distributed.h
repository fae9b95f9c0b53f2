// Processes that work together: a store of keys that one of them serves, groups that add up tensors, and buckets of gradients.
//
// Calls of a group must come in the same order in every process. Those of one group may not come from two threads at once.
#pragma once
#include "ct_tensor.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct ct_store_s *ct_store;
typedef struct ct_group_s *ct_group;
typedef struct ct_work_s *ct_work;
typedef struct ct_reducer_s *ct_reducer;

/// Opens the store at an address; whoever `serves` it lets the others connect. Waits up to `connecting` seconds for it, and `seconds` for
/// keys. Keys get `prefix`.
ct_store _Nullable ct_store_open(
    const char *_Nonnull host, int port, bool serves, double connecting, double seconds, const char *_Nonnull prefix);
int ct_store_set(ct_store _Nonnull store, const char *_Nonnull key, const void *_Nonnull bytes, int64_t count);
/// Waits up to `seconds` for a key; copies at most `capacity` bytes, and puts the whole length into `count`.
int ct_store_get(ct_store _Nonnull store, const char *_Nonnull key, double seconds, void *_Nonnull bytes, int64_t capacity,
                 int64_t *_Nonnull count);
int ct_store_has(ct_store _Nonnull store, const char *_Nonnull key, bool *_Nonnull result);
int ct_store_add(ct_store _Nonnull store, const char *_Nonnull key, int64_t amount, int64_t *_Nonnull result);
void ct_store_release(ct_store _Nonnull store);

/// Meets the other processes in `store` under `name`, over the network device that has `address` (a host's name or number) or is called
/// `interface`. Fails where they are not connected within `connecting` seconds; a collective fails that takes longer than `seconds`.
ct_group _Nullable ct_group_make(ct_store _Nonnull store, const char *_Nonnull name, int rank, int size, const char *_Nullable interface,
                                 const char *_Nullable address, double connecting, double seconds);
/// The version of NCCL, such as 22809; fails where it does not load.
int ct_nccl_version(int *_Nonnull version);
/// Has the group add up tensors of CUDA device `device` over NCCL from now on; each process brings a GPU of its own. All processes call it, and
/// all but rank 0 wait up to `seconds` for that one. Where it fails they still go through Gloo.
int ct_group_join_devices(ct_group _Nonnull group, ct_store _Nonnull store, const char *_Nonnull name, int rank, int size, int device,
                          double seconds);
/// Through Gloo again.
void ct_group_leave_devices(ct_group _Nonnull group);
/// Sum (0), minimum (1) or maximum (2) over the processes, in place.
int ct_group_reduce(ct_group _Nonnull group, ct_tensor _Nonnull t, int operation);
/// The same for a sum, without waiting: to be waited for and released. Over NCCL nothing but the device waits.
ct_work _Nullable ct_group_start_sum(ct_group _Nonnull group, ct_tensor _Nonnull t);
int ct_work_wait(ct_work _Nonnull work);
void ct_work_release(ct_work _Nonnull work);
int ct_group_broadcast(ct_group _Nonnull group, ct_tensor _Nonnull t, int from);
/// `part` of each process, equally long, one behind the other in `whole`.
int ct_group_gather(ct_group _Nonnull group, ct_tensor _Nonnull part, ct_tensor _Nonnull whole);
void ct_group_release(ct_group _Nonnull group);

/// Adds up the gradients of `parameters` over the processes, in buckets of about `bytes`, each as soon as a backward pass has filled it.
/// `parameters`: in the order of the forward pass.
ct_reducer _Nullable ct_reducer_make(ct_group _Nonnull group, const ct_tensor _Nonnull *_Nonnull parameters, int64_t count, int64_t bytes);
/// Whether the next backward pass is the last before an update, whose gradients are added up. `overlaps`: while it runs, not after it.
void ct_reducer_arm(ct_reducer _Nonnull reducer, bool overlaps);
/// Waits until all buckets are added up and puts their sums, times `scale`, in place of the gradients.
int ct_reducer_finish(ct_reducer _Nonnull reducer, double scale);
/// The same with a scale that lies on the gradients' device, and is not waited for.
int ct_reducer_finish_by(ct_reducer _Nonnull reducer, ct_tensor _Nonnull scale);
/// Seconds that ct_reducer_finish has made the processor wait so far, and the number of buckets.
void ct_reducer_figures(ct_reducer _Nonnull reducer, double *_Nonnull waited, int64_t *_Nonnull buckets);
void ct_reducer_release(ct_reducer _Nonnull reducer);

/// The group over which batch normalisation takes its statistics in training from now on; NULL: each process takes its own.
void ct_norm_group_set(ct_group _Nullable group);

#ifdef __cplusplus
}
#endif
