/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

/**
 * @file own_file.h
 * @brief Opens files that this module keeps for itself, in folders where others may write, too. Core: no httpd.
 */
#ifndef BACKHAND_OWN_FILE_H
#define BACKHAND_OWN_FILE_H

/**
 * Opens a file for reading if it can only be ours: a regular file, no link, of this process's user or root, that nobody else
 * may write. Never waits.
 * @param fd  the file; -1: it is not there, or wrong
 * @return NULL, or what is wrong with the file; static text, or of strerror()
 */
const char *backhand_own_file_open(int *fd, const char *path);

#endif
