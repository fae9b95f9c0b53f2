// What every C function of this folder is made of: the tensor box and the translation of C++ exceptions.
#pragma once
#include "include/ct_tensor.h"
#include <ATen/core/Tensor.h>
#include <c10/util/Exception.h>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

struct ct_tensor_s {
    at::Tensor value;
};

namespace ct {

void set_error(const char *message, bool is_collective = false) noexcept;

/// An operation of several processes has failed: mostly, because another one is gone.
struct CollectiveError : std::runtime_error {
    using std::runtime_error::runtime_error;
};

/// Runs a part of such an operation, whose errors become that.
template <typename Body> auto collective(Body &&body) {
    try {
        return body();
    } catch (const CollectiveError &) {
        throw;
    } catch (const c10::Error &e) {
        throw CollectiveError(e.what_without_backtrace());
    } catch (const std::exception &e) {
        throw CollectiveError(e.what());
    }
}

inline ct_tensor box(at::Tensor t) { return new ct_tensor_s{std::move(t)}; }

inline std::optional<at::Tensor> optional(ct_tensor t) { return t ? std::optional<at::Tensor>(t->value) : std::nullopt; }

inline at::IntArrayRef sizes(const int64_t *p, int64_t n) { return at::IntArrayRef(p, static_cast<size_t>(n)); }

inline std::vector<at::Tensor> list(const ct_tensor *ts, int64_t count) {
    std::vector<at::Tensor> out;
    out.reserve(static_cast<size_t>(count));
    for (int64_t i = 0; i < count; i++) out.push_back(ts[i]->value);
    return out;
}

/// The elements to read. libtorch's own template for it goes by another name in a library that GCC has built.
template <typename Element> const Element *elements(const at::Tensor &t) { return static_cast<const Element *>(t.const_data_ptr()); }

inline c10::Device device(int number) {
    return number < 0 ? c10::Device(c10::DeviceType::CPU) : c10::Device(c10::DeviceType::CUDA, static_cast<c10::DeviceIndex>(number));
}

inline c10::ScalarType dtype(int number) { return static_cast<c10::ScalarType>(number); }

/// A copy of `bytes` (row-major) on a device; to a CUDA device through page-locked memory, without waiting for it.
at::Tensor uploaded(const void *bytes, int64_t byte_count, at::IntArrayRef sizes, c10::ScalarType type, c10::Device to);

/// Runs `body`; whatever it throws becomes the thread's error message and `failed` the result.
template <typename Result, typename Body> Result guarded(Result failed, Body &&body) noexcept {
    try {
        return body();
    } catch (const CollectiveError &e) {
        set_error(e.what(), true);
    } catch (const c10::Error &e) {
        set_error(e.what_without_backtrace());
    } catch (const std::exception &e) {
        set_error(e.what());
    } catch (...) {
        set_error("an exception that is no std::exception");
    }
    return failed;
}

template <typename Body> ct_tensor make(Body &&body) noexcept {
    return guarded<ct_tensor>(nullptr, [&] { return box(body()); });
}

template <typename Body> int perform(Body &&body) noexcept {
    return guarded<int>(-1, [&] { body(); return 0; });
}

} // namespace ct
