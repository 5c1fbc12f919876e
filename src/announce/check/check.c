/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

#include "announce/check/check.h"

#include "base/number.h"
#include "base/words.h"

#include <apr_lib.h>
#include <apr_strings.h>
#include <apr_uri.h>

#include <string.h>

#define SECOND APR_USEC_PER_SEC
#define MSEC   (APR_USEC_PER_SEC / 1000)

#define PROGRAM "exec:"
/* The longest path that fits into the request; see REQUEST_MAX in request.c. */
#define PATH_MAX_BYTES 8000
#define HOST_MAX_BYTES 300

static const char right[] = "takes a path of this server, as in /health, a URL of it, as in "
                            "http://www.example.com/health, or exec: and the absolute path of a program";

static int is_plain(const char *text, apr_size_t most)
{
    apr_size_t length = strlen(text);
    if (length == 0 || length > most) {
        return 0;
    }
    for (; *text; text++) {
        if (!apr_isgraph(*text)) {
            return 0;
        }
    }
    return 1;
}

static const char *read_program(backhand_check *check, const char *command, apr_pool_t *p)
{
    char **argv;
    if (*command != '/' || apr_tokenize_to_argv(command, &argv, p) != APR_SUCCESS || !argv[0]) {
        return right;
    }
    check->argv = (const char *const *)argv;
    return NULL;
}

/* The path and query of the URL. The fragment is left out: a client never sends it. */
static const char *path_of(const apr_uri_t *uri, apr_pool_t *p)
{
    const char *path = uri->path ? uri->path : "/";
    return uri->query ? apr_pstrcat(p, path, "?", uri->query, NULL) : path;
}

static const char *read_url(backhand_check *check, const char *text, apr_pool_t *p)
{
    apr_uri_t uri;
    int64_t port;
    if (!is_plain(text, PATH_MAX_BYTES) || apr_uri_parse(p, text, &uri) != APR_SUCCESS || !uri.scheme ||
        !uri.hostname || !*uri.hostname || uri.user || strlen(uri.hostinfo) > HOST_MAX_BYTES) {
        return right;
    }
    check->url.https = strcasecmp(uri.scheme, "https") == 0;
    if (!check->url.https && strcasecmp(uri.scheme, "http") != 0) {
        return right;
    }
    port = check->url.https ? 443 : 80;
    if (uri.port_str && *uri.port_str && !backhand_number_read(&port, uri.port_str, 1, 65535)) {
        return right;
    }
    check->url.port = (int)port;
    check->url.host = uri.hostinfo;
    check->url.path = path_of(&uri, p);
    return *check->url.path == '/' ? NULL : right;
}

static const char *read_target(backhand_check *check, const char *word, apr_pool_t *p)
{
    if (strncmp(word, PROGRAM, sizeof(PROGRAM) - 1) == 0) {
        return read_program(check, word + sizeof(PROGRAM) - 1, p);
    }
    if (*word == '/') {
        check->url.path = apr_pstrmemdup(p, word, strcspn(word, "#"));
        return is_plain(word, PATH_MAX_BYTES) ? NULL : right;
    }
    return read_url(check, word, p);
}

static const char *read_row(int *out, const char *word, const char *what)
{
    int64_t value;
    if (!backhand_number_read(&value, word, 1, 100)) {
        return what;
    }
    *out = (int)value;
    return NULL;
}

static const char *read_time(apr_interval_time_t *out, const char *word, const char *what)
{
    return backhand_word_time(out, word, 50 * MSEC, 3600 * SECOND) ? NULL : what;
}

static const char *read_word(backhand_check *check, int place, const char *word, apr_pool_t *p)
{
    switch (place) {
    case 0:
        return read_target(check, word, p);
    case 1:
        return read_time(&check->interval, word,
                         "takes as its second word the time between two checks, from 50ms to 1h (default 2s)");
    case 2:
        return read_row(&check->fall, word,
                        "takes as its third word how many failures in a row make this server down, from 1 to 100 "
                        "(default 3)");
    case 3:
        return read_row(&check->rise, word,
                        "takes as its fourth word how many successes in a row make it up again, from 1 to 100 "
                        "(default 2)");
    default:
        return read_time(&check->timeout, word,
                         "takes as its fifth word how long a check may take, from 50ms to 1h (default 1s)");
    }
}

const char *backhand_check_parse(backhand_check *check, const char *const *words, int n, const char **wrong,
                                 apr_pool_t *p)
{
    memset(check, 0, sizeof(*check));
    check->text = words[0];
    check->interval = 2 * SECOND;
    check->timeout = 1 * SECOND;
    check->fall = 3;
    check->rise = 2;
    for (int i = 0; i < n; i++) {
        const char *error = read_word(check, i, words[i], p);
        if (error) {
            *wrong = words[i];
            return error;
        }
    }
    return NULL;
}
