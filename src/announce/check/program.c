/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

#include "announce/check/program.h"

#include "announce/check/health.h"
#include "announce/check/side.h"
#include "table/clock.h"

#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

/* Starts the program. Not by APR, which cannot put it into a process group of its own before it runs. */
static int start(pid_t *pid, const char *const *argv)
{
    posix_spawn_file_actions_t files;
    posix_spawnattr_t attributes;
    sigset_t signals;
    int failed;

    posix_spawn_file_actions_init(&files);
    posix_spawn_file_actions_addopen(&files, 0, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_addopen(&files, 1, "/dev/null", O_WRONLY, 0);
    posix_spawn_file_actions_adddup2(&files, 1, 2);
    posix_spawnattr_init(&attributes);
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
    sigemptyset(&signals);
    posix_spawnattr_setsigmask(&attributes, &signals);
    /* This process ignores some signals, and a new program would inherit that. */
    sigfillset(&signals);
    posix_spawnattr_setsigdefault(&attributes, &signals);
    failed = posix_spawn(pid, argv[0], &files, &attributes, (char *const *)argv, environ);
    posix_spawnattr_destroy(&attributes);
    posix_spawn_file_actions_destroy(&files);
    return failed;
}

/* @return 1 when the process has ended. It is not reaped here, so that no other process can get its id */
static int has_ended(pid_t pid)
{
    siginfo_t info = {.si_pid = 0};
    return waitid(P_PID, (id_t)pid, &info, WEXITED | WNOHANG | WNOWAIT) != 0 || info.si_pid == pid;
}

static int reason_of(int status)
{
    if (WIFSIGNALED(status)) {
        return BACKHAND_WHY_SIGNAL + WTERMSIG(status);
    }
    return WEXITSTATUS(status) == 0 ? BACKHAND_WHY_NONE : BACKHAND_WHY_EXIT + WEXITSTATUS(status);
}

int backhand_check_program(const char *const *argv, int link, apr_interval_time_t limit)
{
    apr_time_t until = backhand_clock_now() + limit;
    backhand_waited waited = BACKHAND_WAITED_READY;
    int status = 0, ended;
    pid_t pid;

    if (start(&pid, argv) != 0) {
        return BACKHAND_WHY_RUN;
    }
    while (!(ended = has_ended(pid)) && waited == BACKHAND_WAITED_READY) {
        waited = backhand_check_wait(link, -1, 0, until);
    }
    kill(-pid, SIGKILL);
    waitpid(pid, &status, 0);
    if (ended) {
        return reason_of(status);
    }
    return waited == BACKHAND_WAITED_LATE ? BACKHAND_WHY_TIME : -1;
}
