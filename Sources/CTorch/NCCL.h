// NCCL by its stable C interface. The program is not linked to it: the wheel with libtorch_cuda brings it, the one without does not.
#pragma once

#include "Sums.h"

#include <functional>
#include <string>

namespace ct::nccl {

/// What one process makes and all others need to find it (ncclUniqueId).
struct UniqueId {
    char bytes[128];
};

/// The processes' common state on one GPU (ncclComm_t).
using Communicator = struct ncclComm *;

/// The functions that are used, of NCCL 2. Results and operations are numbers here: 0 is success.
struct Library {
    int (*version)(int *);
    int (*uniqueId)(UniqueId *);
    int (*join)(Communicator *, int size, UniqueId, int rank);
    int (*allReduce)(const void *from, void *into, size_t count, int type, int operation, Communicator, void *stream);
    int (*asyncError)(Communicator, int *);
    int (*abort)(Communicator);
    const char *(*message)(int);

    /// The library as it lies beside libtorch, or where the loader finds it. Throws, saying where it was looked for.
    static const Library &shared();
    /// Throws NCCL's message unless `result` is success.
    void check(int result, const char *what) const;
};

/// Where processes tell each other the id: rank 0 hands in what it has made, and all get it. Empty: rank 0 has none.
using Exchange = std::function<std::string(const std::string *own)>;

/// Meets the other processes, each with a GPU of its own, of which this one's is CUDA device `device`.
std::unique_ptr<Sums> sums(int device, int rank, int size, const Exchange &exchange);

}  // namespace ct::nccl
