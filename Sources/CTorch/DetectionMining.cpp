#include "DetectionMining.h"

#include "OpenMP.h"
#include "Support.h"

#include <ATen/ops/empty.h>
#include <ATen/ops/scalar_tensor.h>
#include <c10/util/Exception.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

namespace {

struct Candidate {
    float loss;
    int64_t anchor;

    /// Harder first, then the earlier anchor: the order of a stable sort.
    bool operator<(const Candidate &other) const { return loss != other.loss ? loss > other.loss : anchor < other.anchor; }
};

struct ImageTargets {
    /// Anchors with an object and the columns of their classes.
    std::vector<int64_t> positives, columns;
    /// Background anchors that count.
    std::vector<int64_t> negatives;
};

ImageTargets mine(
    const float *logProbabilities, int64_t width, const int64_t *targets, int64_t anchors, const int64_t *classes,
    const ct_multibox_options &options) {
    ImageTargets image;
    std::vector<Candidate> candidates;
    candidates.reserve(static_cast<size_t>(anchors));
    for (int64_t anchor = 0; anchor < anchors; ++anchor) {
        if (targets[anchor] >= 0) {
            image.positives.push_back(anchor);
            image.columns.push_back(classes[targets[anchor]] + 1);
        } else if (targets[anchor] == -1) {
            const float loss = -logProbabilities[anchor * width];
            // What is not a number is the hardest, as in libtorch's sort; it would break the order otherwise.
            candidates.push_back({std::isnan(loss) ? std::numeric_limits<float>::infinity() : loss, anchor});
        }
    }
    const double asked = std::max(
        std::floor(static_cast<double>(image.positives.size()) * options.negative_ratio), static_cast<double>(options.minimum_negatives));
    const size_t wanted = static_cast<size_t>(std::min(asked, static_cast<double>(candidates.size())));
    if (wanted < candidates.size()) { std::nth_element(candidates.begin(), candidates.begin() + static_cast<int64_t>(wanted), candidates.end()); }
    for (size_t i = 0; i < wanted; ++i) { image.negatives.push_back(candidates[i].anchor); }
    std::sort(image.negatives.begin(), image.negatives.end());
    return image;
}

struct Offsets {
    float values[4];
};

/// torchvision's encode_boxes with weights 10, 10, 5, 5.
Offsets encode(const float *box, const float *anchor) {
    const float width = box[2] - box[0], height = box[3] - box[1];
    const float anchorWidth = anchor[2] - anchor[0], anchorHeight = anchor[3] - anchor[1];
    const float x = box[0] + 0.5f * width, y = box[1] + 0.5f * height;
    const float anchorX = anchor[0] + 0.5f * anchorWidth, anchorY = anchor[1] + 0.5f * anchorHeight;
    return {{10 * (x - anchorX) / anchorWidth, 10 * (y - anchorY) / anchorHeight, 5 * std::log(width / anchorWidth),
             5 * std::log(height / anchorHeight)}};
}

}  // namespace

ct::MinedLoss ct::mined_loss(
    const at::Tensor &logProbabilities, const at::Tensor &offsets, const at::Tensor &targets, const at::Tensor &corners,
    const at::Tensor &boxes, const at::Tensor &classes, const ct_multibox_options &options) {
    const int64_t images = logProbabilities.size(0), anchors = logProbabilities.size(1), width = logProbabilities.size(2);
    const int64_t slots = boxes.size(1);
    const float *logs = ct::elements<float>(logProbabilities), *predicted = ct::elements<float>(offsets);
    const float *corner = ct::elements<float>(corners), *box = ct::elements<float>(boxes);
    const int64_t *target = ct::elements<int64_t>(targets), *number = ct::elements<int64_t>(classes);
    for (int64_t i = 0; i < images * slots; ++i) {
        TORCH_CHECK(
            number[i] < width - 1, "an object is of class ", number[i], ", and the network knows the classes below ", width - 1);
    }

    std::vector<ImageTargets> mined(static_cast<size_t>(images));
    const int parts = ct::partCount(images * anchors);
    ct::parallelParts(parts, [&](int part) {
        const ct::PartRange range(images, parts, part);
        for (int64_t i = range.begin; i < range.end; ++i) {
            mined[static_cast<size_t>(i)] = mine(logs + i * anchors * width, width, target + i * anchors, anchors, number + i * slots, options);
        }
    });

    int64_t positives = 0, counting = 0;
    for (const ImageTargets &image : mined) {
        positives += static_cast<int64_t>(image.positives.size());
        counting += static_cast<int64_t>(image.positives.size() + image.negatives.size());
    }
    const auto longs = targets.options();
    const auto floats = logProbabilities.options();
    MinedLoss result;
    result.rows = at::empty({counting}, longs);
    result.logitGradients = at::empty({counting, width}, floats);
    result.positives = at::empty({positives}, longs);
    result.offsetGradients = at::empty({positives, 4}, floats);
    int64_t *row = result.rows.mutable_data_ptr<int64_t>(), *positive = result.positives.mutable_data_ptr<int64_t>();
    float *logitGradient = result.logitGradients.mutable_data_ptr<float>(), *offsetGradient = result.offsetGradients.mutable_data_ptr<float>();

    double classification = 0, regression = 0;
    int64_t misses = 0;
    const auto classify = [&](int64_t place, int64_t column) {
        const float *from = logs + place * width;
        classification -= from[column];
        for (int64_t c = 0; c < width; ++c) { logitGradient[c] = std::exp(from[c]) - (c == column ? 1.0f : 0.0f); }
        logitGradient += width;
        *row++ = place;
    };
    for (int64_t i = 0; i < images; ++i) {
        const ImageTargets &image = mined[static_cast<size_t>(i)];
        for (size_t k = 0; k < image.positives.size(); ++k) {
            const int64_t anchor = image.positives[k], place = i * anchors + anchor;
            classify(place, image.columns[k]);
            const Offsets goal = encode(box + (i * slots + target[place]) * 4, corner + anchor * 4);
            for (int c = 0; c < 4; ++c) {
                const float miss = predicted[place * 4 + c] - goal.values[c], distance = std::abs(miss);
                const float loss = distance < 1 ? 0.5f * miss * miss : distance - 0.5f;
                regression += loss;
                misses += loss > 0;
                *offsetGradient++ = distance < 1 ? miss : miss > 0 ? 1.0f : miss < 0 ? -1.0f : miss;
            }
            *positive++ = place;
        }
        for (const int64_t anchor : image.negatives) { classify(i * anchors + anchor, 0); }
    }
    const double classificationWeight = 1.0 / static_cast<double>(std::max<int64_t>(1, options.by_valid_count ? counting : positives));
    const double regressionWeight = 1.0 / static_cast<double>(std::max<int64_t>(1, options.by_valid_count ? misses : positives));
    result.logitGradients.mul_(classificationWeight);
    result.offsetGradients.mul_(regressionWeight);
    result.classification = at::scalar_tensor(classification * classificationWeight, floats);
    result.regression = at::scalar_tensor(regression * regressionWeight, floats);
    return result;
}
