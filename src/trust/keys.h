/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

/**
 * @file keys.h
 * @brief The farm's secret keys: read from a file, sign, verify. Core: no httpd.
 *
 * Signatures are HMAC-SHA-256 (RFC 2104, FIPS 180-4) by OpenSSL, over a word for the purpose, a newline, and the text,
 * so that a signature for one purpose is worthless for another.
 */
#ifndef BACKHAND_KEYS_H
#define BACKHAND_KEYS_H

#include "base/input_file.h"

#include <apr_pools.h>

#include <stdint.h>

/** The most keys in a file: one in use, and some that are being added or removed. */
#define BACKHAND_KEYS_MAX 8
/** The shortest and the longest key, in bytes. */
#define BACKHAND_KEY_BYTES_MIN 16
#define BACKHAND_KEY_BYTES_MAX 128
/** A signature as text: 64 hex digits and a NUL. */
#define BACKHAND_SIGNATURE_SIZE 65
/** The largest secret file, in bytes. */
#define BACKHAND_KEYS_FILE_MAX BACKHAND_INPUT_FILE_MAX

typedef struct backhand_keys backhand_keys;

/**
 * Reads keys from a file: one a line, 32 or more hex digits, or `base64:` and 22 or more base64 characters; blank
 * lines and lines that begin with `#` do not count. The first key signs, all verify. The file must be a regular one
 * that belongs to root or the caller, and that nobody but its owner can read.
 * @return NULL, or the error and the right form, without any part of a key
 */
const char *backhand_keys_read(backhand_keys **keys, const char *path, apr_pool_t *p);

/** The same from text; `name` is for messages. */
const char *backhand_keys_parse(backhand_keys **keys, const char *text, apr_size_t length, const char *name,
                                apr_pool_t *p);

/** Number of keys. */
int backhand_keys_count(const backhand_keys *keys);

/** A number that identifies a key, the same in every process and file with that key, and reveals nothing about it.
 * @param place  in the file, 1 to backhand_keys_count()
 * @return not 0 */
uint64_t backhand_keys_id(const backhand_keys *keys, int place);

/** Signs with the first key. Any thread. @return APR_SUCCESS, or APR_EGENERAL when OpenSSL fails */
apr_status_t backhand_keys_sign(const backhand_keys *keys, const char *purpose, const char *text, apr_size_t length,
                                char out[BACKHAND_SIGNATURE_SIZE]);

/** Finds the key that made the signature; compares in constant time. `signature` need not end in a NUL. Any thread.
 * @return its place in the file, from 1 on; 0: none did */
int backhand_keys_verify(const backhand_keys *keys, const char *purpose, const char *text, apr_size_t length,
                         const char *signature, apr_size_t signature_length);

#endif
