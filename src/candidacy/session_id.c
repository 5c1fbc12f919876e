/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

#include "candidacy/session_id.h"
#include "base/hex.h"

#include "table/duty.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <stdio.h>
#include <string.h>

#define MARK        'i'
#define FOUR_DIGITS 8
#define SIX_DIGITS  32
#define PORT_DIGITS 4

/* Counts hexadecimal digits at the beginning, at most `most`. */
static apr_size_t count_digits(const char *text, apr_size_t length, apr_size_t most)
{
    apr_size_t n = 0;
    while (n < length && n < most && backhand_hex_value(text[n]) >= 0) {
        n++;
    }
    return n;
}

static void read_bytes(unsigned char *out, const char *digits, apr_size_t n)
{
    for (apr_size_t i = 0; i < n / 2; i++) {
        out[i] = (unsigned char)backhand_hex_byte(digits + 2 * i);
    }
}

static void read_address(backhand_owner *owner, const char *digits, apr_size_t n)
{
    unsigned char bytes[16] = {0};
    struct in6_addr six;
    read_bytes(bytes, digits, n);
    memcpy(&six, bytes, sizeof(six));
    if (n == FOUR_DIGITS) {
        inet_ntop(AF_INET, bytes, owner->address, sizeof(owner->address));
    }
    else if (IN6_IS_ADDR_V4MAPPED(&six)) {
        inet_ntop(AF_INET, bytes + 12, owner->address, sizeof(owner->address));
    }
    else {
        inet_ntop(AF_INET6, bytes, owner->address, sizeof(owner->address));
    }
}

int backhand_session_read(backhand_owner *owner, const char *text, apr_size_t length)
{
    unsigned char port[2] = {0, 0};
    apr_size_t n, digits;
    if (length == 0 || text[0] != MARK) {
        owner->port = 0;
        if (count_digits(text, length, FOUR_DIGITS) < FOUR_DIGITS) {
            return 0;
        }
        read_address(owner, text, FOUR_DIGITS);
        return 1;
    }
    text++;
    n = count_digits(text, length - 1, SIX_DIGITS + PORT_DIGITS + 1);
    digits = n < SIX_DIGITS ? FOUR_DIGITS : SIX_DIGITS;
    if (n != digits && n != digits + PORT_DIGITS) {
        return 0;
    }
    read_address(owner, text, digits);
    read_bytes(port, text + digits, n - digits);
    owner->port = port[0] * 256 + port[1];
    return 1;
}

int backhand_session_write(char out[BACKHAND_SESSION_ID_SIZE], const backhand_contact *contact)
{
    unsigned char bytes[16];
    int size = 0, n = 1;
    if (inet_pton(AF_INET, contact->address, bytes) == 1) {
        size = 4;
    }
    else if (inet_pton(AF_INET6, contact->address, bytes) == 1) {
        size = 16;
    }
    out[0] = '\0';
    if (!size) {
        return 0;
    }
    out[0] = MARK;
    for (int i = 0; i < size; i++) {
        n += snprintf(out + n, BACKHAND_SESSION_ID_SIZE - (apr_size_t)n, "%02x", bytes[i]);
    }
    snprintf(out + n, BACKHAND_SESSION_ID_SIZE - (apr_size_t)n, "%04x", (unsigned int)contact->port & 0xffff);
    return 1;
}

/* --- finding ----------------------------------------------------------------------------------------------- */

static int separates(char c, backhand_session_place place)
{
    return c == ';' || (place == BACKHAND_SESSION_QUERY ? c == '&' : c == ',' || c == ' ' || c == '\t');
}

static apr_size_t skip(const char *text, apr_size_t length, apr_size_t at, char c)
{
    return at < length && text[at] == c ? at + 1 : at;
}

int backhand_session_next(backhand_owner *owner, const char *text, apr_size_t length, backhand_session_place place,
                          const char *identifier, apr_size_t *at)
{
    apr_size_t size = strlen(identifier);
    while (*at + size <= length) {
        apr_size_t begin = *at;
        int stands = begin == 0 || separates(text[begin - 1], place);
        *at = begin + 1;
        if (!stands || memcmp(text + begin, identifier, size) != 0) {
            continue;
        }
        begin += size;
        begin = size && identifier[size - 1] == '=' ? begin : skip(text, length, begin, '=');
        begin = skip(text, length, begin, '"');
        if (backhand_session_read(owner, text + begin, length - begin)) {
            return 1;
        }
    }
    return 0;
}

int backhand_session_names(const backhand_table *table, int id, uint64_t generation, const backhand_owner *owner,
                           backhand_contact *contact)
{
    backhand_announcement announcement;
    uint64_t now;
    if (!backhand_table_read(table, id, &announcement, &now) || now > generation ||
        strcmp(announcement.contact.address, owner->address) != 0 ||
        (owner->port && owner->port != announcement.contact.port)) {
        return 0;
    }
    if (contact) {
        *contact = announcement.contact;
    }
    return 1;
}

int backhand_session_lives(const backhand_table *table, int id, uint64_t generation)
{
    if (!backhand_table_usable(table, id, generation) || backhand_table_closed(table, id)) {
        return 0;
    }
    return id == 0 ||
           (!backhand_table_older(table, id, SERVER_TIMEOUT) &&
            (!backhand_table_silent(table, id) || backhand_table_answers(table, id) || backhand_table_deaf(table)));
}

int backhand_session_owns(const backhand_table *table, int id, uint64_t generation, const backhand_owner *owner)
{
    return backhand_session_lives(table, id, generation) && backhand_session_names(table, id, generation, owner, NULL);
}

const char *backhand_session_check_name(const char *name)
{
    const char *at = name;
    while (isalnum((unsigned char)*at) || (*at && strchr("!#$%&'*+-.^_`|~", *at))) {
        at++;
    }
    return *name && !*at ? NULL : "takes a name that a cookie can have: letters, digits and !#$%&'*+-.^_`|~";
}
