// bfloat16 as its 16 bits.
#pragma once

#include <bit>
#include <cstdint>

namespace ct {

inline float widened(uint16_t bits) { return std::bit_cast<float>(static_cast<uint32_t>(bits) << 16); }

/// The nearest bfloat16, of two the even one. What is not a number stays so.
inline uint16_t narrowed(float value) {
    const uint32_t bits = std::bit_cast<uint32_t>(value);
    return value != value ? uint16_t(0x7FC0) : static_cast<uint16_t>((bits + 0x7FFF + ((bits >> 16) & 1)) >> 16);
}

}  // namespace ct
