/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

/**
 * @file own_file.h
 * @brief Opens files that this module keeps for itself, in folders where others may write, too. Core: no httpd.
 */
#ifndef BACKHAND_OWN_FILE_H
#define BACKHAND_OWN_FILE_H

/**
 * Opens a file for reading if only this module can have written it: a regular file, no link, that belongs to this
 * process's user or root, and that nobody else may write. Never waits.
 * @param fd  the file; -1: it does not exist, or is refused
 * @return NULL, or the reason for the refusal; static text, or of strerror()
 */
const char *backhand_own_file_open(int *fd, const char *path);

#endif
