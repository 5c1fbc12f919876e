/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

/**
 * @file own_file.h
 * @brief Safely reads and replaces this module's own files in folders where other users may write. Core: no httpd.
 */
#ifndef BACKHAND_OWN_FILE_H
#define BACKHAND_OWN_FILE_H

#include <apr_errno.h>
#include <stdio.h>

/**
 * Opens a file for reading if only this module can have written it: a regular file, no link, owned by this process's
 * user or root, and not writable by others. Never waits.
 * @param fd  the file; -1: it does not exist, or is refused
 * @return NULL, or the reason for the refusal: static text, or the text of strerror()
 */
const char *backhand_own_file_open(int *fd, const char *path);

/** Prints the content of a file. @return 1; 0: it failed, and errno may have the reason */
typedef int backhand_own_file_print_fn(FILE *file, const void *ctx);

/**
 * Replaces a file completely, or on an error leaves it as it is. Writes the content to a new file, `path.new`, and then
 * renames that to `path`. So no reader sees an incomplete file, and nothing is written through a link. Only one process
 * at a time may call it.
 * @param mode  permissions of the new file, for example 0600; the umask takes bits away
 */
apr_status_t backhand_own_file_replace(const char *path, int mode, backhand_own_file_print_fn *printer,
                                       const void *ctx);

#endif
