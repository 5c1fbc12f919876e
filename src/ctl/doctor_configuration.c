/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

/* Findings in httpd's configuration, which `httpd -t -D DUMP_BACKHAND` prints. */

#include "ctl/doctor.h"

#include "base/number.h"
#include "table/clock.h"

#include <apr_strings.h>

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define OUTPUT_MAX 65536
/* How long the command may take. */
#define PATIENCE apr_time_from_sec(10)
#define LOOK     apr_time_from_msec(10)

/* Starts the command without input, with both outputs in a pipe, in a process group of its own, so that it can be ended
 * with all that it starts. @return the pipe's end to read; -1: errno says why not */
static int start(char *const *argv, pid_t *pid)
{
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    int ends[2], error;

    if (pipe(ends) != 0) {
        return -1;
    }
    posix_spawnattr_init(&attributes);
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP);
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO);
    posix_spawn_file_actions_adddup2(&actions, ends[1], STDERR_FILENO);
    posix_spawn_file_actions_addclose(&actions, ends[0]);
    posix_spawn_file_actions_addclose(&actions, ends[1]);
    error = posix_spawnp(pid, argv[0], &actions, &attributes, argv, environ);
    posix_spawn_file_actions_destroy(&actions);
    posix_spawnattr_destroy(&attributes);
    close(ends[1]);
    if (error) {
        close(ends[0]);
        errno = error;
        return -1;
    }
    return ends[0];
}

/* @return 0: nothing comes before the deadline */
static int wait_for_output(int fd, apr_time_t deadline)
{
    struct pollfd input = {.fd = fd, .events = POLLIN};
    apr_interval_time_t left;
    int ready = -1;

    while (ready < 0 && (left = deadline - backhand_clock_now()) > 0) {
        ready = poll(&input, 1, (int)(left / 1000) + 1);
        if (ready < 0 && errno != EINTR) {
            return 0;
        }
    }
    return ready > 0;
}

/* Reads all that comes before the deadline; what is too much for the buffer is read and dropped, so that the command
 * ends. */
static void read_all(int fd, apr_time_t deadline, char *out, size_t room)
{
    char dropped[4096];
    size_t length = 0;
    ssize_t n = 1;

    while (n != 0 && wait_for_output(fd, deadline)) {
        n = length < room ? read(fd, out + length, room - length) : read(fd, dropped, sizeof(dropped));
        length += n > 0 && length < room ? (size_t)n : 0;
        if (n < 0 && errno != EINTR) {
            n = 0;
        }
    }
    out[length] = '\0';
    close(fd);
}

/* @return 0: the command had not ended at the deadline */
static int has_ended(pid_t pid, apr_time_t deadline, int *status)
{
    pid_t ended;

    while ((ended = waitpid(pid, status, WNOHANG)) == 0 || (ended < 0 && errno == EINTR)) {
        if (backhand_clock_now() >= deadline) {
            return 0;
        }
        apr_sleep(LOOK);
    }
    return 1;
}

/* Kills the command if it has not ended at the deadline. A command of another user, as of sudo, may go on. @return 0:
 * it had not ended */
static int wait_for_end(pid_t pid, apr_time_t deadline, int *status)
{
    if (has_ended(pid, deadline, status)) {
        return 1;
    }
    kill(-pid, SIGKILL);
    (void)has_ended(pid, backhand_clock_now() + apr_time_from_sec(1), status);
    return 0;
}

static void take_destination(ctl_facts *facts, const char *value, apr_pool_t *p)
{
    char *state, *copy = apr_pstrdup(p, value);
    const char *address = apr_strtok(copy, " ", &state), *port = apr_strtok(NULL, " ", &state),
               *from = apr_strtok(NULL, " ", &state);
    int64_t number;
    ctl_destination *to;

    if (from && backhand_number_read(&number, port, 1, 65535)) {
        to = apr_array_push(facts->to);
        to->address = address;
        to->port = (int)number;
        to->from = strcmp(from, "any") == 0 ? NULL : from;
    }
}

static void take_fact(const char *key, const char *value, ctl_facts *facts, apr_array_header_t *findings)
{
    if (strcmp(key, "Directory") == 0) {
        facts->dir = value;
    }
    else if (strcmp(key, "Destination") == 0) {
        take_destination(facts, value, findings->pool);
    }
    else if (strcmp(key, "Function") == 0) {
        facts->functions++;
    }
    else if (strcmp(key, "Finding") == 0) {
        ctl_find(findings, CTL_BAD, "chains", "%s", value);
    }
    else if (strcmp(key, "Used") == 0) {
        facts->known = 1;
    }
}

/* A line of the log: its level stands in brackets, its text behind the module's word. */
static void take_log_line(const char *line, apr_array_header_t *findings)
{
    const char *text = strstr(line, "backhand: ");

    if (text) {
        ctl_find(findings, strstr(line, "[backhand:warn]") || strstr(line, "[backhand:notice]") ? CTL_WARN : CTL_BAD,
                 "configuration", "%s", text + strlen("backhand: "));
    }
}

static void take_line(char *line, ctl_facts *facts, apr_array_header_t *findings)
{
    static const char prefix[] = "Backhand-";
    char *colon = strstr(line, ": ");

    if (strncmp(line, prefix, sizeof(prefix) - 1) == 0 && colon) {
        *colon = '\0';
        take_fact(line + sizeof(prefix) - 1, colon + 2, facts, findings);
    }
    else {
        take_log_line(line, findings);
    }
}

/* The last line before "Syntax OK" or the end. */
static const char *last_line(const char *output, apr_pool_t *p)
{
    const char *last = "";

    for (const char *line = output; *line; line += strcspn(line, "\n"), line += *line == '\n') {
        size_t length = strcspn(line, "\n");
        last = length ? apr_pstrmemdup(p, line, length) : last;
    }
    return last;
}

static char *const *arguments(const char *command, apr_pool_t *p)
{
    char **words;
    apr_array_header_t *argv = apr_array_make(p, 8, sizeof(char *));

    if (apr_tokenize_to_argv(command, &words, p) != APR_SUCCESS) {
        return NULL;
    }
    for (; *words; words++) {
        APR_ARRAY_PUSH(argv, char *) = *words;
    }
    if (argv->nelts == 0) {
        return NULL;
    }
    APR_ARRAY_PUSH(argv, const char *) = "-t";
    APR_ARRAY_PUSH(argv, const char *) = "-D";
    APR_ARRAY_PUSH(argv, const char *) = "DUMP_BACKHAND";
    APR_ARRAY_PUSH(argv, char *) = NULL;
    return (char *const *)argv->elts;
}

static void take_output(char *output, ctl_facts *facts, apr_array_header_t *findings)
{
    char *state;

    for (char *line = apr_strtok(output, "\n", &state); line; line = apr_strtok(NULL, "\n", &state)) {
        take_line(line, facts, findings);
    }
}

void ctl_doctor_configuration(const ctl *command, ctl_facts *facts, apr_array_header_t *findings)
{
    apr_pool_t *p = findings->pool;
    char *output = apr_palloc(p, OUTPUT_MAX + 1);
    char *const *argv = arguments(command->httpd, p);
    const char *last;
    int status = 0, before = findings->nelts, fd;
    apr_time_t deadline = backhand_clock_now() + PATIENCE;
    pid_t pid;

    fd = argv ? start(argv, &pid) : -1;
    if (fd < 0) {
        ctl_find(findings, CTL_WARN, "configuration",
                 "cannot run %s: %s; name the command that checks httpd's configuration by --httpd", command->httpd,
                 argv ? strerror(errno) : "it has no word");
        return;
    }
    read_all(fd, deadline, output, OUTPUT_MAX);
    if (!wait_for_end(pid, deadline, &status)) {
        ctl_find(findings, CTL_WARN, "configuration",
                 "%s -t has not ended within %d s and is killed; see by hand why, or name another command by --httpd",
                 command->httpd, (int)apr_time_sec(PATIENCE));
        return;
    }
    last = last_line(output, p);
    take_output(output, facts, findings);
    if (status != 0) {
        ctl_find(findings, CTL_BAD, "configuration", "%s -t fails: %s", command->httpd, last);
    }
    else if (!facts->known) {
        ctl_find(findings, CTL_BAD, "configuration",
                 "%s knows no mod_backhand of this release: load the module, or name another command by --httpd",
                 command->httpd);
    }
    else if (facts->dir && command->dir_given && strcmp(facts->dir, command->dir) != 0) {
        ctl_find(findings, CTL_WARN, "configuration", "UnixSocketDir is %s, and doctor looks into %s; use -d %s",
                 facts->dir, command->dir, facts->dir);
    }
    if (findings->nelts == before) {
        ctl_find(findings, CTL_GOOD, "configuration", "httpd finds nothing wrong; functions in chains: %d",
                 facts->functions);
    }
}
