/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

/**
 * @file response.h
 * @brief Reads one HTTP/1.1 response that says how long it is.
 */
#ifndef OPENLOOP_RESPONSE_H
#define OPENLOOP_RESPONSE_H

#include <stddef.h>

#define RESPONSE_HEAD_MAX 4096

typedef struct response {
    char head[RESPONSE_HEAD_MAX + 1]; /* what came so far of the head, and the beginning of the body */
    size_t length;                    /* of what came */
    size_t head_length;               /* 0 while the head is not complete */
    size_t body_length;
    int status;
    int closes;  /* the connection is not kept */
    char server; /* the body's first character, 0 without one */
} response;

typedef enum response_state {
    RESPONSE_PARTIAL,
    RESPONSE_COMPLETE,
    RESPONSE_BAD, /* no HTTP, a head that is too long, or one without a length */
} response_state;

void response_init(response *r);

/** Where the next bytes may be read to, and how many; never none before response_took() said BAD or COMPLETE. */
char *response_space(response *r, size_t *room);

/** n more bytes are there. */
response_state response_took(response *r, size_t n);

#endif
