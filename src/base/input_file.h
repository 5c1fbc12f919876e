/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

/**
 * @file input_file.h
 * @brief Reads a small file that a directive names. Core: no httpd.
 */
#ifndef BACKHAND_INPUT_FILE_H
#define BACKHAND_INPUT_FILE_H

#include <apr_pools.h>

/** The largest such file, bytes. */
#define BACKHAND_INPUT_FILE_MAX 65536

/**
 * Reads a whole regular file. Never waits.
 * @param text    BACKHAND_INPUT_FILE_MAX + 1 bytes for its content, which ends with a NUL
 * @param length  of the content, without that NUL
 * @param secret  1: the file must belong to root or to this process's user, and nobody else may read or write it
 * @return NULL, or the error, which begins with the path
 */
const char *backhand_input_file_read(char text[BACKHAND_INPUT_FILE_MAX + 1], apr_size_t *length, const char *path,
                                     int secret, apr_pool_t *p);

#endif
