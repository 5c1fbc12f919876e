/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

#include "announce/moderator/pid_file.h"

#include <apr_strings.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

apr_status_t backhand_pid_file_write(const char *path, pid_t pid, apr_pool_t *p)
{
    const char *fresh = apr_psprintf(p, "%s.new", path);
    const char *text = apr_psprintf(p, "%" APR_PID_T_FMT "\n", pid);
    size_t length = strlen(text);
    apr_status_t rv = APR_SUCCESS;
    int fd;
    /* What an interrupted start left behind, or somebody put there. */
    unlink(fresh);
    fd = open(fresh, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0644);
    if (fd < 0) {
        return errno;
    }
    if (write(fd, text, length) != (ssize_t)length) {
        rv = errno ? errno : ENOSPC;
    }
    if (close(fd) != 0 && rv == APR_SUCCESS) {
        rv = errno;
    }
    if (rv == APR_SUCCESS && rename(fresh, path) != 0) {
        rv = errno;
    }
    if (rv != APR_SUCCESS) {
        unlink(fresh);
    }
    return rv;
}

void backhand_pid_file_remove(const char *path)
{
    unlink(path);
}
