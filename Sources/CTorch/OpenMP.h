#pragma once

#include <cstdint>

namespace ct {

/// Runs `body(context, part)` once for every `part` in 0..<parts, on libtorch's own OpenMP team.
///
/// Swift's clang comes without an OpenMP runtime, so `at::parallel_for` would run serially in our files. A second thread pool
/// would fight with libtorch's for the same cores: its workers spin for a while after each region. So we share the team,
/// through the entry point that GCC's `#pragma omp parallel` compiles to. Where it is not found, the parts run one by one.
void runParts(int parts, void (*body)(void *context, int part), void *context);

/// The number of parts worth cutting `work` (elements touched) into: libtorch's thread count, or 1 where a team would cost
/// more than it saves, or where the caller is itself part of a team.
int partCount(int64_t work);

/// The half-open range of 0..<count that belongs to `part`. It depends on nothing but the arguments, so that sums which are
/// combined in the order of the parts are the same on every run with the same thread count.
struct PartRange {
    int64_t begin;
    int64_t end;

    PartRange(int64_t count, int parts, int part)
        : begin(count / parts * part + (part < count % parts ? part : count % parts)),
          end(begin + count / parts + (part < count % parts ? 1 : 0)) {}
};

/// `runParts` for a callable that takes the part's index. The callable must not throw: OpenMP has no way to carry it out.
template <typename Body>
void parallelParts(int parts, const Body &body) {
    runParts(
        parts, [](void *context, int part) { (*static_cast<const Body *>(context))(part); },
        const_cast<Body *>(&body));
}

}  // namespace ct
