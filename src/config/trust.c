/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

/* The farm's secret: which servers this server believes. */

#include "config/config.h"

#include <apr_strings.h>
#include <http_log.h>

#include <strings.h>

APLOG_USE_MODULE(backhand);

/* httpd runs this whenever it reads its configuration, as the user that starts it. So a graceful restart changes the
 * keys. */
const char *backhand_directive_secret_file(cmd_parms *cmd, void *unused, const char *file, const char *word)
{
    backhand_config *conf;
    const char *path;
    const char *error = backhand_config_server_wide(cmd, &conf);
    (void)unused;
    if (error) {
        return error;
    }
    if (word && strcasecmp(word, "optional") != 0) {
        return apr_pstrcat(cmd->pool, cmd->cmd->name, " ", file, " ", word,
                           ": takes a file, and after it the word optional or nothing", NULL);
    }
    if (conf->keys) {
        return apr_pstrcat(cmd->pool, cmd->cmd->name, " ", file, ": may stand only once; one file holds all keys",
                           NULL);
    }
    path = *file ? ap_server_root_relative(cmd->pool, file) : NULL;
    if (!path) {
        return apr_pstrcat(cmd->pool, cmd->cmd->name, " ", *file ? file : "\"\"",
                           ": takes a file of keys, relative to ServerRoot", NULL);
    }
    error = backhand_keys_read(&conf->keys, path, cmd->pool);
    conf->keys_optional = word != NULL;
    return error ? apr_pstrcat(cmd->pool, cmd->cmd->name, " ", error, NULL) : NULL;
}

void backhand_config_warn_of_trust(const server_rec *s)
{
    const backhand_config *conf = backhand_config_get(s);
    if (conf->accept->nelts == 0 || (conf->keys && !conf->keys_optional)) {
        return;
    }
    ap_log_error(APLOG_MARK, APLOG_WARNING, 0, s,
                 "backhand: %s: anybody who sends from an address that AcceptStats covers can direct requests to any "
                 "covered address; %s",
                 conf->keys ? "BackhandSecretFile is optional" : "there is no BackhandSecretFile",
                 conf->keys ? "take the word optional away when all servers of the farm have a secret"
                            : "give all servers of the farm one");
    if (conf->broker) {
        ap_log_error(APLOG_MARK, APLOG_WARNING, 0, s,
                     "backhand: everybody who may publish at the broker of BackhandTransport can announce servers, for "
                     "the same reason");
    }
    if (backhand_accept_is_wide(conf->accept)) {
        ap_log_error(
            APLOG_MARK, APLOG_WARNING, 0, s,
            "backhand: AcceptStats covers addresses that look like those of clients: each of them can claim to "
            "be another client; list the servers only");
    }
}
