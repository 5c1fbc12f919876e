/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

/* Session ids in cookies and queries. The first line is an identifier, the rest the text that ids are looked for in;
 * the whole is also read as an id, and its first bytes are an address that one is written for. */

#include "fuzz.h"

#include "candidacy/session_id.h"

#include <arpa/inet.h>
#include <ctype.h>

/* The longest name of a cookie that a directive can hold. */
#define IDENTIFIER_MAX 8190

static void check_owner(const backhand_owner *owner)
{
    unsigned char bytes[16];
    char text[48];
    int family;
    CHECK(memchr(owner->address, '\0', sizeof(owner->address)));
    family = strchr(owner->address, ':') ? AF_INET6 : AF_INET;
    CHECK(inet_pton(family, owner->address, bytes) == 1);
    CHECK(inet_ntop(family, bytes, text, sizeof(text)));
    CHECK(strcmp(text, owner->address) == 0);
    CHECK(owner->port >= 0 && owner->port <= 65535);
}

/* An id in our long form. */
static void write_id(char out[BACKHAND_SESSION_ID_SIZE], const backhand_owner *owner)
{
    backhand_contact contact = {.port = owner->port};
    memcpy(contact.address, owner->address, sizeof(contact.address));
    memset(out, 'x', BACKHAND_SESSION_ID_SIZE);
    CHECK(backhand_session_write(out, &contact));
    CHECK(memchr(out, '\0', BACKHAND_SESSION_ID_SIZE));
}

static void check_written(const backhand_owner *owner)
{
    char id[BACKHAND_SESSION_ID_SIZE];
    backhand_owner again;
    write_id(id, owner);
    CHECK(backhand_session_read(&again, id, strlen(id)));
    CHECK(strcmp(again.address, owner->address) == 0 && again.port == owner->port);
}

/* What is written for the owner that was read is what was read, when that had our long form. */
static void check_id(const char *text, size_t size)
{
    char id[BACKHAND_SESSION_ID_SIZE];
    backhand_owner owner;
    size_t digits = 0;
    if (!backhand_session_read(&owner, text, size)) {
        return;
    }
    CHECK(size > 0);
    check_owner(&owner);
    check_written(&owner);
    while (1 + digits < size && isxdigit((unsigned char)text[1 + digits])) {
        digits++;
    }
    if (text[0] != 'i') {
        CHECK(owner.port == 0);
        return;
    }
    CHECK(digits == 8 || digits == 12 || digits == 32 || digits == 36);
    CHECK(digits == 12 || digits == 36 || owner.port == 0);
    /* An IPv4 address written as IPv6 becomes an IPv4 one. */
    if (digits == 12 || (digits == 36 && strchr(owner.address, ':'))) {
        write_id(id, &owner);
        CHECK(strlen(id) == digits + 1);
        for (size_t i = 0; id[i]; i++) {
            CHECK(id[i] == tolower((unsigned char)text[i]));
        }
    }
}

static void check_binary(const uint8_t *data, size_t size)
{
    backhand_owner owner;
    int family = size >= 18 ? AF_INET6 : AF_INET;
    size_t bytes = family == AF_INET6 ? 16 : 4;
    if (size < bytes + 2) {
        return;
    }
    CHECK(inet_ntop(family, data, owner.address, sizeof(owner.address)));
    owner.port = data[bytes] * 256 + data[bytes + 1];
    /* As contacts have it. */
    if (!strncmp(owner.address, "::ffff:", 7) && strchr(owner.address, '.')) {
        return;
    }
    check_written(&owner);
}

static void check_found(const char *identifier, const char *text, size_t size, backhand_session_place place)
{
    backhand_owner owner;
    apr_size_t at = 0, before = 0;
    size_t length = strlen(identifier);
    while (backhand_session_next(&owner, text, size, place, identifier, &at)) {
        CHECK(at > before && at <= size);
        CHECK(at - 1 + length <= size && memcmp(text + at - 1, identifier, length) == 0);
        check_owner(&owner);
        before = at;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *identifier, *text, *whole = fuzz_copy(data, size);
    size_t length;
    fuzz_lines(&identifier, 1, data, size);
    length = strlen(identifier);
    text = fuzz_copy(data + (length < size ? length + 1 : size), length < size ? size - length - 1 : 0);
    check_id(whole, size);
    check_binary(data, size);
    /* As the directive admits it, but for the `=` at its end. */
    if (length <= IDENTIFIER_MAX && !backhand_session_check_name(identifier)) {
        check_found(identifier, text, length < size ? size - length - 1 : 0, BACKHAND_SESSION_COOKIE);
        check_found(identifier, text, length < size ? size - length - 1 : 0, BACKHAND_SESSION_QUERY);
    }
    free(identifier);
    free(text);
    free(whole);
    return 0;
}
