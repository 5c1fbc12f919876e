/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

#include "status/out.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

void backhand_out_text(const backhand_out *out, const char *text)
{
    out->append(out->ctx, text, strlen(text));
}

void backhand_out_number(const backhand_out *out, int64_t number)
{
    char text[24];
    out->append(out->ctx, text, (size_t)snprintf(text, sizeof(text), "%" PRId64, number));
}

void backhand_out_decimal(const backhand_out *out, int64_t number, int64_t divisor)
{
    char text[32];
    int64_t rest = number % divisor;
    int length, digits = 0;

    for (int64_t i = divisor; i > 1; i /= 10) {
        digits++;
    }
    if (rest == 0) {
        backhand_out_number(out, number / divisor);
        return;
    }
    length = snprintf(text, sizeof(text), "%s%" PRId64 ".%0*" PRId64, number < 0 && number / divisor == 0 ? "-" : "",
                      number / divisor, digits, rest < 0 ? -rest : rest);
    while (text[length - 1] == '0') {
        length--;
    }
    out->append(out->ctx, text, (size_t)length);
}

static void escape_json(const backhand_out *out, unsigned char c)
{
    char text[8];

    if (c == '"' || c == '\\') {
        text[0] = '\\';
        text[1] = (char)c;
        out->append(out->ctx, text, 2);
    }
    else {
        out->append(out->ctx, text, (size_t)snprintf(text, sizeof(text), "\\u%04x", c < 0x7f ? c : 0xfffdU));
    }
}

/* Bytes of `text` up to the first one that `special` or that is no printable ASCII. */
static size_t plain_length(const char *text, const char *special)
{
    size_t n = 0;
    while (text[n] >= ' ' && text[n] < 0x7f && !strchr(special, text[n])) {
        n++;
    }
    return n;
}

void backhand_out_json(const backhand_out *out, const char *text)
{
    if (!text) {
        backhand_out_text(out, "null");
        return;
    }
    backhand_out_text(out, "\"");
    for (;;) {
        size_t n = plain_length(text, "\"\\<>&'");
        out->append(out->ctx, text, n);
        text += n;
        if (*text == '\0') {
            break;
        }
        escape_json(out, (unsigned char)*text++);
    }
    backhand_out_text(out, "\"");
}

void backhand_out_label(const backhand_out *out, const char *text)
{
    backhand_out_text(out, "\"");
    for (;;) {
        size_t n = plain_length(text, "\"\\");
        out->append(out->ctx, text, n);
        text += n;
        if (*text == '\0') {
            break;
        }
        backhand_out_text(out, *text == '"' ? "\\\"" : *text == '\\' ? "\\\\" : "?");
        text++;
    }
    backhand_out_text(out, "\"");
}
