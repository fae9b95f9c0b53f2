#include "Dropout.h"

#include "BFloat16.h"
#include "Clones.h"
#include "OpenMP.h"

#include <ATen/core/grad_mode.h>
#include <ATen/ops/arange.h>
#include <ATen/ops/empty_like.h>
#include <ATen/ops/stack.h>
#include <torch/csrc/autograd/custom_function.h>

#include <algorithm>
#include <cmath>

namespace ct {
namespace {

constexpr uint64_t golden = 0x9E37'79B9'7F4A'7C15, first = 0xBF58'476D'1CE4'E5B9, second = 0x94D0'49BB'1331'11EB;

/// What of 65536 values of 16 bits means "drop", and what the rest is multiplied by.
struct Share {
    int64_t threshold;
    float scale;

    explicit Share(double rate)
        : threshold(std::lround(rate * 65536)), scale(static_cast<float>(65536.0 / static_cast<double>(65536 - threshold))) {}
};

inline uint64_t mixed(uint64_t z) {
    z = (z ^ (z >> 30)) * first;
    z = (z ^ (z >> 27)) * second;
    return z ^ (z >> 31);
}

CT_CLONES void dropFloats(const float *from, float *into, uint64_t seed, int64_t fours, uint32_t threshold, float scale) {
    for (int64_t four = 0; four < fours; ++four) {
        const uint64_t z = mixed(seed + golden * static_cast<uint64_t>(four + 1));
        for (int i = 0; i < 4; ++i) {
            const uint32_t drawn = static_cast<uint32_t>(z >> (16 * i)) & 0xFFFF;
            into[4 * four + i] = drawn < threshold ? 0.0f : from[4 * four + i] * scale;
        }
    }
}
CT_CLONES void dropBFloat16s(const uint16_t *from, uint16_t *into, uint64_t seed, int64_t fours, uint32_t threshold, float scale) {
    for (int64_t four = 0; four < fours; ++four) {
        const uint64_t z = mixed(seed + golden * static_cast<uint64_t>(four + 1));
        for (int i = 0; i < 4; ++i) {
            const uint32_t drawn = static_cast<uint32_t>(z >> (16 * i)) & 0xFFFF;
            into[4 * four + i] = drawn < threshold ? uint16_t(0) : narrowed(widened(from[4 * four + i]) * scale);
        }
    }
}

at::Tensor dense(const at::Tensor &x) {
    return x.contiguous(x.dim() == 4 ? at::MemoryFormat::ChannelsLast : at::MemoryFormat::Contiguous);
}

template <typename Element, typename Drop>
void dropAll(const at::Tensor &x, const at::Tensor &y, uint64_t seed, const Share &share, const Drop &drop) {
    const auto *from = static_cast<const Element *>(x.const_data_ptr());
    auto *into = static_cast<Element *>(y.mutable_data_ptr());
    const int64_t fours = x.numel() / 4, rest = x.numel() % 4;
    const auto threshold = static_cast<uint32_t>(share.threshold);
    const int parts = partCount(x.numel());
    parallelParts(parts, [&](int part) {
        const PartRange range(fours, parts, part);
        drop(
            from + 4 * range.begin, into + 4 * range.begin, seed + golden * static_cast<uint64_t>(range.begin), range.end - range.begin,
            threshold, share.scale);
    });
    if (rest > 0) {
        Element last[4] = {}, result[4];
        std::copy_n(from + 4 * fours, rest, last);
        drop(last, result, seed + golden * static_cast<uint64_t>(fours), 1, threshold, share.scale);
        std::copy_n(result, rest, into + 4 * fours);
    }
}

/// The same in libtorch's operations. int64 wraps like the unsigned type; its shift keeps the sign, which the masks remove.
at::Tensor composed(const at::Tensor &x, uint64_t seed, const Share &share) {
    const auto signedOf = [](uint64_t value) { return static_cast<int64_t>(value); };
    const auto shifted = [&](const at::Tensor &z, int64_t by) {
        return z.bitwise_right_shift(by).bitwise_and(signedOf(~uint64_t(0) >> by));
    };
    at::Tensor z = at::arange(1, x.numel() / 4 + 2, x.options().dtype(at::kLong)).mul(signedOf(golden)).add(signedOf(seed));
    z = z.bitwise_xor(shifted(z, 30)).mul(signedOf(first));
    z = z.bitwise_xor(shifted(z, 27)).mul(signedOf(second));
    z = z.bitwise_xor(shifted(z, 31));
    const at::Tensor drawn = at::stack({z, shifted(z, 16), shifted(z, 32), shifted(z, 48)}, 1).bitwise_and(0xFFFF);
    const at::Tensor kept = drawn.flatten().narrow(0, 0, x.numel()).ge(share.threshold);
    // Memory is looked at as one row, and the result gets the strides of `x` back.
    const at::Tensor row = x.as_strided({x.numel()}, {1});
    const at::Tensor y = row.mul(static_cast<double>(share.scale)).masked_fill(kept.logical_not(), 0);
    return y.as_strided(x.sizes(), x.strides());
}

at::Tensor dropped(const at::Tensor &given, double rate, uint64_t seed, bool portable) {
    const at::Tensor x = dense(given);
    const Share share(rate);
    const bool isShort = x.scalar_type() == at::kBFloat16;
    if (portable || !x.is_cpu() || !(isShort || x.scalar_type() == at::kFloat)) { return composed(x, seed, share); }
    at::Tensor y = at::empty_like(x);
    if (isShort) {
        dropAll<uint16_t>(x, y, seed, share, dropBFloat16s);
    } else {
        dropAll<float>(x, y, seed, share, dropFloats);
    }
    return y;
}

class Dropout : public torch::autograd::Function<Dropout> {
  public:
    static at::Tensor forward(torch::autograd::AutogradContext *context, const at::Tensor &x, double rate, int64_t seed, bool portable) {
        context->saved_data["rate"] = rate;
        context->saved_data["seed"] = seed;
        context->saved_data["portable"] = portable;
        return dropped(x, rate, static_cast<uint64_t>(seed), portable);
    }

    static torch::autograd::variable_list backward(
        torch::autograd::AutogradContext *context, torch::autograd::variable_list arriving) {
        TORCH_CHECK(!at::GradMode::is_enabled(), "dropout has no second derivative");
        const at::Tensor gradient = dropped(
            arriving[0], context->saved_data["rate"].toDouble(), static_cast<uint64_t>(context->saved_data["seed"].toInt()),
            context->saved_data["portable"].toBool());
        return {gradient, at::Tensor(), at::Tensor(), at::Tensor()};
    }
};

}  // namespace

at::Tensor dropout(const at::Tensor &x, double rate, uint64_t seed, int64_t offset, bool portable) {
    TORCH_CHECK(rate >= 0 && rate < 1, "dropout's rate is 0 or more and less than 1, not ", rate);
    TORCH_CHECK(offset % 4 == 0, "numbers are drawn in fours, and ", offset, " is no multiple");
    return Dropout::apply(x, rate, static_cast<int64_t>(seed + golden * static_cast<uint64_t>(offset / 4)), portable);
}

}  // namespace ct
