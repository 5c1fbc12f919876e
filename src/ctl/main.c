/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

/* backhandctl: the farm from the command line. */

#include "ctl/commands.h"

#include "base/number.h"
#include "table/attach.h"

#include <apr_general.h>
#include <apr_getopt.h>
#include <apr_strings.h>

#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define SECONDS_MAX 3600
#define HTTPD       "apache2ctl"

enum { OPTION_JSON = 256, OPTION_EVERY, OPTION_ADD, OPTION_PROMOTE, OPTION_URL, OPTION_HTTPD };

static const apr_getopt_option_t known_options[] = {
    {"dir", 'd', 1, "the folder of UnixSocketDir; default " BACKHAND_RUN_DIR},
    {"json", OPTION_JSON, 0, "write JSON"},
    {"every", OPTION_EVERY, 1, "top: seconds between two looks"},
    {"url", OPTION_URL, 1, "explain: where the server's status page is"},
    {"httpd", OPTION_HTTPD, 1, "doctor: the command that checks httpd's configuration; default " HTTPD},
    {"add", OPTION_ADD, 1, "newsecret: add the key as the last one of this file"},
    {"promote", OPTION_PROMOTE, 1, "newsecret: make the last key of this file the first"},
    {"help", 'h', 0, "this text"},
    {"version", 'V', 0, "which release this is"},
    {NULL, 0, 0, NULL},
};

typedef enum need { NEEDS_NOTHING, NEEDS_TO_READ, NEEDS_TO_WRITE } need;

typedef struct verb {
    const char *name;
    const char *arguments; /* as the help shows them */
    int least, most;       /* arguments */
    need need;
    int (*run)(ctl *command);
    const char *help;
} verb;

static const verb verbs[] = {
    {"status", "", 0, 0, NEEDS_TO_READ, ctl_status, "show the servers"},
    {"top", "", 0, 0, NEEDS_TO_READ, ctl_top, "show the servers, again and again; o sorts, q ends"},
    {"explain", "URI", 1, 1, NEEDS_NOTHING, ctl_explain, "show how the server would decide on a request for it"},
    {"drain", "[SERVER]", 0, 1, NEEDS_TO_WRITE, ctl_drain,
     "give it no new requests of others; without SERVER this one"},
    {"maintenance", "[SERVER]", 0, 1, NEEDS_TO_WRITE, ctl_maintenance, "give it no requests at all"},
    {"undrain", "[SERVER]", 0, 1, NEEDS_TO_WRITE, ctl_undrain, "end drain and maintenance"},
    {"weight", "N [SERVER]", 1, 2, NEEDS_TO_WRITE, ctl_weight, "give it N % of its fair share, 0 to 100"},
    {"forget", "SERVER", 1, 1, NEEDS_TO_WRITE, ctl_forget, "drop it from the table until it is heard again"},
    {"doctor", "", 0, 0, NEEDS_NOTHING, ctl_doctor, "look for what keeps this server out of the farm"},
    {"newsecret", "[FILE]", 0, 1, NEEDS_NOTHING, ctl_newsecret, "make a key for BackhandSecretFile"},
};
#define VERBS (sizeof(verbs) / sizeof(verbs[0]))

int ctl_fail(int code, const char *format, ...)
{
    va_list list;

    fflush(stdout);
    fputs("backhandctl: ", stderr);
    va_start(list, format);
    vfprintf(stderr, format, list);
    va_end(list);
    fputc('\n', stderr);
    return code;
}

const char *ctl_plain(const char *text, apr_pool_t *p)
{
    char *plain = apr_pstrdup(p, text);

    for (char *at = plain; *at; at++) {
        if (*at < ' ' || *at > '~') {
            *at = '?';
        }
    }
    return plain;
}

int ctl_attach(ctl *command, int writable, apr_pool_t *p)
{
    const char *wrong;
    apr_status_t rv = backhand_table_attach(&command->table, command->dir, writable, &wrong, p);

    if (rv == APR_SUCCESS) {
        return CTL_OK;
    }
    return ctl_fail(APR_STATUS_IS_EACCES(rv)                          ? CTL_FORBIDDEN
                    : APR_STATUS_IS_ENOENT(rv) || rv == APR_EMISMATCH ? CTL_ABSENT
                                                                      : CTL_FAILED,
                    "%s", wrong);
}

static void write_help(FILE *out)
{
    fputs("usage: backhandctl [OPTION...] COMMAND [ARGUMENT...]\n"
          "Shows the farm as one server of mod_backhand sees it, and gives orders to servers.\n\ncommands:\n",
          out);
    for (size_t i = 0; i < VERBS; i++) {
        int left = fprintf(out, "  %s%s%s", verbs[i].name, *verbs[i].arguments ? " " : "", verbs[i].arguments);
        fprintf(out, "%*s %s\n", left < 28 ? 28 - left : 0, "", verbs[i].help);
    }
    fputs("\noptions:\n", out);
    for (const apr_getopt_option_t *option = known_options; option->name; option++) {
        int left = option->optch < 128 ? fprintf(out, "  -%c, --%s", option->optch, option->name)
                                       : fprintf(out, "  --%s", option->name);
        left += fputs(option->has_arg ? " ..." : "", out) >= 0 && option->has_arg ? 4 : 0;
        fprintf(out, "%*s %s\n", left < 28 ? 28 - left : 0, "", option->description);
    }
    fputs(
        "\nexit codes: 0; 1 no such server; 2 no table; 3 no permission; 4 a fault found by doctor; 5 another error;\n"
        "64 wrong usage\n",
        out);
}

/* @return -1 to go on, or the code to end with */
static int take_option(ctl *command, int option, const char *value)
{
    switch (option) {
    case 'h':
        write_help(stdout);
        return CTL_OK;
    case 'V':
        printf("backhandctl of mod_backhand %s\n", BACKHAND_VERSION);
        return CTL_OK;
    case 'd':
        command->dir = value;
        command->dir_given = 1;
        break;
    case OPTION_JSON:
        command->json = 1;
        break;
    case OPTION_URL:
        command->url = value;
        break;
    case OPTION_HTTPD:
        command->httpd = value;
        break;
    case OPTION_ADD:
        command->add = value;
        break;
    case OPTION_PROMOTE:
        command->promote = value;
        break;
    case OPTION_EVERY:
        if (!backhand_number_read(&command->seconds, value, 1, SECONDS_MAX)) {
            return ctl_fail(CTL_USAGE, "--every takes a number of seconds, from 1 to %d", SECONDS_MAX);
        }
        break;
    default:
        break;
    }
    return -1;
}

static int read_options(ctl *command, int argc, const char *const *argv)
{
    apr_getopt_t *reading;
    const char *value;
    int option, end;
    apr_status_t rv;

    apr_getopt_init(&reading, command->pool, argc, argv);
    reading->interleave = 1;
    while ((rv = apr_getopt_long(reading, known_options, &option, &value)) == APR_SUCCESS) {
        end = take_option(command, option, value);
        if (end >= 0) {
            return end;
        }
    }
    if (!APR_STATUS_IS_EOF(rv)) {
        return CTL_USAGE;
    }
    command->count = argc - reading->ind;
    command->arguments = reading->argv + reading->ind;
    return -1;
}

static const verb *find_verb(const char *name)
{
    for (size_t i = 0; i < VERBS; i++) {
        if (strcmp(verbs[i].name, name) == 0) {
            return &verbs[i];
        }
    }
    return NULL;
}

static int run(ctl *command)
{
    const verb *found = command->count > 0 ? find_verb(command->arguments[0]) : NULL;
    int code;

    if (!found) {
        if (command->count > 0) {
            return ctl_fail(CTL_USAGE, "there is no command %s; backhandctl --help lists them",
                            ctl_plain(command->arguments[0], command->pool));
        }
        write_help(stderr);
        return CTL_USAGE;
    }
    command->count--;
    command->arguments++;
    if (command->count < found->least || command->count > found->most) {
        return ctl_fail(CTL_USAGE, "usage: backhandctl %s %s", found->name, found->arguments);
    }
    code = found->need == NEEDS_NOTHING ? CTL_OK : ctl_attach(command, found->need == NEEDS_TO_WRITE, command->pool);
    return code == CTL_OK ? found->run(command) : code;
}

/* The owner of the segment's file has truncated it. */
static void on_bus_error(int signal)
{
    static const char text[] = "backhandctl: the table ended while it was read\n";
    (void)signal;
    (void)!write(STDERR_FILENO, text, sizeof(text) - 1);
    _exit(CTL_ABSENT);
}

int main(int argc, const char *const *argv)
{
    ctl command = {.dir = BACKHAND_RUN_DIR, .httpd = HTTPD, .seconds = 1};
    int code;

    if (apr_app_initialize(&argc, &argv, NULL) != APR_SUCCESS || apr_pool_create(&command.pool, NULL) != APR_SUCCESS) {
        return CTL_FAILED;
    }
    signal(SIGBUS, on_bus_error);
    code = read_options(&command, argc, argv);
    if (code < 0) {
        code = run(&command);
    }
    if (fflush(stdout) != 0 || ferror(stdout)) {
        code = ctl_fail(CTL_FAILED, "cannot write the output");
    }
    apr_terminate();
    return code;
}
