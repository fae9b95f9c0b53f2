#include "Support.h"
#include "include/ct_runtime.h"
#include <ATen/Context.h>
#include <ATen/Parallel.h>
#include <ATen/detail/CUDAHooksInterface.h>
#include <c10/core/CachingDeviceAllocator.h>
#include <c10/core/impl/VirtualGuardImpl.h>
#include <dlfcn.h>
#include <filesystem>
#include <torch/headeronly/version.h>

namespace {

std::string library_path() {
    Dl_info info{};
    // Any function of libtorch_cpu tells where the loader found the library.
    return dladdr(reinterpret_cast<void *>(&at::globalContext), &info) && info.dli_fname ? info.dli_fname : "";
}

std::string cuda_reason;

int open_cuda() {
    const auto beside = std::filesystem::path(library_path()).parent_path() / "libtorch_cuda.so";
    if (!std::filesystem::exists(beside)) {
        cuda_reason = "this libtorch was installed without CUDA (no libtorch_cuda.so beside libtorch_cpu.so)";
        return 0;
    }
    // Its static initialisers register the CUDA kernels; nothing of it is called by name.
    if (!dlopen(beside.c_str(), RTLD_NOW | RTLD_GLOBAL)) {
        const char *why = dlerror();
        cuda_reason = std::string("libtorch_cuda.so does not load: ") + (why ? why : "no reason given");
        return 0;
    }
    const int count = at::globalContext().hasCUDA() ? static_cast<int>(at::detail::getCUDAHooks().deviceCount()) : 0;
    if (count == 0) cuda_reason = "no CUDA device answers (is the NVIDIA driver loaded?)";
    return count;
}

} // namespace

extern "C" {

const char *ct_built_version(void) { return TORCH_VERSION; }
const char *ct_library_path(void) {
    static const std::string path = library_path();
    return path.c_str();
}
void ct_set_threads(int count) { at::set_num_threads(count); }
int ct_threads(void) { return at::get_num_threads(); }
void ct_seed(uint64_t seed) { at::manual_seed(seed); }

int ct_cuda_devices(void) {
    static const int count = ct::guarded<int>(-1, [] { return open_cuda(); });
    if (count < 0 && cuda_reason.empty()) cuda_reason = ct_last_error();
    return count < 0 ? 0 : count;
}
const char *ct_cuda_reason(void) { return cuda_reason.c_str(); }
int ct_synchronize(int device) {
    return ct::perform([&] {
        if (device >= 0) c10::impl::VirtualGuardImpl(at::kCUDA).synchronizeDevice(static_cast<c10::DeviceIndex>(device));
    });
}
int ct_device_memory(int device, int64_t *current, int64_t *peak) {
    return ct::perform([&] {
        const auto stats = at::getDeviceAllocator(at::kCUDA)->getDeviceStats(static_cast<c10::DeviceIndex>(device));
        const auto &bytes = stats.allocated_bytes[static_cast<size_t>(c10::CachingAllocator::StatType::AGGREGATE)];
        *current = bytes.current;
        *peak = bytes.peak;
    });
}
void ct_cuda_allow_tf32(bool on) {
    // libtorch keeps these under two names and refuses to work where they differ: the older names set both.
    ct::perform([&] {
        at::globalContext().setAllowTF32CuBLAS(on);
        at::globalContext().setAllowTF32CuDNN(on);
    });
}
void ct_cudnn_search(bool on) { at::globalContext().setBenchmarkCuDNN(on); }
bool ct_cpu_has_bf16(void) {
#if defined(__x86_64__)
    __builtin_cpu_init();
    return __builtin_cpu_supports("avx512bf16");
#else
    return false;
#endif
}
bool ct_cpu_takes_bf16(void) {
#if defined(__x86_64__)
    __builtin_cpu_init();
    return __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512dq");
#else
    return false;
#endif
}
bool ct_cuda_has_bf16(void) {
    bool has = false;
    ct::perform([&] { has = at::detail::getCUDAHooks().supportsBFloat16ConvolutionWithCuDNNv8(); });
    return has;
}
}
