// Included several times by FusedNormKernels.cpp, each time inside a namespace of its own and compiled for another
// instruction set. So there is no include guard.

using Floats = float __attribute__((ext_vector_type(16)));
using Words = uint32_t __attribute__((ext_vector_type(16)));
using Halves = uint16_t __attribute__((ext_vector_type(16)));
using Lanes = bool __attribute__((ext_vector_type(16)));

constexpr int64_t width = normKernelWidth;

// Vectors go in and out by reference: by value, the calling convention would depend on the instruction set.
#define CT_INLINE inline __attribute__((always_inline))

CT_INLINE void load(const float *source, Floats &value) { __builtin_memcpy(&value, source, sizeof value); }

CT_INLINE void load(const uint16_t *source, Floats &value) {
    Halves halves;
    __builtin_memcpy(&halves, source, sizeof halves);
    value = __builtin_bit_cast(Floats, __builtin_convertvector(halves, Words) << 16);
}

CT_INLINE void store(const Floats &value, float *target) { __builtin_memcpy(target, &value, sizeof value); }

/// Rounds to the nearest, ties to even, as libtorch does.
CT_INLINE void store(const Floats &value, uint16_t *target) {
#if CT_KERNELS_HAVE_BF16
    const __m256bh halves = _mm512_cvtneps_pbh(__builtin_bit_cast(__m512, value));
#else
    const Words bits = __builtin_bit_cast(Words, value);
    const Words rounded = (bits + 0x7fffu + ((bits >> 16) & 1u)) >> 16;
    const Words quiet = (bits >> 16) | 0x40u;
    const Halves halves = __builtin_convertvector(value == value ? rounded : quiet, Halves);
#endif
    __builtin_memcpy(target, &halves, sizeof halves);
}

CT_INLINE void storePositive(const Floats &value, uint16_t *bits) {
    const Lanes lanes = __builtin_convertvector(value > 0.0f, Lanes);
    __builtin_memcpy(bits, &lanes, sizeof *bits);
}

CT_INLINE void keepWhere(const uint16_t *bits, Floats &value) {
    Lanes lanes;
    __builtin_memcpy(&lanes, bits, sizeof *bits);
    value = __builtin_convertvector(lanes, Words) != 0u ? value : Floats(0);
}

/// Fetches what a group of rows will read, in the order of memory, while an earlier group is worked on. The rows of a group are
/// read side by side, which the processor's own prefetcher takes for unrelated streams: without this, rows of 512 bytes and
/// more go at a third of the rate.
template <bool forWriting, int64_t together, typename Element>
struct Fetcher {
    static constexpr int64_t bytesAhead = 16 * 1024, lineBytes = 64;
    static constexpr int64_t share = together * width;

    const Element *start;
    bool isWorthIt;

    CT_INLINE Fetcher(const Element *tensor, int64_t first, int64_t channels) {
        const int64_t group = together * channels, least = bytesAhead / static_cast<int64_t>(sizeof(Element));
        isWorthIt = channels * static_cast<int64_t>(sizeof(Element)) > 256;
        start = tensor + first * channels + (least + group - 1) / group * group;
    }

    CT_INLINE void fetch(int64_t channel) const {
        if (!isWorthIt) { return; }
#pragma unroll
        for (int64_t at = 0; at < share; at += lineBytes / static_cast<int64_t>(sizeof(Element))) {
            __builtin_prefetch(start + channel * together + at, forWriting);
        }
    }
};

/// Runs `body(row, count)` over all rows, in groups. A group's constants are loaded once, and its rows are as many streams
/// for the prefetcher. `count` is a compile-time constant.
template <int64_t together, typename Body>
CT_INLINE void forRows(int64_t rows, const Body &body) {
    int64_t row = 0;
    for (; row + together <= rows; row += together) { body(row, std::integral_constant<int64_t, together>()); }
    for (; row < rows; ++row) { body(row, std::integral_constant<int64_t, 1>()); }
}

template <typename Element>
void moments(const Element *x, const float *shift, int64_t rows, int64_t channels, float *sum, float *sumOfSquares) {
    forRows<4>(rows, [&](int64_t first, auto count) CT_LAMBDA {
        const Element *from = x + first * channels;
        const Fetcher<false, count, Element> next(x, first, channels);
        for (int64_t c = 0; c < channels; c += width) {
            next.fetch(c);
            Floats middle, total, squares, groupTotal = 0, groupSquares = 0;
            load(shift + c, middle);
            load(sum + c, total);
            load(sumOfSquares + c, squares);
#pragma unroll
            for (int64_t row = 0; row < count; ++row) {
                Floats value;
                load(from + row * channels + c, value);
                value = value - middle;
                groupTotal += value;
                groupSquares += value * value;
            }
            store(total + groupTotal, sum + c);
            store(squares + groupSquares, sumOfSquares + c);
        }
    });
}

template <bool hasResidual, bool rectify, bool writesBits, typename Element>
CT_INLINE void normalizeRows(
    const Element *x, const Element *residual, const float *scale, const float *offset, int64_t rows, int64_t channels,
    Element *y, uint16_t *bits) {
    forRows<4>(rows, [&](int64_t first, auto count) CT_LAMBDA {
        const Fetcher<false, count, Element> nextX(x, first, channels);
        const Fetcher<false, count, Element> nextResidual(hasResidual ? residual : x, first, channels);
        const Fetcher<true, count, Element> nextY(y, first, channels);
        for (int64_t c = 0; c < channels; c += width) {
            nextX.fetch(c);
            if constexpr (hasResidual) { nextResidual.fetch(c); }
            nextY.fetch(c);
            Floats factor, term;
            load(scale + c, factor);
            load(offset + c, term);
#pragma unroll
            for (int64_t row = 0; row < count; ++row) {
                const int64_t at = (first + row) * channels + c;
                Floats value;
                load(x + at, value);
                value = value * factor + term;
                if constexpr (hasResidual) {
                    Floats added;
                    load(residual + at, added);
                    value = value + added;
                }
                // Written so that a value that is not a number stays one, as in `at::relu`.
                if constexpr (rectify) { value = value <= 0.0f ? Floats(0) : value; }
                store(value, y + at);
                if constexpr (writesBits) { storePositive(value, bits + at / width); }
            }
        }
    });
}

template <typename Element>
void normalize(
    const Element *x, const Element *residual, const float *scale, const float *offset, bool rectify, int64_t rows,
    int64_t channels, Element *y, uint16_t *bits) {
    if (residual && rectify && bits) {
        normalizeRows<true, true, true>(x, residual, scale, offset, rows, channels, y, bits);
    } else if (residual && rectify) {
        normalizeRows<true, true, false>(x, residual, scale, offset, rows, channels, y, bits);
    } else if (residual) {
        normalizeRows<true, false, false>(x, residual, scale, offset, rows, channels, y, bits);
    } else if (rectify) {
        normalizeRows<false, true, false>(x, residual, scale, offset, rows, channels, y, bits);
    } else {
        normalizeRows<false, false, false>(x, residual, scale, offset, rows, channels, y, bits);
    }
}

template <Gate gate>
CT_INLINE void close(
    const Floats &input, const Floats &factor, const Floats &term, const uint16_t *bits, int64_t at, Floats &gradient) {
    if constexpr (gate == Gate::recomputed) {
        const Floats value = input * factor + term;
        gradient = value > 0.0f ? gradient : Floats(0);
    } else if constexpr (gate == Gate::bits) {
        keepWhere(bits + at / width, gradient);
    }
}

template <Gate gate, bool writesGated, typename Element>
CT_INLINE void gradientSumsOfRows(
    const Element *x, const Element *gradient, const uint16_t *bits, const float *scale, const float *offset,
    const float *mean, int64_t rows, int64_t channels, float *sum, float *sumOfProducts, Element *gated) {
    forRows<4>(rows, [&](int64_t first, auto count) CT_LAMBDA {
        const Fetcher<false, count, Element> nextX(x, first, channels);
        const Fetcher<false, count, Element> nextGradient(gradient, first, channels);
        const Fetcher<true, count, Element> nextGated(writesGated ? gated : x, first, channels);
        for (int64_t c = 0; c < channels; c += width) {
            nextX.fetch(c);
            nextGradient.fetch(c);
            if constexpr (writesGated) { nextGated.fetch(c); }
            Floats factor, term, middle, total, products, groupTotal = 0, groupProducts = 0;
            load(scale + c, factor);
            load(offset + c, term);
            load(mean + c, middle);
            load(sum + c, total);
            load(sumOfProducts + c, products);
#pragma unroll
            for (int64_t row = 0; row < count; ++row) {
                const int64_t at = (first + row) * channels + c;
                Floats input, g;
                load(x + at, input);
                load(gradient + at, g);
                close<gate>(input, factor, term, bits, at, g);
                if constexpr (writesGated) { store(g, gated + at); }
                groupTotal += g;
                groupProducts += g * (input - middle);
            }
            store(total + groupTotal, sum + c);
            store(products + groupProducts, sumOfProducts + c);
        }
    });
}

template <typename Element>
void gradientSums(
    const Element *x, const Element *gradient, Gate gate, const uint16_t *bits, const float *scale, const float *offset,
    const float *mean, int64_t rows, int64_t channels, float *sum, float *sumOfProducts, Element *gated) {
#define CT_RUN(GATE, WRITES) \
    gradientSumsOfRows<GATE, WRITES>( \
        x, gradient, bits, scale, offset, mean, rows, channels, sum, sumOfProducts, gated)
    switch (gate) {
    case Gate::open: CT_RUN(Gate::open, false); break;
    case Gate::recomputed: CT_RUN(Gate::recomputed, false); break;
    case Gate::bits: CT_RUN(Gate::bits, true); break;
    }
#undef CT_RUN
}

template <Gate gate, typename Element>
CT_INLINE void inputGradientOfRows(
    const Element *x, const Element *gradient, const float *scale, const float *offset, const float *mean,
    const float *slope, const float *constant, int64_t rows, int64_t channels, Element *dx) {
    forRows<4>(rows, [&](int64_t first, auto count) CT_LAMBDA {
        const Fetcher<false, count, Element> nextX(x, first, channels);
        const Fetcher<false, count, Element> nextGradient(gradient, first, channels);
        const Fetcher<true, count, Element> nextInput(dx, first, channels);
        for (int64_t c = 0; c < channels; c += width) {
            nextX.fetch(c);
            nextGradient.fetch(c);
            nextInput.fetch(c);
            Floats factor, term, middle, steepness, summand;
            load(scale + c, factor);
            load(offset + c, term);
            load(mean + c, middle);
            load(slope + c, steepness);
            load(constant + c, summand);
#pragma unroll
            for (int64_t row = 0; row < count; ++row) {
                const int64_t at = (first + row) * channels + c;
                Floats input, g;
                load(x + at, input);
                load(gradient + at, g);
                close<gate>(input, factor, term, nullptr, at, g);
                store(g * factor + ((input - middle) * steepness + summand), dx + at);
            }
        }
    });
}

template <typename Element>
void inputGradient(
    const Element *x, const Element *gradient, Gate gate, const float *scale, const float *offset, const float *mean,
    const float *slope, const float *constant, int64_t rows, int64_t channels, Element *dx) {
    if (gate == Gate::recomputed) {
        inputGradientOfRows<Gate::recomputed>(
            x, gradient, scale, offset, mean, slope, constant, rows, channels, dx);
    } else {
        inputGradientOfRows<Gate::open>(x, gradient, scale, offset, mean, slope, constant, rows, channels, dx);
    }
}

template <typename Element>
const NormKernels<Element> &kernels() {
    static constexpr NormKernels<Element> all{
        moments<Element>, normalize<Element>, gradientSums<Element>, inputGradient<Element>};
    return all;
}

#undef CT_INLINE
