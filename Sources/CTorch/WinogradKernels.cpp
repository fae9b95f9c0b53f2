#include "WinogradKernels.h"

#if defined(__x86_64__)
#include <immintrin.h>

#define CT_TARGET __attribute__((target("avx512f,avx512bw,avx512vl,avx512dq,avx512bf16,avx2,fma")))
#define CT_INLINE CT_TARGET inline __attribute__((always_inline))

namespace ct::winograd {
namespace {

CT_INLINE __m512 load(const uint16_t *from) {
    const __m256i halves = _mm256_loadu_si256(reinterpret_cast<const __m256i *>(from));
    return _mm512_castsi512_ps(_mm512_slli_epi32(_mm512_cvtepu16_epi32(halves), 16));
}
CT_INLINE __m256i rounded(__m512 value) { return reinterpret_cast<__m256i>(_mm512_cvtneps_pbh(value)); }
CT_INLINE void store(uint16_t *into, __m512 value) { _mm256_storeu_si256(reinterpret_cast<__m256i *>(into), rounded(value)); }
/// Lane by lane a pair of both values' bfloat16.
CT_INLINE void storePairs(uint16_t *into, __m512 first, __m512 second) {
    const __m512i low = _mm512_cvtepu16_epi32(rounded(first)), high = _mm512_cvtepu16_epi32(rounded(second));
    _mm512_storeu_si512(into, _mm512_or_si512(low, _mm512_slli_epi32(high, 16)));
}
CT_INLINE __m512 half(__m512 value) { return _mm512_mul_ps(value, _mm512_set1_ps(0.5f)); }

// The one-dimensional transforms, each from `a[0], a[step], …` to `b[0], b[to], …`.
CT_INLINE void input4(const __m512 *a, int step, __m512 *b, int to) {
    b[0] = a[0] - a[2 * step];
    b[to] = a[step] + a[2 * step];
    b[2 * to] = a[2 * step] - a[step];
    b[3 * to] = a[step] - a[3 * step];
}
CT_INLINE void output4(const __m512 *a, int step, __m512 *b, int to) {
    b[0] = a[0] + a[step] + a[2 * step];
    b[to] = a[step] - a[2 * step] - a[3 * step];
}
CT_INLINE void gradient2(const __m512 *a, int step, __m512 *b, int to) {
    b[0] = a[0];
    b[to] = a[0] + a[step];
    b[2 * to] = a[0] - a[step];
    b[3 * to] = -a[step];
}
CT_INLINE void weight3(const __m512 *a, int step, __m512 *b, int to) {
    const __m512 ends = a[0] + a[2 * step];
    b[0] = a[0];
    b[to] = half(ends + a[step]);
    b[2 * to] = half(ends - a[step]);
    b[3 * to] = a[2 * step];
}
CT_INLINE void weightGradient4(const __m512 *a, int step, __m512 *b, int to) {
    const __m512 sum = half(a[step] + a[2 * step]);
    b[0] = a[0] + sum;
    b[to] = half(a[step] - a[2 * step]);
    b[2 * to] = sum + a[3 * step];
}

CT_INLINE void inputTile(const uint16_t *const *pixels, int64_t channel, __m512 *b) {
    __m512 d[16], rows[16];
#pragma unroll
    for (int i = 0; i < 16; ++i) { d[i] = load(pixels[i] + channel); }
#pragma unroll
    for (int i = 0; i < 4; ++i) { input4(d + i, 4, rows + i, 4); }
#pragma unroll
    for (int i = 0; i < 4; ++i) { input4(rows + 4 * i, 1, b + 4 * i, 1); }
}

CT_INLINE void gradientTile(const uint16_t *const *pixels, int64_t output, __m512 *b) {
    __m512 d[4], rows[8];
#pragma unroll
    for (int i = 0; i < 4; ++i) { d[i] = load(pixels[i] + output); }
#pragma unroll
    for (int i = 0; i < 2; ++i) { gradient2(d + i, 2, rows + i, 2); }
#pragma unroll
    for (int i = 0; i < 4; ++i) { gradient2(rows + 2 * i, 1, b + 4 * i, 1); }
}

/// The transformed 3×3 weights of 16 channels of one output; `turned` by half a turn.
template <bool turned>
CT_INLINE void weightTile(const float *weights, int64_t channels, __m512 *b) {
    __m512 g[9], rows[12];
#pragma unroll
    for (int i = 0; i < 9; ++i) { g[turned ? 8 - i : i] = _mm512_loadu_ps(weights + i * channels); }
#pragma unroll
    for (int i = 0; i < 3; ++i) { weight3(g + i, 3, rows + i, 3); }
#pragma unroll
    for (int i = 0; i < 4; ++i) { weight3(rows + 3 * i, 1, b + 4 * i, 1); }
}

CT_INLINE __m512bh pair(const uint16_t *at) {
    int32_t bits;
    __builtin_memcpy(&bits, at, sizeof bits);
    return reinterpret_cast<__m512bh>(_mm512_set1_epi32(bits));
}
CT_INLINE __m512bh pairs(const uint16_t *at) { return reinterpret_cast<__m512bh>(_mm512_loadu_si512(at)); }

template <int rows, bool adds>
CT_TARGET void multiplyRows(const uint16_t *tiles, int64_t channels, const uint16_t *weights, float *into) {
    __m512 sums[rows][4];
#pragma unroll
    for (int row = 0; row < rows; ++row) {
#pragma unroll
        for (int v = 0; v < 4; ++v) {
            sums[row][v] = adds ? _mm512_loadu_ps(into + row * block + v * lanes) : _mm512_setzero_ps();
        }
    }
    for (int64_t c = 0; c < channels; c += 2, weights += 2 * block) {
        __m512bh w[4];
#pragma unroll
        for (int v = 0; v < 4; ++v) { w[v] = pairs(weights + v * 2 * lanes); }
#pragma unroll
        for (int row = 0; row < rows; ++row) {
            const __m512bh x = pair(tiles + row * channels + c);
#pragma unroll
            for (int v = 0; v < 4; ++v) { sums[row][v] = _mm512_dpbf16_ps(sums[row][v], x, w[v]); }
        }
    }
#pragma unroll
    for (int row = 0; row < rows; ++row) {
#pragma unroll
        for (int v = 0; v < 4; ++v) { _mm512_storeu_ps(into + row * block + v * lanes, sums[row][v]); }
    }
}

}  // namespace

bool hasKernels() {
    static const bool has = [] {
        __builtin_cpu_init();
        return __builtin_cpu_supports("avx512bf16") && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw")
            && __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512dq");
    }();
    return has;
}

CT_TARGET void transformInput(const uint16_t *const *pixels, int64_t channels, uint16_t *into, int64_t stride) {
    for (int64_t c = 0; c < channels; c += lanes) {
        __m512 b[16];
        inputTile(pixels, c, b);
#pragma unroll
        for (int p = 0; p < 16; ++p) { store(into + p * stride + c, b[p]); }
    }
}

template <bool adds>
CT_TARGET void multiplyUpToSix(const uint16_t *tiles, int64_t rows, int64_t channels, const uint16_t *weights, float *into) {
    switch (rows) {
    case 6: return multiplyRows<6, adds>(tiles, channels, weights, into);
    case 5: return multiplyRows<5, adds>(tiles, channels, weights, into);
    case 4: return multiplyRows<4, adds>(tiles, channels, weights, into);
    case 3: return multiplyRows<3, adds>(tiles, channels, weights, into);
    case 2: return multiplyRows<2, adds>(tiles, channels, weights, into);
    case 1: return multiplyRows<1, adds>(tiles, channels, weights, into);
    default: return;
    }
}
void multiply(const uint16_t *tiles, int64_t rows, int64_t channels, const uint16_t *weights, float *into) {
    multiplyUpToSix<false>(tiles, rows, channels, weights, into);
}
void multiplyAdding(const uint16_t *tiles, int64_t rows, int64_t channels, const uint16_t *weights, float *into) {
    multiplyUpToSix<true>(tiles, rows, channels, weights, into);
}

CT_TARGET void transformOutput(const float *sums, int64_t stride, const float *bias, uint16_t *const *pixels) {
    for (int64_t k = 0; k < block; k += lanes) {
        __m512 m[16], rows[8], y[4];
#pragma unroll
        for (int p = 0; p < 16; ++p) { m[p] = _mm512_loadu_ps(sums + p * stride + k); }
#pragma unroll
        for (int i = 0; i < 4; ++i) { output4(m + i, 4, rows + i, 4); }
#pragma unroll
        for (int i = 0; i < 2; ++i) { output4(rows + 4 * i, 1, y + 2 * i, 1); }
#pragma unroll
        for (int i = 0; i < 4; ++i) {
            // The order of the operands keeps a value that is not a number.
            if (bias) { y[i] = _mm512_max_ps(_mm512_setzero_ps(), y[i] + _mm512_loadu_ps(bias + k)); }
            store(pixels[i] + k, y[i]);
        }
    }
}

CT_TARGET void transformInputPair(
    const uint16_t *const *first, const uint16_t *const *second, int64_t channels, uint16_t *into, int64_t stride, int64_t blockStride) {
    for (int64_t c = 0; c < channels; c += lanes) {
        __m512 a[16], b[16];
        inputTile(first, c, a);
        inputTile(second, c, b);
        uint16_t *to = into + c / block * blockStride + c % block * 2;
#pragma unroll
        for (int p = 0; p < 16; ++p) { storePairs(to + p * stride, a[p], b[p]); }
    }
}

CT_TARGET void transformGradientPair(
    const uint16_t *const *first, const uint16_t *const *second, int64_t outputs, uint16_t *into, int64_t stride, int64_t blockStride) {
    for (int64_t k = 0; k < outputs; k += lanes) {
        __m512 a[16], b[16];
        gradientTile(first, k, a);
        gradientTile(second, k, b);
        uint16_t *to = into + k / lanes * blockStride;
#pragma unroll
        for (int p = 0; p < 16; ++p) { storePairs(to + p * stride, a[p], b[p]); }
    }
}

CT_TARGET void multiplyPairs(const uint16_t *gradients, const uint16_t *inputs, int64_t count, float *sums, int64_t rowLength) {
    constexpr int rows = 4;
    for (int64_t first = 0; first < lanes; first += rows) {
        __m512 total[rows][4];
        float *into = sums + first * rowLength;
#pragma unroll
        for (int row = 0; row < rows; ++row) {
#pragma unroll
            for (int v = 0; v < 4; ++v) { total[row][v] = _mm512_loadu_ps(into + row * rowLength + v * lanes); }
        }
        const uint16_t *g = gradients + 2 * first, *x = inputs;
        for (int64_t i = 0; i < count; ++i, g += 2 * lanes, x += 2 * block) {
            __m512bh columns[4];
#pragma unroll
            for (int v = 0; v < 4; ++v) { columns[v] = pairs(x + v * 2 * lanes); }
#pragma unroll
            for (int row = 0; row < rows; ++row) {
                const __m512bh factor = pair(g + 2 * row);
#pragma unroll
                for (int v = 0; v < 4; ++v) { total[row][v] = _mm512_dpbf16_ps(total[row][v], factor, columns[v]); }
            }
        }
#pragma unroll
        for (int row = 0; row < rows; ++row) {
#pragma unroll
            for (int v = 0; v < 4; ++v) { _mm512_storeu_ps(into + row * rowLength + v * lanes, total[row][v]); }
        }
    }
}

CT_TARGET void packForward(const float *weights, int64_t channels, uint16_t *into, int64_t stride) {
    for (int64_t k = 0; k < lanes; ++k) {
        __m512 b[16];
        weightTile<false>(weights + k * 9 * channels, channels, b);
        for (int p = 0; p < 16; ++p) {
            alignas(32) uint16_t halves[lanes];
            _mm256_store_si256(reinterpret_cast<__m256i *>(halves), rounded(b[p]));
            uint16_t *to = into + p * stride + 2 * k;
#pragma unroll
            for (int i = 0; i < lanes / 2; ++i) { __builtin_memcpy(to + i * 2 * block, halves + 2 * i, 4); }
        }
    }
}

CT_TARGET void packBackward(const float *weights, int64_t channels, uint16_t *into, int64_t stride) {
    __m512 a[16], b[16];
    weightTile<true>(weights, channels, a);
    weightTile<true>(weights + 9 * channels, channels, b);
#pragma unroll
    for (int p = 0; p < 16; ++p) { storePairs(into + p * stride, a[p], b[p]); }
}

CT_TARGET void transformWeightGradient(const float *const *sums, int parts, int64_t stride, int64_t channels, float *into) {
    for (int64_t c = 0; c < channels; c += lanes) {
        __m512 s[16], rows[12], g[9];
#pragma unroll
        for (int p = 0; p < 16; ++p) { s[p] = _mm512_loadu_ps(sums[0] + p * stride + c); }
        for (int part = 1; part < parts; ++part) {
#pragma unroll
            for (int p = 0; p < 16; ++p) { s[p] += _mm512_loadu_ps(sums[part] + p * stride + c); }
        }
#pragma unroll
        for (int i = 0; i < 4; ++i) { weightGradient4(s + i, 4, rows + i, 4); }
#pragma unroll
        for (int i = 0; i < 3; ++i) { weightGradient4(rows + 4 * i, 1, g + 3 * i, 1); }
#pragma unroll
        for (int i = 0; i < 9; ++i) { _mm512_storeu_ps(into + i * channels + c, g[i]); }
    }
}

}  // namespace ct::winograd

#else

namespace ct::winograd {

bool hasKernels() { return false; }
void transformInput(const uint16_t *const *, int64_t, uint16_t *, int64_t) {}
void multiply(const uint16_t *, int64_t, int64_t, const uint16_t *, float *) {}
void multiplyAdding(const uint16_t *, int64_t, int64_t, const uint16_t *, float *) {}
void transformOutput(const float *, int64_t, const float *, uint16_t *const *) {}
void transformInputPair(const uint16_t *const *, const uint16_t *const *, int64_t, uint16_t *, int64_t, int64_t) {}
void transformGradientPair(const uint16_t *const *, const uint16_t *const *, int64_t, uint16_t *, int64_t, int64_t) {}
void multiplyPairs(const uint16_t *, const uint16_t *, int64_t, float *, int64_t) {}
void packForward(const float *, int64_t, uint16_t *, int64_t) {}
void packBackward(const float *, int64_t, uint16_t *, int64_t) {}
void transformWeightGradient(const float *const *, int, int64_t, int64_t, float *) {}

}  // namespace ct::winograd

#endif
