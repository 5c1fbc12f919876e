/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

/**
 * @file pid_file.h
 * @brief BackhandModeratorPIDFile: a file with the moderator's process id, for administrators.
 */
#ifndef BACKHAND_PID_FILE_H
#define BACKHAND_PID_FILE_H

#include <apr_pools.h>

/** Writes the id and a newline to a new file, mode 0644, which replaces `path` atomically. Does not follow a symbolic
 * link. Called by httpd's parent. */
apr_status_t backhand_pid_file_write(const char *path, pid_t pid);

/** Removes the file. Called by httpd's parent. */
void backhand_pid_file_remove(const char *path);

#endif
