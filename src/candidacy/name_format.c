/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

#include "candidacy/name_format.h"
#include "base/hex.h"
#include "base/number.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

#define LABELS_MAX 127

/* A directive of the format: `%` and the characters after it. */
typedef struct directive {
    char what; /* S, H or % */
    int labels;
    int without; /* 1: everything but these labels */
} directive;

static int is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static int is_of_name(char c)
{
    return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '.' || c == '_' || c == '-';
}

/* Reads a directive after its percent sign. @return the rest of the format, or NULL: it is not valid */
static const char *read_directive(directive *out, const char *text)
{
    uint64_t labels;
    out->without = *text == '-';
    text += out->without;
    out->labels = 0;
    if (is_digit(*text) || out->without) {
        text = backhand_digits_read(&labels, text, NULL);
        if (labels < 1 || labels > LABELS_MAX || *text == '%') {
            return NULL;
        }
        out->labels = (int)labels;
    }
    out->what = *text;
    return *text == 'S' || *text == 'H' || *text == '%' ? text + 1 : NULL;
}

const char *backhand_name_check(const char *format)
{
    directive ignored;
    const char *at = format;
    while (at && *at) {
        at = *at == '%' ? read_directive(&ignored, at + 1) : is_of_name(*at) ? at + 1 : NULL;
    }
    return at && *format
               ? NULL
               : "takes a format of A-Z a-z 0-9 . _ - and %S (the server's hostname), %H (the request's Host), "
                 "%2S (its first 2 labels), %-2S (all but these; 1 to 127) or %% (default %S)";
}

/* --- making ------------------------------------------------------------------------------------------------ */

/* Appends a text. If it does not fit, the name counts as too long and is refused later. */
static void append(char *out, size_t *length, const char *text, size_t n)
{
    for (size_t i = 0; i < n && *length < BACKHAND_NAME_SIZE; i++) {
        out[(*length)++] = text[i];
    }
}

/* The length of the first labels, without the dot after them. An address has no labels. */
static size_t length_of_labels(const char *text, int labels)
{
    const char *at = strchr(text, ':') ? NULL : strchr(text, '.');
    while (at && --labels > 0) {
        at = strchr(at + 1, '.');
    }
    return at ? (size_t)(at - text) : strlen(text);
}

static void expand(char *out, size_t *length, const directive *d, const char *text)
{
    size_t all = strlen(text), first = d->labels ? length_of_labels(text, d->labels) : all;
    if (!d->without) {
        append(out, length, text, first);
    }
    else if (first < all) {
        append(out, length, text + first + 1, all - first - 1);
    }
}

/* Puts brackets around an IPv6 address that has none. */
static int make_literal(char *out)
{
    char address[BACKHAND_NAME_SIZE];
    struct in6_addr ignored;
    size_t length = strlen(out);
    int brackets = out[0] == '[' && out[length - 1] == ']';
    snprintf(address, sizeof(address), "%.*s", (int)(length - (brackets ? 2 : 0)), out + (brackets ? 1 : 0));
    if (inet_pton(AF_INET6, address, &ignored) != 1) {
        return 0;
    }
    snprintf(out, BACKHAND_NAME_SIZE, "[%.*s]", INET6_ADDRSTRLEN, address);
    return 1;
}

static int is_name(const char *text)
{
    if (!*text || *text == '.' || *text == '-' || strstr(text, "..")) {
        return 0;
    }
    for (; *text; text++) {
        int encoded = *text == '%' && backhand_hex_byte(text + 1) >= 0;
        if (!encoded && !is_of_name(*text)) {
            return 0;
        }
    }
    return 1;
}

int backhand_name_make(char out[BACKHAND_NAME_SIZE], const char *format, const char *hostname, const char *host)
{
    size_t length = 0;
    const char *at = format ? format : "%S";
    int good;
    while (at && *at) {
        directive d;
        if (*at != '%') {
            append(out, &length, at++, 1);
            continue;
        }
        at = read_directive(&d, at + 1);
        if (at && d.what == '%') {
            append(out, &length, "%", 1);
        }
        else if (at) {
            expand(out, &length, &d, d.what == 'S' ? hostname : host ? host : "");
        }
    }
    good = at && length < BACKHAND_NAME_SIZE;
    out[good ? length : 0] = '\0';
    good = good && (strchr(out, ':') ? make_literal(out) : is_name(out));
    if (!good) {
        out[0] = '\0';
    }
    return good;
}
