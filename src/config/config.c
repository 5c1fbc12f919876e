/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

#include "config/config.h"
#include "config/words.h"
#include "candidacy/directives.h"

#include <apr_strings.h>
#include <http_core.h>
#include <http_main.h>

#include <string.h>

#define SECOND APR_USEC_PER_SEC
#define MSEC   (APR_USEC_PER_SEC / 1000)

/* --- records ----------------------------------------------------------------------------------------------- */

void *backhand_config_create(apr_pool_t *p, server_rec *s)
{
    backhand_config *conf = apr_pcalloc(p, sizeof(*conf));
    if (s->is_virtual) {
        /* Never read: the merge puts the main server's in its place. */
        return conf;
    }
    conf->max_servers = BACKHAND_SERVERS_DEFAULT;
    conf->interval = 250 * MSEC;
    conf->farm = "default";
    conf->destinations = apr_array_make(p, 2, sizeof(backhand_destination));
    conf->accept = apr_array_make(p, 4, sizeof(apr_ipsubnet_t *));
    conf->functions = apr_array_make(p, 8, sizeof(backhand_function));
    conf->max_handoffs = -1;
    conf->max_handoffs_percent = 50;
    conf->retry_body = 65536;
    conf->connect_timeout = SECOND;
    conf->tries = 3;
    conf->retry = 5 * SECOND;
    conf->skew = 30 * SECOND;
    conf->policy_timeout = 100 * MSEC;
    conf->policy_interpreters = 2;
    return conf;
}

void *backhand_config_merge(apr_pool_t *p, void *base, void *add)
{
    (void)p;
    (void)add;
    return base;
}

backhand_config *backhand_config_get(const server_rec *s)
{
    return ap_get_module_config(s->module_config, &backhand_module);
}

/* --- server-wide directives -------------------------------------------------------------------------------- */

const char *backhand_config_too_late(const cmd_parms *cmd)
{
    if (ap_state_query(AP_SQ_MAIN_STATE) != AP_SQ_MS_RUN_MPM) {
        return NULL;
    }
    return apr_pstrcat(cmd->pool, cmd->cmd->name,
                       ": belongs to the server's configuration; a .htaccess file or a request cannot set it", NULL);
}

const char *backhand_config_server_wide(cmd_parms *cmd, backhand_config **conf)
{
    const char *error = backhand_config_too_late(cmd);
    if (error) {
        return error;
    }
    *conf = backhand_config_get(ap_server_conf);
    (*conf)->used = 1;
    if (!ap_check_cmd_context(cmd, GLOBAL_ONLY)) {
        return NULL;
    }
    return apr_pstrcat(cmd->pool, cmd->cmd->name, ": belongs to the whole server: put it outside of ",
                       cmd->directive->parent ? cmd->directive->parent->directive : "<VirtualHost", ">", NULL);
}

static const char *wrong(cmd_parms *cmd, const char *value, const char *right)
{
    return apr_pstrcat(cmd->pool, cmd->cmd->name, " ", *value ? value : "\"\"", ": ", right, NULL);
}

static const char *set_dir(cmd_parms *cmd, void *unused, const char *word)
{
    backhand_config *conf;
    const char *error = backhand_config_server_wide(cmd, &conf);
    (void)unused;
    if (error) {
        return error;
    }
    conf->dir = *word ? ap_runtime_dir_relative(cmd->pool, word) : NULL;
    return conf->dir ? NULL : wrong(cmd, word, "takes a folder (default backhand under DefaultRuntimeDir)");
}

static const char *add_destination(cmd_parms *cmd, void *unused, const char *first, const char *second)
{
    backhand_config *conf;
    backhand_destination destination;
    const char *error = backhand_config_server_wide(cmd, &conf);
    (void)unused;
    if (error) {
        return error;
    }
    memset(&destination, 0, sizeof(destination));
    error = backhand_destination_parse(&destination, first, second, cmd->pool);
    if (error) {
        return wrong(cmd, second ? apr_pstrcat(cmd->temp_pool, first, " ", second, NULL) : first, error);
    }
    APR_ARRAY_PUSH(conf->destinations, backhand_destination) = destination;
    return NULL;
}

static const char *add_accept(cmd_parms *cmd, void *unused, const char *word)
{
    backhand_config *conf;
    const char *error = backhand_config_server_wide(cmd, &conf);
    (void)unused;
    if (error) {
        return error;
    }
    error = backhand_accept_add(conf->accept, word);
    return error ? wrong(cmd, word, error) : NULL;
}

static const char *set_contact(cmd_parms *cmd, void *unused, const char *word)
{
    backhand_config *conf;
    const char *error = backhand_config_server_wide(cmd, &conf);
    (void)unused;
    if (error) {
        return error;
    }
    error = backhand_contact_parse(&conf->contact, word, 0);
    if (error) {
        return wrong(cmd, word,
                     apr_pstrcat(cmd->temp_pool, error, "; write [scheme://]address[:port], as in ",
                                 "http://192.0.2.1:80 or [2001:db8::1]:80", NULL));
    }
    conf->contact_set = 1;
    conf->contact_text = word;
    return NULL;
}

static const char *set_farm(cmd_parms *cmd, void *unused, const char *word)
{
    backhand_config *conf;
    const char *error = backhand_config_server_wide(cmd, &conf);
    (void)unused;
    if (error) {
        return error;
    }
    if (!backhand_word_is_farm(word)) {
        return wrong(cmd, word, "takes a name of 1 to 63 characters of A-Z a-z 0-9 . _ - (default \"default\")");
    }
    conf->farm = word;
    return NULL;
}

static const char *set_hostname(cmd_parms *cmd, void *unused, const char *word)
{
    backhand_config *conf;
    const char *error = backhand_config_server_wide(cmd, &conf);
    (void)unused;
    if (error) {
        return error;
    }
    if (!backhand_hostname_valid(word)) {
        return wrong(cmd, word,
                     "takes this server's name, 1 to 255 of A-Z a-z 0-9 . _ - : (default: the main ServerName)");
    }
    conf->hostname = word;
    return NULL;
}

static const char *set_max_handoffs(cmd_parms *cmd, void *unused, const char *word)
{
    backhand_config *conf;
    int64_t value;
    size_t length = strlen(word);
    const char *error = backhand_config_server_wide(cmd, &conf);
    (void)unused;
    if (error) {
        return error;
    }
    if (length > 0 && word[length - 1] == '%' &&
        backhand_word_number(&value, apr_pstrmemdup(cmd->temp_pool, word, length - 1), 0, 100)) {
        conf->max_handoffs = -1;
        conf->max_handoffs_percent = (int)value;
        return NULL;
    }
    if (backhand_word_number(&value, word, 0, 1000000)) {
        conf->max_handoffs = (int)value;
        return NULL;
    }
    return wrong(
        cmd, word,
        "takes a number of requests from 0 to 1000000, or a share of the workers from 0% to 100% (default 50%)");
}

static const char *set_retry_body(cmd_parms *cmd, void *unused, const char *word)
{
    backhand_config *conf;
    int64_t value;
    const char *error = backhand_config_server_wide(cmd, &conf);
    (void)unused;
    if (error) {
        return error;
    }
    if (!backhand_word_number(&value, word, 0, 16 * 1024 * 1024)) {
        return wrong(cmd, word, "takes a number of bytes from 0 to 16777216 (default 65536)");
    }
    conf->retry_body = (apr_off_t)value;
    return NULL;
}

/* A directive that takes a number; its cmd_data. */
typedef struct number_setting {
    size_t offset; /* of an int in backhand_config */
    int min, max;
    const char *right;
} number_setting;

static number_setting max_servers_setting = {
    APR_OFFSETOF(backhand_config, max_servers),
    BACKHAND_SERVERS_MIN,
    BACKHAND_SERVERS_MAX,
    "takes a number of servers from 2 to 4096 (default 256)",
};
static number_setting tries_setting = {
    APR_OFFSETOF(backhand_config, tries),
    0,
    100,
    "takes the number of other servers to try, from 0 to 100 (default 3)",
};
static number_setting policy_interpreters_setting = {
    APR_OFFSETOF(backhand_config, policy_interpreters),
    1,
    64,
    "takes a number of interpreters from 1 to 64 (default 2)",
};

static const char *set_number(cmd_parms *cmd, void *unused, const char *word)
{
    const number_setting *setting = cmd->info;
    backhand_config *conf;
    int64_t value;
    const char *error = backhand_config_server_wide(cmd, &conf);
    (void)unused;
    if (error) {
        return error;
    }
    if (!backhand_word_number(&value, word, setting->min, setting->max)) {
        return wrong(cmd, word, setting->right);
    }
    *(int *)(void *)((char *)conf + setting->offset) = (int)value;
    return NULL;
}

static const char *set_connection_pools(cmd_parms *cmd, void *unused, int flag)
{
    backhand_config *conf;
    const char *error = backhand_config_server_wide(cmd, &conf);
    (void)unused;
    if (!error) {
        conf->no_pools = !flag;
    }
    return error;
}

static const char *set_moderator_pid_file(cmd_parms *cmd, void *unused, const char *word)
{
    backhand_config *conf;
    const char *error = backhand_config_server_wide(cmd, &conf);
    (void)unused;
    if (error) {
        return error;
    }
    conf->moderator_pid_file = *word ? ap_runtime_dir_relative(cmd->pool, word) : NULL;
    return conf->moderator_pid_file ? NULL : wrong(cmd, word, "takes a file, relative to DefaultRuntimeDir");
}

/* Its words were never written down; whatever they are, they ask for more or for less in the log. */
static const char *set_log_level(cmd_parms *cmd, void *unused, const char *line)
{
    const char *error = backhand_config_too_late(cmd);
    backhand_config *conf = backhand_config_get(ap_server_conf);
    (void)unused;
    if (!error) {
        conf->used = 1;
        conf->log_words = apr_pstrdup(cmd->pool, line);
    }
    return error;
}

/* A directive that takes a time; its cmd_data. */
typedef struct time_setting {
    size_t offset; /* in backhand_config */
    apr_interval_time_t min, max;
    const char *right;
} time_setting;

#define TIME_EXAMPLES ", as in 250ms or 5s; a number alone is seconds"

static time_setting interval_setting = {
    APR_OFFSETOF(backhand_config, interval),
    50 * MSEC,
    60 * SECOND,
    "takes a time from 50ms to 60s" TIME_EXAMPLES " (default 250ms)",
};
static time_setting connect_setting = {
    APR_OFFSETOF(backhand_config, connect_timeout),
    1 * MSEC,
    3600 * SECOND,
    "takes a time from 1ms to 1h" TIME_EXAMPLES " (default 1s)",
};
static time_setting response_setting = {
    APR_OFFSETOF(backhand_config, response_timeout),
    0,
    24 * 3600 * SECOND,
    "takes a time from 1ms to 24h, or 0 for that of ProxyTimeout" TIME_EXAMPLES " (default 0)",
};
static time_setting retry_setting = {
    APR_OFFSETOF(backhand_config, retry),
    0,
    3600 * SECOND,
    "takes a time from 0 to 1h" TIME_EXAMPLES " (default 5s)",
};

static time_setting skew_setting = {
    APR_OFFSETOF(backhand_config, skew),
    1 * SECOND,
    3600 * SECOND,
    "takes a time from 1s to 1h" TIME_EXAMPLES " (default 30s)",
};
static time_setting policy_setting = {
    APR_OFFSETOF(backhand_config, policy_timeout),
    0,
    3600 * SECOND,
    "takes a time from 1ms to 1h, or 0 for no limit" TIME_EXAMPLES " (default 100ms)",
};

static const char *set_time(cmd_parms *cmd, void *unused, const char *word)
{
    const time_setting *setting = cmd->info;
    backhand_config *conf;
    const char *error = backhand_config_server_wide(cmd, &conf);
    (void)unused;
    if (error) {
        return error;
    }
    if (!backhand_word_time((apr_interval_time_t *)(void *)((char *)conf + setting->offset), word, setting->min,
                            setting->max)) {
        return wrong(cmd, word, setting->right);
    }
    return NULL;
}

/* --- the table --------------------------------------------------------------------------------------------- */

/* Server-wide directives are admitted in containers too, so that it is backhand_config_server_wide() that says where
 * they belong. */
#define ANYWHERE (RSRC_CONF | ACCESS_CONF)

const command_rec backhand_commands[] = {
    AP_INIT_TAKE1("UnixSocketDir", set_dir, NULL, ANYWHERE, "the folder for run-time files"),
    AP_INIT_TAKE12("MulticastStats", add_destination, NULL, ANYWHERE,
                   "where to announce this server: [myaddress[:port]] destination:port[,ttl]"),
    AP_INIT_ITERATE("AcceptStats", add_accept, NULL, ANYWHERE,
                    "addresses or networks of servers whose announcements are accepted"),
    AP_INIT_TAKE12("BackhandSecretFile", backhand_directive_secret_file, NULL, ANYWHERE,
                   "a file of keys that this farm's servers share; optional: unsigned announcements are accepted too"),
    AP_INIT_TAKE1("BackhandClockSkew", set_time, &skew_setting, ANYWHERE,
                  "how far the clocks of servers with a secret may differ"),
    AP_INIT_TAKE1("BackhandMaxServers", set_number, &max_servers_setting, ANYWHERE, "entries in the table, 2 to 4096"),
    AP_INIT_TAKE1("BackhandInterval", set_time, &interval_setting, ANYWHERE,
                  "time between two announcements, 50ms to 60s"),
    AP_INIT_TAKE1("BackhandContact", set_contact, NULL, ANYWHERE,
                  "where the others send requests for this server: [scheme://]address[:port]"),
    AP_INIT_TAKE1("BackhandFarm", set_farm, NULL, ANYWHERE, "the name of this server's farm"),
    AP_INIT_TAKE1("BackhandHostname", set_hostname, NULL, ANYWHERE, "this server's name"),
    AP_INIT_TAKE1("BackhandMaxHandoffs", set_max_handoffs, NULL, ANYWHERE,
                  "requests handed off at a time, or a share of the workers, as in 50%"),
    AP_INIT_TAKE1("BackhandRetryBody", set_retry_body, NULL, ANYWHERE, "bytes of a request body kept to send it again"),
    AP_INIT_TAKE1("BackhandConnectTimeout", set_time, &connect_setting, ANYWHERE,
                  "how long to wait for a connection to another server"),
    AP_INIT_TAKE1("BackhandResponseTimeout", set_time, &response_setting, ANYWHERE,
                  "how long to wait for another server's response"),
    AP_INIT_TAKE1("BackhandTries", set_number, &tries_setting, ANYWHERE,
                  "how many other servers to try before this one"),
    AP_INIT_TAKE1("BackhandRetry", set_time, &retry_setting, ANYWHERE, "how long a server that failed is asked last"),
    AP_INIT_TAKE1("BackhandPolicyTimeout", set_time, &policy_setting, ANYWHERE,
                  "how long a policy in Perl may take for one request, 0: no limit"),
    AP_INIT_TAKE1("BackhandPolicyInterpreters", set_number, &policy_interpreters_setting, ANYWHERE,
                  "Perl interpreters that each child process keeps for policies, 1 to 64"),
    AP_INIT_FLAG("BackhandConnectionPools", set_connection_pools, NULL, ANYWHERE,
                 "Off: each request that is handed off gets a connection of its own"),
    AP_INIT_TAKE1("BackhandModeratorPIDFile", set_moderator_pid_file, NULL, ANYWHERE,
                  "a file for the process id of the moderator process"),
    AP_INIT_RAW_ARGS("BackhandLogLevel", set_log_level, NULL, ANYWHERE,
                     "of an earlier release: see LogLevel backhand:"),
    AP_INIT_TAKE1("BackhandSelfRedirect", backhand_directive_self_redirect, NULL, ANYWHERE,
                  "On: a request that stays goes to this server's contact; Only: this server never serves it"),
    AP_INIT_TAKE1("BackhandSessionCookie", backhand_directive_session_cookie, NULL, ANYWHERE,
                  "the name of a cookie that pins a client to the server that first served it"),
    AP_INIT_RAW_ARGS("Backhand", backhand_directive_builtin, NULL, ANYWHERE,
                     "a built-in candidacy function, and its argument"),
    AP_INIT_RAW_ARGS("BackhandFromSO", backhand_directive_from_so, NULL, ANYWHERE,
                     "a shared object, the candidacy function in it, and its arguments"),
    {NULL, {NULL}, NULL, 0, RAW_ARGS, NULL},
};
