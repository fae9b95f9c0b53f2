#include "MaxPoolKernels.h"

#include "MaxPool.h"

#include <bit>

namespace ct {
namespace {

inline float widened(int16_t bits) { return std::bit_cast<float>(static_cast<uint32_t>(static_cast<uint16_t>(bits)) << 16); }

/// To the nearest, ties to even, as libtorch rounds.
inline int16_t narrowed(float value) {
    const uint32_t bits = std::bit_cast<uint32_t>(value);
    const uint32_t rounded = (bits + 0x7fffu + ((bits >> 16) & 1u)) >> 16;
    return static_cast<int16_t>(value == value ? rounded : (bits >> 16) | 0x40u);
}

// `target_clones` takes no overloads, so each function has a name of its own here.

CT_CLONES void raiseFloat(float *largest, const float *value, int64_t count) {
    for (int64_t c = 0; c < count; ++c) { largest[c] = value[c] > largest[c] ? value[c] : largest[c]; }
}
CT_CLONES void raiseBFloat16(int16_t *largest, const int16_t *value, int64_t count) {
    for (int64_t c = 0; c < count; ++c) { largest[c] = ordered(std::max(ordered(largest[c]), ordered(value[c]))); }
}

CT_CLONES void raiseFloatWithPlace(float *largest, uint8_t *places, const float *value, uint8_t place, int64_t count) {
    for (int64_t c = 0; c < count; ++c) {
        const bool isLarger = value[c] > largest[c];
        largest[c] = isLarger ? value[c] : largest[c];
        places[c] = isLarger ? place : places[c];
    }
}
CT_CLONES void raiseBFloat16WithPlace(int16_t *largest, uint8_t *places, const int16_t *value, uint8_t place, int64_t count) {
    for (int64_t c = 0; c < count; ++c) {
        const bool isLarger = ordered(value[c]) > ordered(largest[c]);
        largest[c] = isLarger ? value[c] : largest[c];
        places[c] = isLarger ? place : places[c];
    }
}

CT_CLONES void closePlacesFloat(const float *largest, uint8_t *places, int64_t count) {
    for (int64_t c = 0; c < count; ++c) { places[c] = largest[c] > 0 ? places[c] : noPlace; }
}
CT_CLONES void closePlacesBFloat16(const int16_t *largest, uint8_t *places, int64_t count) {
    for (int64_t c = 0; c < count; ++c) { places[c] = largest[c] > 0 ? places[c] : noPlace; }
}

CT_CLONES void takeFloatWhere(float *into, const float *gradient, const uint8_t *places, uint8_t place, int64_t count) {
    for (int64_t c = 0; c < count; ++c) { into[c] = places[c] == place ? gradient[c] : 0.0f; }
}
CT_CLONES void takeBFloat16Where(int16_t *into, const int16_t *gradient, const uint8_t *places, uint8_t place, int64_t count) {
    for (int64_t c = 0; c < count; ++c) { into[c] = places[c] == place ? gradient[c] : int16_t(0); }
}

CT_CLONES void addFloatWhere(float *sums, const float *gradient, const uint8_t *places, uint8_t place, int64_t count) {
    for (int64_t c = 0; c < count; ++c) { sums[c] += places[c] == place ? gradient[c] : 0.0f; }
}
CT_CLONES void addBFloat16Where(float *sums, const int16_t *gradient, const uint8_t *places, uint8_t place, int64_t count) {
    for (int64_t c = 0; c < count; ++c) { sums[c] += places[c] == place ? widened(gradient[c]) : 0.0f; }
}
CT_CLONES void roundBFloat16(int16_t *into, const float *sums, int64_t count) {
    for (int64_t c = 0; c < count; ++c) { into[c] = narrowed(sums[c]); }
}

}  // namespace

void raise(float *largest, const float *value, int64_t count) { raiseFloat(largest, value, count); }
void raise(int16_t *largest, const int16_t *value, int64_t count) { raiseBFloat16(largest, value, count); }
void raiseWithPlace(float *largest, uint8_t *places, const float *value, uint8_t place, int64_t count) {
    raiseFloatWithPlace(largest, places, value, place, count);
}
void raiseWithPlace(int16_t *largest, uint8_t *places, const int16_t *value, uint8_t place, int64_t count) {
    raiseBFloat16WithPlace(largest, places, value, place, count);
}
void closePlaces(const float *largest, uint8_t *places, int64_t count) { closePlacesFloat(largest, places, count); }
void closePlaces(const int16_t *largest, uint8_t *places, int64_t count) { closePlacesBFloat16(largest, places, count); }
void takeWhere(float *into, const float *gradient, const uint8_t *places, uint8_t place, int64_t count) {
    takeFloatWhere(into, gradient, places, place, count);
}
void takeWhere(int16_t *into, const int16_t *gradient, const uint8_t *places, uint8_t place, int64_t count) {
    takeBFloat16Where(into, gradient, places, place, count);
}
void addWhere(float *sums, const float *gradient, const uint8_t *places, uint8_t place, int64_t count) {
    addFloatWhere(sums, gradient, places, place, count);
}
void addWhere(float *sums, const int16_t *gradient, const uint8_t *places, uint8_t place, int64_t count) {
    addBFloat16Where(sums, gradient, places, place, count);
}
void round(float *into, const float *sums, int64_t count) { std::copy_n(sums, count, into); }
void round(int16_t *into, const float *sums, int64_t count) { roundBFloat16(into, sums, count); }

}  // namespace ct
