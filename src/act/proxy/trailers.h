/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

/**
 * @file trailers.h
 * @brief Adds a request's trailers to its chunked body: mod_proxy_http sends the end of such a body without them.
 */
#ifndef BACKHAND_TRAILERS_H
#define BACKHAND_TRAILERS_H

#include <httpd.h>

/** Inserts the request's trailers into the last chunk, if the brigade ends with it. They are known once mod_proxy_http
 * has read the end of the body. */
void backhand_trailers_add(const request_rec *r, apr_bucket_brigade *bb);

#endif
