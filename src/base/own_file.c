/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

#include "base/own_file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const char *check(int fd)
{
    struct stat about;

    if (fstat(fd, &about) != 0) {
        return strerror(errno);
    }
    if (!S_ISREG(about.st_mode)) {
        return "it is no regular file";
    }
    if (about.st_uid != 0 && about.st_uid != geteuid()) {
        return "it belongs to another user";
    }
    if (about.st_mode & (S_IWGRP | S_IWOTH)) {
        return "others than its owner may write it";
    }
    /* A second name may be an attack: a user who can write in the folder can link another file of this module to
     * `path`. */
    return about.st_nlink == 1 ? NULL : "it has another name, too";
}

const char *backhand_own_file_open(int *fd, const char *path)
{
    const char *wrong;

    *fd = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    if (*fd < 0) {
        return errno == ENOENT ? NULL : errno == ELOOP ? "it is a symbolic link" : strerror(errno);
    }
    wrong = check(*fd);
    if (wrong) {
        close(*fd);
        *fd = -1;
    }
    return wrong;
}

static apr_status_t print(int fd, backhand_own_file_print_fn *printer, const void *ctx)
{
    FILE *file = fdopen(fd, "w");
    apr_status_t rv = APR_SUCCESS;

    if (!file) {
        rv = errno;
        close(fd);
        return rv;
    }
    errno = 0;
    /* fflush() shows a full disk here, before the file gets its name. */
    if (!printer(file, ctx) || fflush(file) != 0) {
        rv = errno ? errno : ENOSPC;
    }
    if (fclose(file) != 0 && rv == APR_SUCCESS) {
        rv = errno;
    }
    return rv;
}

apr_status_t backhand_own_file_replace(const char *path, int mode, backhand_own_file_print_fn *printer, const void *ctx)
{
    char fresh[PATH_MAX];
    apr_status_t rv;
    int fd;

    if (snprintf(fresh, sizeof(fresh), "%s.new", path) >= (int)sizeof(fresh)) {
        return APR_ENAMETOOLONG;
    }
    /* An interrupted process may have left this file behind, or another user may have made it. */
    unlink(fresh);
    fd = open(fresh, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, mode);
    if (fd < 0) {
        return errno;
    }
    rv = print(fd, printer, ctx);
    if (rv == APR_SUCCESS && rename(fresh, path) != 0) {
        rv = errno;
    }
    if (rv != APR_SUCCESS) {
        unlink(fresh);
    }
    return rv;
}
