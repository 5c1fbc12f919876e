/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

#include "base/input_file.h"

#include <apr_strings.h>

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const char *check_file(int fd, const char *path, int secret, apr_pool_t *p)
{
    struct stat info;

    if (fstat(fd, &info) != 0 || !S_ISREG(info.st_mode)) {
        return apr_psprintf(p, "%s: is no regular file", path);
    }
    if (secret && info.st_mode & (S_IRWXG | S_IRWXO)) {
        return apr_psprintf(p, "%s: others than its owner may read or write it; chmod 600", path);
    }
    if (secret && info.st_uid != 0 && info.st_uid != geteuid()) {
        return apr_psprintf(p, "%s: belongs to another user; chown root", path);
    }
    if (info.st_size > BACKHAND_INPUT_FILE_MAX) {
        return apr_psprintf(p, "%s: is larger than %d bytes", path, BACKHAND_INPUT_FILE_MAX);
    }
    return NULL;
}

static apr_ssize_t read_all(int fd, char *text, apr_size_t room)
{
    apr_size_t length = 0;
    ssize_t got = 0;

    while (length < room && (got = read(fd, text + length, room - length)) > 0) {
        length += (apr_size_t)got;
    }
    return got < 0 ? -1 : (apr_ssize_t)length;
}

const char *backhand_input_file_read(char text[BACKHAND_INPUT_FILE_MAX + 1], apr_size_t *length, const char *path,
                                     int secret, apr_pool_t *p)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    apr_ssize_t got;
    const char *wrong;

    if (fd < 0) {
        return apr_psprintf(p, "%s: cannot be opened: %s", path, strerror(errno));
    }
    wrong = check_file(fd, path, secret, p);
    if (!wrong) {
        got = read_all(fd, text, BACKHAND_INPUT_FILE_MAX);
        wrong = got < 0 ? apr_psprintf(p, "%s: cannot be read: %s", path, strerror(errno)) : NULL;
        *length = got < 0 ? 0 : (apr_size_t)got;
        text[*length] = '\0';
    }
    close(fd);
    return wrong;
}
