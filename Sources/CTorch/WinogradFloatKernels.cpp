#include "WinogradFloatKernels.h"

#include <array>
#include <cstddef>

namespace ct::winogradfloat {

namespace {

/// The points at which polynomials are evaluated are 0, ±a, ±b and infinity. With the textbook's 1 and 2 the error is three times as large.
constexpr float a = 0.75f, b = 1.5f, aa = a * a, bb = b * b;

}  // namespace

// In double, so that the weights are rounded once.
void transformWeight(const float *weights, int64_t step, float *into, int64_t stride) {
    const auto one = [](double w0, double w1, double w2) {
        constexpr double near = 2.0 * aa * (aa - bb), far = 2.0 * bb * (bb - aa);
        const double nearEven = w0 + aa * w2, farEven = w0 + bb * w2;
        return std::array<double, 6>{w0 / (aa * bb),       (nearEven + a * w1) / near, (nearEven - a * w1) / near,
                                     (farEven + b * w1) / far, (farEven - b * w1) / far,   w2};
    };
    std::array<std::array<double, 6>, 3> rows;
    for (std::size_t i = 0; i < 3; ++i) {
        const float *row = weights + 3 * static_cast<int64_t>(i) * step;
        rows[i] = one(row[0], row[step], row[2 * step]);
    }
    for (std::size_t j = 0; j < 6; ++j) {
        const auto column = one(rows[0][j], rows[1][j], rows[2][j]);
        for (std::size_t i = 0; i < 6; ++i) { into[static_cast<int64_t>(i * 6 + j) * stride] = static_cast<float>(column[i]); }
    }
}

}  // namespace ct::winogradfloat

#if defined(__x86_64__)
#include <immintrin.h>

#define CT_TARGET __attribute__((target("avx512f,avx512vl,avx512dq,avx512bw,avx2,fma")))
#define CT_INLINE CT_TARGET inline __attribute__((always_inline))

namespace ct::winogradfloat {
namespace {

CT_INLINE __m512 times(float factor, __m512 value, __m512 plus) { return _mm512_fmadd_ps(_mm512_set1_ps(factor), value, plus); }

// The one-dimensional transforms, each from elements `step` apart to elements `to` apart.
CT_INLINE void input6(const __m512 *d, int step, __m512 *t, int to) {
    const __m512 d1 = d[step], d2 = d[2 * step], d3 = d[3 * step], d4 = d[4 * step];
    const __m512 nearEven = times(-bb, d2, d4), nearOdd = times(-bb, d1, d3), farEven = times(-aa, d2, d4), farOdd = times(-aa, d1, d3);
    t[0] = times(aa * bb, d[0], times(-(aa + bb), d2, d4));
    t[to] = times(a, nearOdd, nearEven);
    t[2 * to] = times(-a, nearOdd, nearEven);
    t[3 * to] = times(b, farOdd, farEven);
    t[4 * to] = times(-b, farOdd, farEven);
    t[5 * to] = times(aa * bb, d1, times(-(aa + bb), d3, d[5 * step]));
}
CT_INLINE void output6(const __m512 *m, int step, __m512 *y, int to) {
    const __m512 nearSum = m[step] + m[2 * step], nearDifference = m[step] - m[2 * step];
    const __m512 farSum = m[3 * step] + m[4 * step], farDifference = m[3 * step] - m[4 * step];
    y[0] = m[0] + nearSum + farSum;
    y[to] = times(a, nearDifference, _mm512_set1_ps(b) * farDifference);
    y[2 * to] = times(aa, nearSum, _mm512_set1_ps(bb) * farSum);
    y[3 * to] = times(a * aa, nearDifference, times(b * bb, farDifference, m[5 * step]));
}

template <int rows, bool adds>
CT_TARGET void multiplyRows(const float *tiles, int64_t stride, int64_t channels, const float *weights, float *into) {
    __m512 sums[rows][4];
#pragma unroll
    for (int row = 0; row < rows; ++row) {
#pragma unroll
        for (int v = 0; v < 4; ++v) { sums[row][v] = adds ? _mm512_loadu_ps(into + row * block + v * lanes) : _mm512_setzero_ps(); }
    }
    for (int64_t c = 0; c < channels; ++c, weights += block) {
        __m512 w[4];
#pragma unroll
        for (int v = 0; v < 4; ++v) { w[v] = _mm512_loadu_ps(weights + v * lanes); }
#pragma unroll
        for (int row = 0; row < rows; ++row) {
            const __m512 x = _mm512_set1_ps(tiles[row * stride + c]);
#pragma unroll
            for (int v = 0; v < 4; ++v) { sums[row][v] = _mm512_fmadd_ps(x, w[v], sums[row][v]); }
        }
    }
#pragma unroll
    for (int row = 0; row < rows; ++row) {
#pragma unroll
        for (int v = 0; v < 4; ++v) { _mm512_storeu_ps(into + row * block + v * lanes, sums[row][v]); }
    }
}

template <bool adds>
void multiplyUpToSix(const float *tiles, int64_t rows, int64_t stride, int64_t channels, const float *weights, float *into) {
    switch (rows) {
    case 6: return multiplyRows<6, adds>(tiles, stride, channels, weights, into);
    case 5: return multiplyRows<5, adds>(tiles, stride, channels, weights, into);
    case 4: return multiplyRows<4, adds>(tiles, stride, channels, weights, into);
    case 3: return multiplyRows<3, adds>(tiles, stride, channels, weights, into);
    case 2: return multiplyRows<2, adds>(tiles, stride, channels, weights, into);
    case 1: return multiplyRows<1, adds>(tiles, stride, channels, weights, into);
    default: return;
    }
}

}  // namespace

bool hasKernels() {
    static const bool has = [] {
        __builtin_cpu_init();
        return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vl")
            && __builtin_cpu_supports("avx512dq");
    }();
    return has;
}

CT_TARGET void transformInput(const float *const *pixels, int64_t channels, float *into, int64_t stride) {
    for (int64_t c = 0; c < channels; c += lanes) {
        __m512 rows[36];
#pragma unroll
        for (int j = 0; j < 6; ++j) {
            __m512 column[6];
#pragma unroll
            for (int i = 0; i < 6; ++i) { column[i] = _mm512_loadu_ps(pixels[i * 6 + j] + c); }
            input6(column, 1, rows + j, 6);
        }
#pragma unroll
        for (int i = 0; i < 6; ++i) {
            __m512 b[6];
            input6(rows + 6 * i, 1, b, 1);
#pragma unroll
            for (int j = 0; j < 6; ++j) { _mm512_storeu_ps(into + (i * 6 + j) * stride + c, b[j]); }
        }
    }
}

void multiply(const float *tiles, int64_t rows, int64_t channels, const float *weights, float *into) {
    multiplyUpToSix<false>(tiles, rows, channels, channels, weights, into);
}
void multiplyAdding(const float *tiles, int64_t rows, int64_t stride, int64_t channels, const float *weights, float *into) {
    multiplyUpToSix<true>(tiles, rows, stride, channels, weights, into);
}

CT_TARGET void transformOutput(const float *sums, int64_t stride, const float *bias, bool adds, bool relu, float *const *pixels) {
    for (int64_t k = 0; k < block; k += lanes) {
        const __m512 term = _mm512_loadu_ps(bias + k);
        __m512 rows[24];
#pragma unroll
        for (int j = 0; j < 6; ++j) {
            __m512 column[6];
#pragma unroll
            for (int i = 0; i < 6; ++i) { column[i] = _mm512_loadu_ps(sums + (i * 6 + j) * stride + k); }
            output6(column, 1, rows + j, 6);
        }
#pragma unroll
        for (int i = 0; i < 4; ++i) {
            __m512 y[4];
            output6(rows + 6 * i, 1, y, 1);
#pragma unroll
            for (int j = 0; j < 4; ++j) {
                float *pixel = pixels[i * 4 + j] + k;
                __m512 value = y[j] + term;
                if (adds) { value += _mm512_loadu_ps(pixel); }
                // The order of the operands keeps a value that is not a number.
                if (relu) { value = _mm512_max_ps(_mm512_setzero_ps(), value); }
                _mm512_storeu_ps(pixel, value);
            }
        }
    }
}

}  // namespace ct::winogradfloat

#else

namespace ct::winogradfloat {

bool hasKernels() { return false; }
void transformInput(const float *const *, int64_t, float *, int64_t) {}
void multiply(const float *, int64_t, int64_t, const float *, float *) {}
void multiplyAdding(const float *, int64_t, int64_t, int64_t, const float *, float *) {}
void transformOutput(const float *, int64_t, const float *, bool, bool, float *const *) {}

}  // namespace ct::winogradfloat

#endif
