/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

#include "announce/moderator/pid_file.h"
#include "base/own_file.h"

#include <stdio.h>
#include <unistd.h>

static int print(FILE *file, const void *pid)
{
    return fprintf(file, "%d\n", (int)*(const pid_t *)pid) > 0;
}

apr_status_t backhand_pid_file_write(const char *path, pid_t pid)
{
    return backhand_own_file_replace(path, 0644, print, &pid);
}

void backhand_pid_file_remove(const char *path)
{
    unlink(path);
}
