/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

#include "trust/own_file.h"

#include <errno.h>
#include <fcntl.h>
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
    /* Whoever may write in the folder can give another file of ours this name. */
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
