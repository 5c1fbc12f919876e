/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

#include "host/small_file.h"
#include "base/number.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

apr_status_t backhand_small_file_open(backhand_small_file *in, const char *path)
{
    in->start = in->end = 0;
    in->fd = open(path, O_RDONLY | O_CLOEXEC);
    return in->fd < 0 ? errno : APR_SUCCESS;
}

void backhand_small_file_close(const backhand_small_file *in)
{
    close(in->fd);
}

static int fill(backhand_small_file *in)
{
    ssize_t n;

    memmove(in->data, in->data + in->start, in->end - in->start);
    in->end -= in->start;
    in->start = 0;
    if (in->end == sizeof(in->data) - 1) {
        return 0;
    }
    do {
        n = read(in->fd, in->data + in->end, sizeof(in->data) - 1 - in->end);
    } while (n < 0 && errno == EINTR);
    in->end += n > 0 ? (size_t)n : 0;
    return n > 0;
}

/* The buffer always has room for a NUL byte at the end of the data. */
static char *last_line(backhand_small_file *in)
{
    char *line = in->data + in->start;
    if (in->end == in->start || in->end == sizeof(in->data) - 1) {
        return NULL;
    }
    in->data[in->end] = '\0';
    in->start = in->end;
    return line;
}

char *backhand_small_file_line(backhand_small_file *in)
{
    char *newline;
    char *line;

    while (!(newline = memchr(in->data + in->start, '\n', in->end - in->start))) {
        if (!fill(in)) {
            return last_line(in);
        }
    }
    *newline = '\0';
    line = in->data + in->start;
    in->start = (size_t)(newline + 1 - in->data);
    return line;
}

const char *backhand_small_file_count(const char *text, uint64_t *out)
{
    uint64_t value;
    const char *rest;

    text += strspn(text, " \t");
    rest = backhand_digits_read(&value, text, NULL);
    if (rest == text) {
        return NULL;
    }
    *out = value;
    return rest;
}
