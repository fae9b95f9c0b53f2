// Loops over the channels of one pixel. Channels lie beside each other, so the compiler turns each into vector instructions.
#pragma once

#include "Clones.h"

#include <algorithm>
#include <cstdint>

namespace ct {

/// The bits of a bfloat16 as an integer of the same order: those of negative numbers run backwards. The inverse is the same function.
inline int16_t ordered(int16_t bits) { return static_cast<int16_t>(bits ^ ((bits >> 15) & 0x7fff)); }

/// largest = max(largest, value)
void raise(float *largest, const float *value, int64_t count);
void raise(int16_t *largest, const int16_t *value, int64_t count);

/// The same, and `places` becomes `place` where `value` is the new largest.
void raiseWithPlace(float *largest, uint8_t *places, const float *value, uint8_t place, int64_t count);
void raiseWithPlace(int16_t *largest, uint8_t *places, const int16_t *value, uint8_t place, int64_t count);

/// Where `largest` is not above 0, `places` becomes `noPlace`.
void closePlaces(const float *largest, uint8_t *places, int64_t count);
void closePlaces(const int16_t *largest, uint8_t *places, int64_t count);

/// into = the gradient where `places` is `place`, else 0
void takeWhere(float *into, const float *gradient, const uint8_t *places, uint8_t place, int64_t count);
void takeWhere(int16_t *into, const int16_t *gradient, const uint8_t *places, uint8_t place, int64_t count);

/// sums += the gradient where `places` is `place`
void addWhere(float *sums, const float *gradient, const uint8_t *places, uint8_t place, int64_t count);
void addWhere(float *sums, const int16_t *gradient, const uint8_t *places, uint8_t place, int64_t count);

/// into = sums in the tensor's own precision
void round(float *into, const float *sums, int64_t count);
void round(int16_t *into, const float *sums, int64_t count);

}  // namespace ct
