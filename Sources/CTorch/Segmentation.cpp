#include "OpenMP.h"
#include "SegmentationRows.h"
#include "Support.h"
#include "include/ct_segmentation.h"

#include <ATen/core/grad_mode.h>
#include <ATen/TensorOperators.h>
#include <ATen/ops/argmax.h>
#include <ATen/ops/cross_entropy_loss.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/scalar_tensor.h>
#include <ATen/ops/upsample_bilinear2d.h>
#include <ATen/ops/zeros_like.h>
#include <torch/csrc/autograd/custom_function.h>

#include <algorithm>
#include <cmath>
#include <vector>

namespace {

using torch::autograd::AutogradContext;
using torch::autograd::variable_list;
namespace segmentation = ct::segmentation;
using segmentation::chunk;

constexpr uint8_t hole = 255;

/// Scores N, classes, h, w in float32 and the lines that lead from an enlarged row to them.
struct Scores {
    at::Tensor tensor;
    const float *values;
    int64_t images, classes, height, width, rows, columns;
    segmentation::Line vertical, horizontal;

    Scores(const at::Tensor &logits, int64_t rows, int64_t columns)
        : tensor(logits.detach().to(at::kFloat).contiguous()), values(ct::elements<float>(tensor)), images(tensor.size(0)),
          classes(tensor.size(1)), height(tensor.size(2)), width(tensor.size(3)), rows(rows), columns(columns), vertical(height, rows),
          horizontal(width, columns) {}

    /// Where the image's row `y` of class 0 begins; the next class is `height * width` on.
    const float *line(int64_t image, int64_t y) const { return values + (image * classes * height + y) * width; }

    /// The scores between the two rows of the map that an enlarged row lies between: classes × width.
    void row(int64_t image, int64_t y, float *into) const {
        const auto at = static_cast<size_t>(y);
        const float *above = line(image, vertical.left[at]), *below = line(image, vertical.right[at]);
        for (int64_t c = 0; c < classes; ++c) {
            segmentation::mix(above + c * height * width, below + c * height * width, vertical.share[at], width, into + c * width);
        }
    }

    /// The scores of the pixels from `x` on.
    int64_t pixels(const float *row, int64_t x, float *into) const {
        const int64_t count = std::min(chunk, columns - x);
        segmentation::enlarge(
            row, width, classes, horizontal.left.data() + x, horizontal.right.data() + x, horizontal.share.data() + x, count, into);
        return count;
    }
};

struct Sums {
    double loss = 0;
    int64_t correct = 0, labelled = 0;
};

/// The rows of the map's gradient that a part of the masks' rows leads to: row, class, column, from `first` on. The rows of all images
/// are counted through.
struct PartGradient {
    int64_t first = 0;
    std::vector<float> values;
};

/// The losses of a part's rows, and where wanted their gradients before the division by the number of labelled pixels.
Sums lossOf(const Scores &scores, const uint8_t *targets, ct::PartRange range, PartGradient *gradient) {
    const int64_t rowSize = scores.classes * scores.width;
    std::vector<float> row(static_cast<size_t>(rowSize)), rowGradient(static_cast<size_t>(rowSize));
    std::vector<float> pixels(static_cast<size_t>(scores.classes * chunk));
    if (gradient && range.begin < range.end) {
        const auto place = [&](int64_t index, const std::vector<int32_t> &lines) {
            return index / scores.rows * scores.height + lines[static_cast<size_t>(index % scores.rows)];
        };
        gradient->first = place(range.begin, scores.vertical.left);
        gradient->values.resize(static_cast<size_t>((place(range.end - 1, scores.vertical.right) - gradient->first + 1) * rowSize));
    }
    Sums sums;
    for (int64_t index = range.begin; index < range.end; ++index) {
        const int64_t image = index / scores.rows, y = index % scores.rows;
        const uint8_t *mask = targets + index * scores.columns;
        if (std::all_of(mask, mask + scores.columns, [](uint8_t id) { return id == hole; })) { continue; }
        scores.row(image, y, row.data());
        if (gradient) { std::fill(rowGradient.begin(), rowGradient.end(), 0.0f); }
        for (int64_t x = 0; x < scores.columns; x += chunk) {
            float best[chunk], total[chunk], wanted[chunk];
            int32_t winner[chunk];
            const int64_t count = scores.pixels(row.data(), x, pixels.data());
            segmentation::largest(pixels.data(), scores.classes, best, winner);
            for (int64_t i = 0; i < count; ++i) {
                const uint8_t id = mask[x + i];
                wanted[i] = id == hole ? 0 : pixels[static_cast<size_t>(id * chunk + i)];
                sums.correct += id == winner[i] && id != hole;
            }
            segmentation::exponentials(pixels.data(), scores.classes, best, total);
            for (int64_t i = 0; i < count; ++i) {
                if (mask[x + i] == hole) { continue; }
                sums.loss += static_cast<double>(std::log(total[i]) + (best[i] - wanted[i]));
                sums.labelled += 1;
            }
            if (!gradient) { continue; }
            for (int64_t i = 0; i < chunk; ++i) { total[i] = i < count && mask[x + i] != hole ? 1 / total[i] : 0; }
            segmentation::scale(pixels.data(), scores.classes, total);
            for (int64_t i = 0; i < count; ++i) {
                if (mask[x + i] != hole) { pixels[static_cast<size_t>(mask[x + i] * chunk + i)] -= 1; }
            }
            segmentation::gather(
                pixels.data(), scores.classes, scores.horizontal.left.data() + x, scores.horizontal.right.data() + x,
                scores.horizontal.share.data() + x, count, scores.width, rowGradient.data());
        }
        if (gradient) {
            const auto at = static_cast<size_t>(y);
            const float share = scores.vertical.share[at];
            const int64_t base = image * scores.height - gradient->first;
            float *values = gradient->values.data();
            segmentation::addScaled(rowGradient.data(), 1 - share, rowSize, values + (base + scores.vertical.left[at]) * rowSize);
            segmentation::addScaled(rowGradient.data(), share, rowSize, values + (base + scores.vertical.right[at]) * rowSize);
        }
    }
    return sums;
}

/// Adds up the parts' gradients, in their order, and divides.
at::Tensor joined(const Scores &scores, const std::vector<PartGradient> &parts, float factor) {
    at::Tensor result = at::zeros_like(scores.tensor);
    auto *into = static_cast<float *>(result.mutable_data_ptr());
    const int64_t rowSize = scores.classes * scores.width;
    for (const PartGradient &part : parts) {
        for (int64_t i = 0; i < static_cast<int64_t>(part.values.size()) / rowSize; ++i) {
            const int64_t image = (part.first + i) / scores.height, y = (part.first + i) % scores.height;
            for (int64_t c = 0; c < scores.classes; ++c) {
                segmentation::addScaled(
                    part.values.data() + i * rowSize + c * scores.width, factor, scores.width,
                    into + ((image * scores.classes + c) * scores.height + y) * scores.width);
            }
        }
    }
    return result;
}

/// The loss on the processor. The forward pass works out the gradient too, for the scores of a pixel are at hand only then.
class SegmentationLoss : public torch::autograd::Function<SegmentationLoss> {
  public:
    static variable_list forward(AutogradContext *context, const at::Tensor &logits, const at::Tensor &targets, bool wantsGradient) {
        const Scores scores(logits, targets.size(1), targets.size(2));
        const uint8_t *masks = ct::elements<uint8_t>(targets);
        const int64_t rows = scores.images * scores.rows;
        const int parts = ct::partCount(targets.numel() * scores.classes);
        std::vector<Sums> sums(static_cast<size_t>(parts));
        std::vector<PartGradient> gradients(static_cast<size_t>(parts));
        ct::parallelParts(parts, [&](int part) {
            const auto at = static_cast<size_t>(part);
            sums[at] = lossOf(scores, masks, ct::PartRange(rows, parts, part), wantsGradient ? &gradients[at] : nullptr);
        });
        Sums all;
        for (const Sums &part : sums) {
            all.loss += part.loss;
            all.correct += part.correct;
            all.labelled += part.labelled;
        }
        const double share = 1.0 / static_cast<double>(std::max<int64_t>(1, all.labelled));
        if (wantsGradient) { context->save_for_backward({joined(scores, gradients, static_cast<float>(share))}); }
        context->saved_data["type"] = logits.scalar_type();
        const at::Tensor correct = at::scalar_tensor(all.correct, targets.options().dtype(at::kLong));
        const at::Tensor labelled = at::scalar_tensor(all.labelled, targets.options().dtype(at::kLong));
        context->mark_non_differentiable({correct, labelled});
        return {at::scalar_tensor(all.loss * share, targets.options().dtype(at::kFloat)), correct, labelled};
    }

    static variable_list backward(AutogradContext *context, variable_list arriving) {
        TORCH_CHECK(!at::GradMode::is_enabled(), "the segmentation loss has no second derivative");
        const at::Tensor gradient = context->get_saved_variables()[0] * arriving[0];
        return {gradient.to(context->saved_data["type"].toScalarType(), false, false, at::MemoryFormat::ChannelsLast), at::Tensor(), at::Tensor()};
    }
};

void checkMasks(const at::Tensor &logits, const at::Tensor &targets) {
    TORCH_CHECK(logits.dim() == 4 && logits.numel() > 0 && logits.size(1) <= 255, "scores are N, classes, h, w of at most 255 classes");
    TORCH_CHECK(
        targets.dim() == 3 && targets.scalar_type() == at::kByte && targets.size(0) == logits.size(0) && targets.numel() > 0,
        "masks are N, H, W in uint8, one for each image");
}

/// Refuses ids that the scores have no column for, which would read past them.
void checkClasses(const at::Tensor &targets, int64_t classes) {
    const uint8_t *ids = ct::elements<uint8_t>(targets);
    const uint8_t *end = ids + targets.numel();
    const uint8_t *wrong = std::find_if(ids, end, [=](uint8_t id) { return id != hole && id >= classes; });
    TORCH_CHECK(wrong == end, "a mask holds class ", static_cast<int>(*wrong), ", and the network knows the classes below ", classes);
}

variable_list composedLoss(const at::Tensor &logits, const at::Tensor &targets) {
    const at::Tensor scores = at::upsample_bilinear2d(logits.to(at::kFloat), {targets.size(1), targets.size(2)}, false);
    const at::Tensor ids = targets.to(at::kLong), labelled = targets.ne(hole).sum();
    const at::Tensor loss = at::cross_entropy_loss(scores, ids, {}, at::Reduction::Sum, hole) / labelled.clamp_min(1);
    return {loss, scores.detach().argmax(1).eq(ids).sum(), labelled};
}

}  // namespace

extern "C" {

int ct_segmentation_loss(ct_tensor logits, ct_tensor targets, bool portable, ct_tensor *results) {
    return ct::perform([&] {
        const at::Tensor &scores = logits->value;
        checkMasks(scores, targets->value);
        variable_list found;
        if (portable || !scores.is_cpu()) {
            found = composedLoss(scores, targets->value);
        } else {
            const at::Tensor masks = targets->value.contiguous();
            checkClasses(masks, scores.size(1));
            found = SegmentationLoss::apply(scores, masks, at::GradMode::is_enabled() && scores.requires_grad());
        }
        for (size_t i = 0; i < 3; ++i) { results[i] = ct::box(found[i]); }
    });
}

ct_tensor ct_segmentation_classes(ct_tensor logits, int64_t height, int64_t width, bool portable) {
    return ct::make([&] {
        const at::Tensor &given = logits->value;
        TORCH_CHECK(given.dim() == 4 && given.numel() > 0 && given.size(1) <= 256, "scores are N, classes, h, w of at most 256 classes");
        TORCH_CHECK(height > 0 && width > 0, "a mask has at least one pixel");
        if (portable || !given.is_cpu()) {
            return at::upsample_bilinear2d(given.detach().to(at::kFloat), {height, width}, false).argmax(1).to(at::kByte);
        }
        const Scores scores(given, height, width);
        at::Tensor result = at::empty({scores.images, height, width}, given.options().dtype(at::kByte));
        auto *into = static_cast<uint8_t *>(result.mutable_data_ptr());
        const int parts = ct::partCount(result.numel() * scores.classes);
        ct::parallelParts(parts, [&](int part) {
            std::vector<float> row(static_cast<size_t>(scores.classes * scores.width)), pixels(static_cast<size_t>(scores.classes * chunk));
            const ct::PartRange range(scores.images * height, parts, part);
            for (int64_t index = range.begin; index < range.end; ++index) {
                scores.row(index / height, index % height, row.data());
                for (int64_t x = 0; x < width; x += chunk) {
                    float best[chunk];
                    int32_t winner[chunk];
                    const int64_t count = scores.pixels(row.data(), x, pixels.data());
                    segmentation::largest(pixels.data(), scores.classes, best, winner);
                    for (int64_t i = 0; i < count; ++i) { into[index * width + x + i] = static_cast<uint8_t>(winner[i]); }
                }
            }
        });
        return result;
    });
}
}
