// The library itself: version, threads, devices, seeds.
#pragma once
#include "ct_tensor.h"

#ifdef __cplusplus
extern "C" {
#endif

/// "2.11.0": the version of the headers that this was built with.
const char *_Nonnull ct_built_version(void);
/// The path of the loaded libtorch_cpu, or "".
const char *_Nonnull ct_library_path(void);

void ct_set_threads(int count);
int ct_threads(void);
void ct_seed(uint64_t seed);

/// Opens libtorch_cuda where it lies beside libtorch_cpu. 0 when there is none, or no driver, or no device.
int ct_cuda_devices(void);
/// Why ct_cuda_devices gave 0.
const char *_Nonnull ct_cuda_reason(void);
/// Waits for all work on a CUDA device.
int ct_synchronize(int device);
/// Bytes now in use and the most ever in use by tensors on a CUDA device.
int ct_device_memory(int device, int64_t *_Nonnull current, int64_t *_Nonnull peak);
/// Whether CUDA devices may round the factors of float32 products and convolutions to TF32, whose mantissa has 10 bits.
void ct_cuda_allow_tf32(bool on);
/// Whether cuDNN tries its algorithms on a convolution of sizes that it has not met, and keeps the quickest.
void ct_cudnn_search(bool on);
/// The processor multiplies bfloat16 natively (AVX-512 BF16 or AMX).
bool ct_cpu_has_bf16(void);
/// oneDNN computes bfloat16 on this processor, natively or not.
bool ct_cpu_takes_bf16(void);
/// cuDNN has bfloat16 convolutions for the current CUDA device (compute capability 8.0 and more).
bool ct_cuda_has_bf16(void);

#ifdef __cplusplus
}
#endif
