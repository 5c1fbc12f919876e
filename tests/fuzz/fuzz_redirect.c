/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

/* The format of HTTPRedirectToName, the names it makes, and the URLs that are made of these. The first line is a
 * format, the second the server's hostname, the third the request's host, the fourth a request line. */

#include "fuzz.h"

#include "announce/wire/message.h"
#include "candidacy/name_format.h"
#include "act/request/location.h"

#include <apr_uri.h>

#include <arpa/inet.h>
#include <ctype.h>

#define LINES 4

static apr_pool_t *pool;

static void check_literal(const char *name, size_t length)
{
    char address[BACKHAND_NAME_SIZE];
    struct in6_addr ignored;
    CHECK(length > 2 && name[length - 1] == ']');
    memcpy(address, name + 1, length - 2);
    address[length - 2] = '\0';
    CHECK(inet_pton(AF_INET6, address, &ignored) == 1);
}

static void check_name(const char *name)
{
    size_t length = strlen(name);
    CHECK(length > 0 && length < BACKHAND_NAME_SIZE);
    if (*name == '[') {
        check_literal(name, length);
        return;
    }
    for (size_t i = 0; i < length; i++) {
        unsigned char c = (unsigned char)name[i];
        CHECK(isalnum(c) || strchr("._-%", c));
        CHECK(c != '%' || (isxdigit((unsigned char)name[i + 1]) && isxdigit((unsigned char)name[i + 2])));
    }
}

/* From a buffer of its own, so that the sanitizer sees a byte too far. */
static void make(const char *format, const char *hostname, const char *host)
{
    char *name = malloc(BACKHAND_NAME_SIZE);
    int made;
    CHECK(name);
    memset(name, 'x', BACKHAND_NAME_SIZE);
    made = backhand_name_make(name, format, hostname, host);
    CHECK(memchr(name, '\0', BACKHAND_NAME_SIZE));
    if (made) {
        check_name(name);
    }
    else {
        CHECK(*name == '\0');
    }
    /* A plain name of a server is itself a good name. */
    if (!format && backhand_hostname_valid(hostname) && isalnum((unsigned char)*hostname) && !strpbrk(hostname, ":") &&
        !strstr(hostname, "..")) {
        CHECK(made && strcmp(name, hostname) == 0);
    }
    free(name);
}

static void check_url(const char *host, const char *target)
{
    const char *url = backhand_location_write(1, host, 443, target, pool);
    size_t length = strlen("https://") + strlen(host);
    CHECK(strncmp(url, "https://", 8) == 0 && strncmp(url + 8, host, strlen(host)) == 0 && url[length] == '/');
    for (const char *at = url; *at; at++) {
        CHECK(*at > ' ' && *at < 0x7f);
    }
    CHECK(strncmp(backhand_location_write(0, host, 8080, target, pool) + 7 + strlen(host), ":8080/", 6) == 0);
}

/* The path begins where httpd finds it. */
static void check_prefix(const char *target)
{
    apr_size_t length = backhand_location_prefix(target, pool);
    apr_uri_t uri;
    CHECK(length <= strlen(target));
    if (*target == '/' || *target == '*') {
        CHECK(length == 0);
    }
    else if (apr_uri_parse(pool, target, &uri) == APR_SUCCESS && uri.scheme) {
        const char *path = uri.path ? uri.path : "";
        CHECK(strncmp(target + length, path, strlen(path)) == 0);
    }
    else {
        CHECK(length == 0);
    }
}

static void check_line(const char *line)
{
    const char *target = backhand_location_target(line, pool);
    if (target) {
        CHECK(*target == '/' || *target == '*');
        CHECK(strlen(target) <= strlen(line));
        check_url("[2001:db8::1]", target);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *lines[LINES];
    pool = pool ? pool : fuzz_pool_create();
    fuzz_lines(lines, LINES, data, size);
    make(NULL, lines[1], lines[2]);
    if (!backhand_name_check(lines[0])) {
        CHECK(*lines[0]);
        make(lines[0], lines[1], lines[2]);
        make(lines[0], lines[1], NULL);
    }
    check_line(lines[3]);
    check_prefix(lines[3]);
    fuzz_lines_free(lines, LINES);
    apr_pool_clear(pool);
    return 0;
}
