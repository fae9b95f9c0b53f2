#define _GNU_SOURCE
#include "CLaunch.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

// Runs in the child, a copy of one thread of a process that may have many: only what is safe in a signal handler.
static void become(const char *path, char *const *argv, char *const *envp, const int streams[3], pid_t parent, int report) {
    setpgid(0, 0);
    // The parent may have ended before the kernel was told to watch it.
    if (prctl(PR_SET_PDEATHSIG, SIGKILL) != 0) goto failed;
    if (getppid() != parent) _exit(127);
    for (int stream = 0; stream < 3; stream++) {
        if (streams[stream] < 0) continue;
        // dup2 onto itself would leave the descriptor to be closed by exec.
        int done = streams[stream] == stream ? fcntl(stream, F_SETFD, 0) : dup2(streams[stream], stream);
        if (done < 0) goto failed;
    }
    // A handler of the parent's that ran here would swallow the signal.
    for (int number = 1; number < NSIG; number++) {
        struct sigaction action;
        if (sigaction(number, NULL, &action) != 0 || action.sa_handler == SIG_IGN || action.sa_handler == SIG_DFL) continue;
        signal(number, SIG_DFL);
    }
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    execve(path, argv, envp);
failed:;
    int code = errno;
    // Nothing can be done where the parent does not hear it.
    ssize_t told = write(report, &code, sizeof code);
    (void)told;
    _exit(127);
}

pid_t claunch_start(const char *path, char *const *argv, char *const *envp, int in, int out, int err) {
    const int streams[3] = {in, out, err};
    int report[2];
    if (pipe2(report, O_CLOEXEC) != 0) return -errno;
    pid_t parent = getpid();
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    pid_t process = fork();
    if (process == 0) become(path, argv, envp, streams, parent, report[1]);
    int code = process < 0 ? errno : 0;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    close(report[1]);
    if (process > 0) {
        // Both sides set it, so that it is set for whoever comes first.
        setpgid(process, process);
        ssize_t got;
        int told = 0;
        do got = read(report[0], &told, sizeof told);
        while (got < 0 && errno == EINTR);
        if (got == sizeof told) {
            code = told;
            while (waitpid(process, NULL, 0) < 0 && errno == EINTR) {}
        }
    }
    close(report[0]);
    return code != 0 ? -code : process;
}

int claunch_pipe(int ends[2]) { return pipe2(ends, O_CLOEXEC) == 0 ? 0 : -errno; }

int claunch_watch(pid_t process) {
#ifdef SYS_pidfd_open
    // The descriptor is closed by exec of itself.
    int descriptor = (int)syscall(SYS_pidfd_open, process, 0);
    return descriptor < 0 ? -errno : descriptor;
#else
    return -ENOSYS;
#endif
}

int claunch_reap(pid_t process, int *status) {
    siginfo_t info = {0};
    // First only a look: until it is waited for, its number and its group's belong to nobody else.
    if (waitid(P_PID, (id_t)process, &info, WEXITED | WNOHANG | WNOWAIT) != 0) return errno == EINTR ? 0 : -errno;
    if (info.si_pid == 0) return 0;
    kill(-process, SIGKILL);
    while (waitpid(process, status, 0) < 0) {
        if (errno != EINTR) return -errno;
    }
    return 1;
}
