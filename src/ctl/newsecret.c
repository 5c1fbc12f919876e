/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

/* Makes keys for BackhandSecretFile. */

#include "ctl/commands.h"

#include "base/own_file.h"
#include "trust/keys.h"

#include <apr_escape.h>
#include <apr_strings.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#define KEY_BYTES 32
/* Digits, and a NUL. */
#define KEY_SIZE (2 * KEY_BYTES + 1)

static int make(char key[KEY_SIZE])
{
    unsigned char bytes[KEY_BYTES];

    if (getrandom(bytes, sizeof(bytes), 0) != (ssize_t)sizeof(bytes)) {
        return ctl_fail(CTL_FAILED, "no random numbers: %s", strerror(errno));
    }
    apr_escape_hex(key, bytes, sizeof(bytes), 0, NULL);
    return CTL_OK;
}

static int code_of(int error)
{
    return error == EACCES || error == EPERM ? CTL_FORBIDDEN : CTL_FAILED;
}

/* Never replaces a file: a farm without its key would fall apart. */
static int write_new(const char *path, const char *key)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600), error = 0;
    char line[KEY_SIZE + 1];

    if (fd < 0) {
        return errno == EEXIST
                   ? ctl_fail(CTL_FAILED, "%s exists; to add a key to it: backhandctl newsecret --add %s", path, path)
                   : ctl_fail(code_of(errno), "cannot make %s: %s", path, strerror(errno));
    }
    apr_snprintf(line, sizeof(line), "%s\n", key);
    if (write(fd, line, KEY_SIZE) != KEY_SIZE || fsync(fd) != 0) {
        error = errno ? errno : ENOSPC;
    }
    close(fd);
    if (error) {
        unlink(path);
        return ctl_fail(code_of(error), "cannot write %s: %s", path, strerror(error));
    }
    return CTL_OK;
}

/* --- changing the key of a farm ---------------------------------------------------------------------------------- */

/* A file of keys as it will be: the parts follow each other. */
typedef struct content {
    const char *first;
    const char *second;
    const char *third;
} content;

static int print(FILE *out, const void *ctx)
{
    const content *what = ctx;
    return fprintf(out, "%s%s%s", what->first, what->second, what->third) > 0;
}

/* @return the file's text, whose last line ends; NULL: the error is written, and its code in `code` */
static const char *read_text(const char *path, int *code, int *keys_count, apr_pool_t *p)
{
    char *text = apr_palloc(p, BACKHAND_KEYS_FILE_MAX + 2);
    const char *wrong;
    backhand_keys *keys;
    ssize_t length = -1;
    int fd = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);

    if (fd >= 0) {
        length = read(fd, text, BACKHAND_KEYS_FILE_MAX);
    }
    if (length < 0) {
        *code = ctl_fail(code_of(errno), "cannot read %s: %s", path, strerror(errno));
    }
    if (fd >= 0) {
        close(fd);
    }
    if (length < 0) {
        return NULL;
    }
    wrong = backhand_keys_read(&keys, path, p);
    if (wrong) {
        *code = ctl_fail(CTL_FAILED, "%s", wrong);
        return NULL;
    }
    *keys_count = backhand_keys_count(keys);
    if (text[length - 1] != '\n') {
        text[length++] = '\n';
    }
    text[length] = '\0';
    return text;
}

static int replace(const char *path, const content *what)
{
    apr_status_t rv = backhand_own_file_replace(path, 0600, print, what);
    return rv == APR_SUCCESS ? CTL_OK : ctl_fail(code_of(rv), "cannot write %s: %s", path, strerror(rv));
}

/* The new key verifies, and does not sign yet: no other server knows it. */
static int add(const char *path, const char *key, apr_pool_t *p)
{
    content what = {.second = key, .third = "\n"};
    int code, count = 0;

    what.first = read_text(path, &code, &count, p);
    if (!what.first) {
        return code;
    }
    if (count >= BACKHAND_KEYS_MAX) {
        return ctl_fail(CTL_FAILED, "%s has %d keys, the most there may be: remove one first", path, BACKHAND_KEYS_MAX);
    }
    return replace(path, &what);
}

static int is_key(const char *line, size_t length)
{
    size_t blanks = strspn(line, " \t\r");
    return blanks < length && line[blanks] != '#';
}

static int promote(const char *path, apr_pool_t *p)
{
    content what = {NULL, NULL, NULL};
    const char *last = NULL, *text, *after;
    int code, count = 0;

    text = read_text(path, &code, &count, p);
    if (!text) {
        return code;
    }
    for (const char *line = text; *line; line += strcspn(line, "\n") + 1) {
        last = is_key(line, strcspn(line, "\n")) ? line : last;
    }
    if (!last) {
        return ctl_fail(CTL_FAILED, "%s has no key", path);
    }
    after = last + strcspn(last, "\n") + 1;
    what.first = apr_pstrmemdup(p, last, (apr_size_t)(after - last));
    what.second = apr_pstrmemdup(p, text, (apr_size_t)(last - text));
    what.third = after;
    return replace(path, &what);
}

int ctl_newsecret(ctl *command)
{
    char key[KEY_SIZE];
    int code;

    if ((command->count != 0) + (command->add != NULL) + (command->promote != NULL) > 1) {
        return ctl_fail(CTL_USAGE, "newsecret takes one of a file, --add and --promote");
    }
    if (command->promote) {
        return promote(command->promote, command->pool);
    }
    code = make(key);
    if (code != CTL_OK) {
        return code;
    }
    if (command->add) {
        return add(command->add, key, command->pool);
    }
    if (command->count) {
        return write_new(command->arguments[0], key);
    }
    puts(key);
    return CTL_OK;
}
