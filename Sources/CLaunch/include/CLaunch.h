// Child processes that end with their parent: what has to happen between fork and exec, where Swift's runtime must not be entered.
#pragma once
#include <sys/types.h>

#ifdef __cplusplus
extern "C" {
#endif

/// Starts a program in a process group of its own; the kernel kills it (SIGKILL) when the thread that called this ends, so call it from
/// one that lives as long as the children are to. `in`, `out`, `err`: descriptors for its standard streams; below zero: the parent's own.
/// Signals that the parent handles have their default effect in the child, and none is blocked; those that it ignores are ignored on.
/// Answers the process, or the negative errno of what failed: fork, or the start of the program itself.
pid_t claunch_start(const char *_Nonnull path, char *_Nullable const *_Nonnull argv, char *_Nullable const *_Nonnull envp, int in, int out,
                    int err);

/// A descriptor that poll finds readable once the process has ended; negative errno where the kernel has none (before Linux 5.3).
int claunch_watch(pid_t process);

/// Whether a child has ended: 1 and how it did in `*status` (as waitpid's), with all that it left in its process group killed; 0 while it
/// runs; negative errno.
int claunch_reap(pid_t process, int *_Nonnull status);

/// A pipe that no child process inherits: reader and writer. 0, or negative errno. (`pipe2`, which Swift does not see.)
int claunch_pipe(int ends[_Nonnull 2]);

#ifdef __cplusplus
}
#endif
