/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

/* The format of HTTPRedirectToName, and the names it makes. The first line is a format, the second the server's hostname,
 * the third the request's host. */

#include "fuzz.h"

#include "announce/message.h"
#include "candidacy/name_format.h"

#include <arpa/inet.h>
#include <ctype.h>

#define LINES 3

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

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *lines[LINES];
    fuzz_lines(lines, LINES, data, size);
    make(NULL, lines[1], lines[2]);
    if (!backhand_name_check(lines[0])) {
        CHECK(*lines[0]);
        make(lines[0], lines[1], lines[2]);
        make(lines[0], lines[1], NULL);
    }
    fuzz_lines_free(lines, LINES);
    return 0;
}
