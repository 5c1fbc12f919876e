/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

/**
 * @file own_file.h
 * @brief Files that this module keeps, in folders where others may write, too. Core: no httpd.
 */
#ifndef BACKHAND_OWN_FILE_H
#define BACKHAND_OWN_FILE_H

#include <apr_errno.h>
#include <stdio.h>

/**
 * Opens a file for reading if only this module can have written it: a regular file, no link, that belongs to this
 * process's user or root, and that nobody else may write. Never waits.
 * @param fd  the file; -1: it does not exist, or is refused
 * @return NULL, or the reason for the refusal; static text, or of strerror()
 */
const char *backhand_own_file_open(int *fd, const char *path);

/** Prints the content of a file. @return 0: it could not, and errno may say why */
typedef int backhand_own_file_print_fn(FILE *file, const void *ctx);

/**
 * Replaces a file as a whole, or leaves it as it is: the content goes into a new file beside it, `path.new`, which then
 * gets its name. So no reader sees half a file, and nothing is written through a link. One process at a time.
 * @param mode  of the new file, as in 0600; the umask takes bits away
 */
apr_status_t backhand_own_file_replace(const char *path, int mode, backhand_own_file_print_fn *printer,
                                       const void *ctx);

#endif
