#include "Support.h"
#include "include/ct_optimizer.h"
#include <ATen/core/grad_mode.h>
#include <ATen/ops/_amp_foreach_non_finite_check_and_unscale.h>
#include <ATen/ops/_amp_update_scale.h>
#include <ATen/ops/_foreach_add.h>
#include <ATen/ops/_foreach_addcdiv.h>
#include <ATen/ops/_foreach_addcmul.h>
#include <ATen/ops/_foreach_div.h>
#include <ATen/ops/_foreach_mul.h>
#include <ATen/ops/_foreach_sqrt.h>
#include <ATen/ops/_fused_adam.h>
#include <ATen/ops/_fused_sgd.h>
#include <ATen/ops/full.h>

namespace {
template <typename Body> int update(Body &&body) {
    return ct::perform([&] {
        at::NoGradGuard no_grad;
        body();
    });
}
} // namespace

extern "C" {

int ct_fused_sgd_(const ct_tensor *weights, const ct_tensor *gradients, const ct_tensor *velocities, int64_t count, double lr, double momentum,
                  double weight_decay, bool nesterov, bool first_step, ct_tensor skip) {
    return update([&] {
        const auto w = ct::list(weights, count), g = ct::list(gradients, count);
        const auto v = momentum != 0 ? ct::list(velocities, count) : std::vector<at::Tensor>();
        at::_fused_sgd_(w, g, v, weight_decay, momentum, lr, /*dampening=*/0, nesterov, /*maximize=*/false, first_step, {},
                        ct::optional(skip));
    });
}
int ct_fused_adam_(const ct_tensor *weights, const ct_tensor *gradients, const ct_tensor *means, const ct_tensor *squares, int64_t count,
                   int64_t step, double lr, double beta1, double beta2, double eps, double weight_decay) {
    return update([&] {
        if (count == 0) return;
        const at::Tensor s = at::full({}, static_cast<double>(step), at::TensorOptions().dtype(at::kFloat).device(weights[0]->value.device()));
        const std::vector<at::Tensor> steps(static_cast<size_t>(count), s);
        at::_fused_adam_(ct::list(weights, count), ct::list(gradients, count), ct::list(means, count), ct::list(squares, count), {}, steps, lr,
                         beta1, beta2, weight_decay, eps, /*amsgrad=*/false, /*maximize=*/false);
    });
}
int ct_foreach_mul_scalar_(const ct_tensor *a, int64_t count, double s) {
    return update([&] { at::_foreach_mul_(ct::list(a, count), s); });
}
int ct_foreach_mul_tensor_(const ct_tensor *a, int64_t count, ct_tensor s) {
    return update([&] { at::_foreach_mul_(ct::list(a, count), s->value.reshape({})); });
}
int ct_unscale_(const ct_tensor *a, int64_t count, ct_tensor scale, ct_tensor found) {
    return update([&] {
        const auto all = ct::list(a, count);
        at::_amp_foreach_non_finite_check_and_unscale_(all, found->value, scale->value.reciprocal());
    });
}
int ct_update_scale_(ct_tensor scale, ct_tensor good, ct_tensor found, double growth, double backoff, int64_t interval) {
    return update([&] { at::_amp_update_scale_(scale->value, good->value, found->value, growth, backoff, interval); });
}
int ct_foreach_add_(const ct_tensor *a, const ct_tensor *b, int64_t count, double s) {
    return update([&] { at::_foreach_add_(ct::list(a, count), ct::list(b, count), s); });
}
int ct_foreach_addcmul_(const ct_tensor *a, const ct_tensor *b, const ct_tensor *c, int64_t count, double s) {
    return update([&] { at::_foreach_addcmul_(ct::list(a, count), ct::list(b, count), ct::list(c, count), s); });
}
int ct_foreach_addcdiv_(const ct_tensor *a, const ct_tensor *b, const ct_tensor *c, int64_t count, double s) {
    return update([&] { at::_foreach_addcdiv_(ct::list(a, count), ct::list(b, count), ct::list(c, count), s); });
}
int ct_foreach_mul_(const ct_tensor *a, const ct_tensor *b, int64_t count) {
    return update([&] { at::_foreach_mul_(ct::list(a, count), ct::list(b, count)); });
}
int ct_foreach_div_(const ct_tensor *a, const ct_tensor *b, int64_t count) {
    return update([&] { at::_foreach_div_(ct::list(a, count), ct::list(b, count)); });
}
int ct_foreach_sqrt_plus(const ct_tensor *a, int64_t count, double s, ct_tensor *out) {
    return update([&] {
        auto sums = at::_foreach_add(ct::list(a, count), s);
        at::_foreach_sqrt_(sums);
        for (int64_t i = 0; i < count; i++) out[i] = ct::box(std::move(sums[static_cast<size_t>(i)]));
    });
}
}
