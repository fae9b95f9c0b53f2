#include "NCCL.h"

#include "include/ct_runtime.h"

#include <c10/util/Exception.h>
#include <dlfcn.h>
#include <filesystem>
#include <vector>

namespace ct::nccl {
namespace {

constexpr const char *name = "libnccl.so.2";

void *opened(std::string &why) {
    // libtorch_cuda is linked to it: mostly it is here already.
    if (void *handle = dlopen(name, RTLD_NOW | RTLD_NOLOAD)) { return handle; }
    const auto site = std::filesystem::path(ct_library_path()).parent_path().parent_path().parent_path();
    const std::vector<std::string> places{(site / "nvidia" / "nccl" / "lib" / name).string(), name};
    for (const std::string &place : places) {
        if (void *handle = dlopen(place.c_str(), RTLD_NOW | RTLD_GLOBAL)) { return handle; }
        const char *reason = dlerror();
        why += (why.empty() ? "" : "; ") + std::string(reason ? reason : place);
    }
    return nullptr;
}

template <typename Function> void find(void *handle, const char *symbol, Function &function) {
    function = reinterpret_cast<Function>(dlsym(handle, symbol));
    TORCH_CHECK(function, name, " has no ", symbol);
}

Library load() {
    std::string why;
    void *handle = opened(why);
    TORCH_CHECK(handle, "NCCL does not load (", why, ")");
    Library library{};
    find(handle, "ncclGetVersion", library.version);
    find(handle, "ncclGetUniqueId", library.uniqueId);
    find(handle, "ncclCommInitRank", library.join);
    find(handle, "ncclAllReduce", library.allReduce);
    find(handle, "ncclCommGetAsyncError", library.asyncError);
    find(handle, "ncclCommAbort", library.abort);
    find(handle, "ncclGetErrorString", library.message);
    return library;
}

}  // namespace

const Library &Library::shared() {
    static const Library library = load();
    return library;
}

void Library::check(int result, const char *what) const {
    TORCH_CHECK(result == 0, "NCCL: ", what, ": ", message(result), " (NCCL_DEBUG=WARN in the environment tells more)");
}

}  // namespace ct::nccl
