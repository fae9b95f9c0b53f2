#include "OpenMP.h"

#include <ATen/Parallel.h>
#include <dlfcn.h>

namespace ct {
namespace {

struct Runtime {
    void (*parallel)(void (*)(void *), void *, unsigned, unsigned);
    int (*threadNumber)();
    int (*teamSize)();

    Runtime()
        : parallel(find<decltype(parallel)>("GOMP_parallel")), threadNumber(find<decltype(threadNumber)>("omp_get_thread_num")),
          teamSize(find<decltype(teamSize)>("omp_get_num_threads")) {}

    bool isUsable() const { return parallel && threadNumber && teamSize; }

  private:
    template <typename Function>
    static Function find(const char *name) {
        return reinterpret_cast<Function>(dlsym(RTLD_DEFAULT, name));
    }
};

const Runtime &runtime() {
    static const Runtime shared;
    return shared;
}

struct Region {
    int parts;
    void (*body)(void *, int);
    void *context;
};

void runRegion(void *argument) {
    const Region &region = *static_cast<const Region *>(argument);
    // The runtime may grant fewer threads than asked for: each takes every size-th part, so that all parts are run.
    const int size = runtime().teamSize();
    for (int part = runtime().threadNumber(); part < region.parts; part += size) { region.body(region.context, part); }
}

}  // namespace

void runParts(int parts, void (*body)(void *, int), void *context) {
    if (parts > 1 && runtime().isUsable()) {
        Region region{parts, body, context};
        runtime().parallel(runRegion, &region, static_cast<unsigned>(parts), 0);
        return;
    }
    for (int part = 0; part < parts; ++part) { body(context, part); }
}

int partCount(int64_t work) {
    constexpr int64_t worthATeam = 32 * 1024;
    if (work < worthATeam || !runtime().isUsable() || at::in_parallel_region()) { return 1; }
    const int threads = at::get_num_threads();
    return threads > 1 ? threads : 1;
}

}  // namespace ct
