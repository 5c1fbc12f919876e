/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

/**
 * @file trailers.h
 * @brief Trailers of a request: mod_proxy_http ends a body in chunks without the ones that came with it.
 */
#ifndef BACKHAND_TRAILERS_H
#define BACKHAND_TRAILERS_H

#include <httpd.h>

/** Puts the request's trailers into the end of its chunks, if that is what the brigade ends with. They are known once
 * mod_proxy_http has read the end of the body. */
void backhand_trailers_add(const request_rec *r, apr_bucket_brigade *bb);

#endif
