/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

/* BackhandTransport: the brokers by which this server announces itself; BackhandZoneSummary: to whom. */

#include "config/config.h"
#include "config/directive.h"
#include "announce/net/nats.h"
#include "base/number.h"
#include "candidacy/representative.h"

#include <apr_strings.h>

#define WORDS_MAX 12

/* Representatives of a zone with BackhandZoneSummary On. */
#define REPRESENTATIVES 3

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
    const char *words[WORDS_MAX] = {NULL}, *wrong = "", *error;
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

const char *backhand_directive_zone_summary(cmd_parms *cmd, void *unused, const char *word)
{
    backhand_config *conf;
    const char *error = backhand_config_server_wide(cmd, &conf);
    int64_t most = REPRESENTATIVES;

    (void)unused;
    if (error) {
        return error;
    }
    if (strcasecmp(word, "off") == 0) {
        most = 0;
    }
    else if (strcasecmp(word, "on") != 0 && !backhand_number_read(&most, word, 1, BACKHAND_REPRESENTATIVES_MAX)) {
        return backhand_directive_wrong(cmd, word,
                                        "takes On, Off, or how many servers represent a zone, from 1 to 16 (default "
                                        "Off)");
    }
    conf->zone_summary = (int)most;
    return NULL;
}
