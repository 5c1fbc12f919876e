/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

#include "response.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

void response_init(response *r)
{
    memset(r, 0, sizeof(*r));
}

char *response_space(response *r, size_t *room)
{
    /* Only the length of a body's rest counts. */
    size_t kept = r->length < RESPONSE_HEAD_MAX ? r->length : r->head_length;
    *room = RESPONSE_HEAD_MAX - kept;
    return r->head + kept;
}

/* The value of a header field; NULL without one. */
static const char *field(const response *r, const char *name)
{
    size_t length = strlen(name);
    const char *line = r->head;
    while ((line = strstr(line, "\r\n")) && line < r->head + r->head_length - 4) {
        line += 2;
        if (strncasecmp(line, name, length) == 0 && line[length] == ':') {
            return line + length + 1 + strspn(line + length + 1, " \t");
        }
    }
    return NULL;
}

static int read_head(response *r)
{
    const char *value;
    if (strncmp(r->head, "HTTP/1.1 ", 9) != 0) {
        return 0;
    }
    r->status = (int)strtol(r->head + 9, NULL, 10);
    value = field(r, "Connection");
    r->closes = value && strncasecmp(value, "close", 5) == 0;
    value = field(r, "Content-Length");
    r->body_length = value ? strtoul(value, NULL, 10) : 0;
    return value != NULL;
}

response_state response_took(response *r, size_t n)
{
    r->length += n;
    if (r->head_length == 0) {
        const char *end;
        r->head[r->length] = '\0';
        end = strstr(r->head, "\r\n\r\n");
        if (!end) {
            return r->length < RESPONSE_HEAD_MAX ? RESPONSE_PARTIAL : RESPONSE_BAD;
        }
        r->head_length = (size_t)(end - r->head) + 4;
        if (!read_head(r)) {
            return RESPONSE_BAD;
        }
    }
    if (r->length > r->head_length && r->server == 0) {
        r->server = r->head[r->head_length];
    }
    return r->length < r->head_length + r->body_length ? RESPONSE_PARTIAL : RESPONSE_COMPLETE;
}
