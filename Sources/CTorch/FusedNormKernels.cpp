#include "FusedNormKernels.h"

#include <type_traits>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

// A lambda does not inherit `always_inline` from the function that it is handed to.
#define CT_LAMBDA __attribute__((always_inline))

namespace ct {

namespace baseline {
#define CT_KERNELS_HAVE_BF16 0
#include "FusedNormKernelsBody.h"
#undef CT_KERNELS_HAVE_BF16
}  // namespace baseline

#if defined(__x86_64__)

namespace avx2 {
#pragma clang attribute push(__attribute__((target("avx2,fma"))), apply_to = function)
#define CT_KERNELS_HAVE_BF16 0
#include "FusedNormKernelsBody.h"
#undef CT_KERNELS_HAVE_BF16
#pragma clang attribute pop
}  // namespace avx2

namespace avx512 {
#pragma clang attribute push(__attribute__((target("avx512f,avx512bw,avx512vl,avx512dq,avx2,fma"))), apply_to = function)
#define CT_KERNELS_HAVE_BF16 0
#include "FusedNormKernelsBody.h"
#undef CT_KERNELS_HAVE_BF16
#pragma clang attribute pop
}  // namespace avx512

namespace avx512bf16 {
#pragma clang attribute push( \
    __attribute__((target("avx512f,avx512bw,avx512vl,avx512dq,avx512bf16,avx2,fma"))), \
    apply_to = function)
#define CT_KERNELS_HAVE_BF16 1
#include "FusedNormKernelsBody.h"
#undef CT_KERNELS_HAVE_BF16
#pragma clang attribute pop
}  // namespace avx512bf16

#endif

namespace {

template <typename Element>
const NormKernels<Element> &choose() {
#if defined(__x86_64__)
    __builtin_cpu_init();
    if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vl")
        && __builtin_cpu_supports("avx512dq")) {
        return __builtin_cpu_supports("avx512bf16") ? avx512bf16::kernels<Element>() : avx512::kernels<Element>();
    }
    if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) { return avx2::kernels<Element>(); }
#endif
    return baseline::kernels<Element>();
}

}  // namespace

template <typename Element>
const NormKernels<Element> &normKernels() {
    static const NormKernels<Element> &chosen = choose<Element>();
    return chosen;
}

template const NormKernels<float> &normKernels<float>();
template const NormKernels<uint16_t> &normKernels<uint16_t>();

}  // namespace ct
