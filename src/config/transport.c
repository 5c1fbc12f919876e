/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

/* BackhandTransport: the brokers by which this server announces itself. */

#include "config/config.h"
#include "config/directive.h"
#include "announce/net/nats.h"

#include <apr_strings.h>

#define WORDS_MAX 12

/* Makes the paths absolute. @return NULL, or the word that names no file */
static const char *complete_paths(backhand_broker *broker, apr_pool_t *p)
{
    for (int i = 0; i < BACKHAND_BROKER_FILES; i++) {
        const char *path = broker->file[i] ? ap_server_root_relative(p, broker->file[i]) : NULL;
        if (broker->file[i] && !path) {
            return broker->file[i];
        }
        broker->file[i] = path;
    }
    return NULL;
}

/* httpd runs this whenever it reads its configuration, as the user that starts it. So only that user need be able to
 * read the files, and a graceful restart reads them anew. */
const char *backhand_directive_transport(cmd_parms *cmd, void *unused, const char *line)
{
    const char *words[WORDS_MAX], *wrong = "", *error;
    backhand_config *conf;
    backhand_broker *broker;
    int n = 0;

    (void)unused;
    error = backhand_config_server_wide(cmd, &conf);
    if (error) {
        return error;
    }
    if (!backhand_nats_available()) {
        return apr_pstrcat(cmd->pool, cmd->cmd->name,
                           ": this build of mod_backhand has no NATS; build it where libnats and its headers are "
                           "installed, or take the directive away",
                           NULL);
    }
    if (conf->broker) {
        return apr_pstrcat(cmd->pool, cmd->cmd->name, ": may stand only once; one line names all brokers", NULL);
    }
    while (*line && n < WORDS_MAX) {
        words[n++] = ap_getword_conf(cmd->pool, &line);
    }
    broker = apr_palloc(cmd->pool, sizeof(*broker));
    error = *line ? "has too many words" : backhand_broker_parse(broker, words, n, &wrong, cmd->pool);
    if (error) {
        return backhand_directive_wrong(cmd, *wrong ? wrong : "\"\"", error);
    }
    wrong = complete_paths(broker, cmd->pool);
    if (wrong) {
        return backhand_directive_wrong(cmd, wrong, "takes a file, relative to ServerRoot");
    }
    error = backhand_broker_load(broker, cmd->pool);
    if (error) {
        return apr_pstrcat(cmd->pool, cmd->cmd->name, " ", error, NULL);
    }
    conf->broker = broker;
    return NULL;
}
