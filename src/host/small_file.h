/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

/**
 * @file small_file.h
 * @brief Reads the kernel's small text files line by line, without allocating. Core: no httpd. Only for this folder.
 */
#ifndef BACKHAND_READER_H
#define BACKHAND_READER_H

#include <apr_errno.h>

#include <stddef.h>
#include <stdint.h>

/** A file that is being read. A line has at most 4094 bytes. */
typedef struct backhand_small_file {
    int fd;
    size_t start, end;
    char data[4096];
} backhand_small_file;

/** Opens a file. @return APR_SUCCESS, and then backhand_small_file_close is due; else the error */
apr_status_t backhand_small_file_open(backhand_small_file *in, const char *path);

void backhand_small_file_close(const backhand_small_file *in);

/** The next line, without its newline, valid until the next call. Text after the last newline is a line too. NULL at
 * the end, and for a line that does not fit. */
char *backhand_small_file_line(backhand_small_file *in);

/** Reads digits, after blanks; a number that is too large becomes UINT64_MAX.
 * @return the text after them, or NULL if there are none */
const char *backhand_small_file_count(const char *text, uint64_t *out);

#endif
