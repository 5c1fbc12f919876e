/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

/**
 * @file config.h
 * @brief The directives: their settings, and the functions that read and check them.
 */
#ifndef BACKHAND_CONFIG_H
#define BACKHAND_CONFIG_H

#include "announce/check/check.h"
#include "announce/net/accept.h"
#include "announce/net/broker.h"
#include "announce/net/destination.h"
#include "candidacy/chain.h"
#include "config/cookie.h"
#include "trust/keys.h"
#include "trust/spent.h"

#include <ap_expr.h>
#include <httpd.h>
#include <http_config.h>

/* Everything else in this object is hidden unless said otherwise; httpd looks this one up by name. */
extern BACKHAND_API module AP_MODULE_DECLARE_DATA backhand_module;

/** The handler of the status page, as SetHandler names it. */
#define BACKHAND_HANDLER "backhand-handler"

/** A number of things, or a share of all. */
typedef struct backhand_share {
    int count;   /**< -1: `percent` counts */
    int percent; /**< 0 to 100 */
} backhand_share;

/** A line of Backhand or BackhandFromSO, as the configuration has it. */
typedef struct backhand_chain_line {
    const server_rec *host;
    const ap_directive_t *section; /**< the innermost such section; NULL: none */
    const char *container;         /**< the sections around it within the host, as in `<Location "/app">`; NULL: none */
    const char *place;             /**< path or pattern of the innermost container; NULL: the host itself */
    const char *function;          /**< NULL: `Backhand off` */
    const char *arg;               /**< or NULL */
    const char *where;             /**< `file:line` */
} backhand_chain_line;

/** Server-wide; one for the whole httpd, owned by the main server, read-only once the configuration is read. A virtual
 * host's config record points to the same struct. Defaults in brackets. */
typedef struct backhand_config {
    int max_servers;                     /**< BackhandMaxServers [256] */
    const char *dir;                     /**< UnixSocketDir, absolute [backhand under DefaultRuntimeDir] */
    apr_interval_time_t interval;        /**< BackhandInterval [250 ms] */
    const char *farm;                    /**< BackhandFarm [default] */
    const char *zone;                    /**< BackhandZone, or NULL */
    int zone_summary;                    /**< BackhandZoneSummary: representatives of a zone, 0: Off [0] */
    const char *hostname;                /**< BackhandHostname [ServerName, else the system's name]; set after config */
    int contact_set;                     /**< contact is configured or known; set after config */
    const char *contact_text;            /**< BackhandContact as written, or NULL */
    backhand_contact contact;            /**< BackhandContact, or MulticastStats' myaddr, or the first usable Listen */
    apr_array_header_t *functions;       /**< backhand_function of all containers, in the configuration's order */
    apr_array_header_t *chain_lines;     /**< backhand_chain_line, in the configuration's order */
    apr_array_header_t *destinations;    /**< MulticastStats: backhand_destination */
    backhand_accept_list *accept;        /**< AcceptStats */
    const backhand_broker *broker;       /**< BackhandTransport, or NULL */
    backhand_share max_handoffs;         /**< BackhandMaxHandoffs: requests, or a share of the workers [50%] */
    backhand_share max_session_handoffs; /**< BackhandMaxSessionHandoffs [75%] */
    backhand_share max_tunnels;          /**< BackhandMaxTunnels: tunnels, or a share of the workers [25%] */
    apr_off_t retry_body;                /**< BackhandRetryBody, bytes [65536] */
    apr_interval_time_t connect_timeout; /**< BackhandConnectTimeout [1 s] */
    apr_interval_time_t response_timeout; /**< BackhandResponseTimeout [0: ProxyTimeout] */
    int pools;                            /**< BackhandConnectionPools; 0: a connection for each hand-off [1] */
    const char *moderator_pid_file;       /**< BackhandModeratorPIDFile, absolute, or NULL */
    const char *log_words;                /**< BackhandLogLevel as written, or NULL */
    backhand_keys *keys;                  /**< of BackhandSecretFile, or NULL */
    backhand_keys *manage_key;            /**< for the forms of BackhandManage; set in post_config */
    apr_array_header_t *retry_status;     /**< BackhandRetryStatus: int, 400 to 599 [none] */
    const backhand_check *check;          /**< BackhandCheck, or NULL */
    int keys_optional;                    /**< BackhandSecretFile's word `optional` */
    apr_interval_time_t skew;             /**< BackhandClockSkew [30 s] */
    int tries;                            /**< BackhandTries: servers that are asked before this one [3] */
    apr_interval_time_t
        policy_timeout;        /**< BackhandPolicyTimeout: how long a Perl policy may take, 0: no limit [100 ms] */
    int policy_interpreters;   /**< BackhandPolicyInterpreters: for policies in Perl, a child process [2] */
    apr_interval_time_t retry; /**< BackhandRetry: how long a server that failed is asked last [5 s] */
    backhand_table *table;     /**< set in post_config; NULL while only the syntax is checked */
    int keepalive;             /**< ms: the smallest KeepAliveTimeout of all hosts, 0: KeepAlive Off somewhere */
    int self_only;         /**< BackhandSelfRedirect Only stands somewhere: requests are handed off without a chain */
    int trust_user;        /**< BackhandTrustUser On stands somewhere */
    backhand_spent *spent; /**< marks that have named a user; set in post_config when trust_user is; or NULL */
    const char *traced;    /**< `file:line` of the last BackhandTrace that is not off, or NULL */
    int used;              /**< some directive of ours stands in the configuration */
    struct backhand_proxy *proxy;     /**< this process's data for hand-offs; set in post_config */
    struct backhand_process *process; /**< this child's row in the table; set in child_init; NULL: none was left */
} backhand_config;

/** BackhandSelfRedirect Only: requests that the chain leaves to this server go to its contact, and never stay here. */
#define BACKHAND_SELF_ONLY 2

/** BackhandMaxWaitExempt: requests with a session; requests from this machine or from an address of AcceptStats. */
#define BACKHAND_EXEMPT_SESSIONS 1
#define BACKHAND_EXEMPT_INTERNAL 2

/** Per directory. */
typedef struct backhand_dir_config {
    backhand_chain chain;
    uint64_t set;          /**< the directives that stand here or around it, a bit a line of backhand_commands */
    int self_redirect;     /**< BackhandSelfRedirect: 0, 1, BACKHAND_SELF_ONLY [0] */
    apr_off_t buffer_body; /**< BackhandBufferBody, bytes [0] */
    const backhand_cookie *session_cookie; /**< BackhandSessionCookie; NULL: off [off] */
    /** BackhandSessionRedirect: where the session's owner cannot be asked now, the client is sent there, by a name of
     * this format (see name_format.h); NULL: it gets 503 [off] */
    const char *session_redirect;
    apr_interval_time_t max_wait; /**< BackhandMaxWait; 0: no limit [0] */
    int max_wait_exempt; /**< BackhandMaxWaitExempt: BACKHAND_EXEMPT_SESSIONS, BACKHAND_EXEMPT_INTERNAL, a bit each [0]
                          */
    int proxy_pass;      /**< BackhandProxyPass: requests that ProxyPass has are balanced [0] */
    int trust_user;      /**< BackhandTrustUser [0] */
    int manage;          /**< BackhandManage: the status page takes orders [0] */
    const ap_expr_info_t *trace; /**< BackhandTrace: requests that the log explains; NULL: none [off] */
    const char *place;           /**< path or pattern of the innermost container with a chain; NULL: a server or host */
} backhand_dir_config;

/** The table of directives, in directives.c. `cmd_data` of a line is its backhand_directive, or NULL. */
extern const command_rec backhand_commands[];

void *backhand_config_create(apr_pool_t *p, server_rec *s);
void *backhand_config_merge(apr_pool_t *p, void *base, void *add);
void *backhand_dir_config_create(apr_pool_t *p, char *dir);
void *backhand_dir_config_merge(apr_pool_t *p, void *base, void *add);

/** The server-wide configuration. */
backhand_config *backhand_config_get(const server_rec *s);
/** True in the first of the two passes over the configuration that httpd makes at its start. That pass makes no shared
 * state and no process, and logs no warnings. A check of the configuration has one pass, which is no rehearsal. */
int backhand_config_is_rehearsal(void);
/** The first byZone of the chains; NULL: there is none. */
const backhand_function *backhand_config_zone_function(const backhand_config *conf);
/** This server's contact, as the others know it. @return 0: it is not known yet, and `contact` is empty */
int backhand_config_contact(const backhand_config *conf, char contact[BACKHAND_CONTACT_SIZE]);
/** NULL while the configuration is read. Later, as for a .htaccess file or a module that gives directives to a
 * request, the error. */
const char *backhand_config_too_late(const cmd_parms *cmd);
/** Sets `conf` for a directive in the server's own configuration. @return NULL, or the error for other places */
const char *backhand_config_server_wide(cmd_parms *cmd, backhand_config **conf);
/** NULL for a place where a directive per directory may stand, else the error. */
const char *backhand_config_wrong_context(cmd_parms *cmd);
/** The settings for the request's place; never NULL. */
const backhand_dir_config *backhand_config_dir(const request_rec *r);
/** The request's chain. */
const backhand_chain *backhand_config_chain(const request_rec *r);

/** `BackhandSelfRedirect On|Off|Only` */
const char *backhand_directive_self_redirect(cmd_parms *cmd, void *dir, const char *word);
/** `BackhandTrace expression|off` */
const char *backhand_directive_trace(cmd_parms *cmd, void *dir, const char *text);
/** `BackhandTrustUser On|Off` */
const char *backhand_directive_trust_user(cmd_parms *cmd, void *dir, const char *word);
/** `BackhandCheck url|exec:program [interval] [fall] [rise] [timeout]` */
const char *backhand_directive_check(cmd_parms *cmd, void *unused, const char *line);
/** `BackhandSecretFile file [optional]` */
const char *backhand_directive_secret_file(cmd_parms *cmd, void *unused, const char *file, const char *word);
/** `MulticastStats [myaddress[:port]] destination` */
const char *backhand_directive_destination(cmd_parms *cmd, void *unused, const char *first, const char *second);
/** `BackhandTransport url[,url...] [prefix] [option=file...]` */
const char *backhand_directive_transport(cmd_parms *cmd, void *unused, const char *line);
const char *backhand_directive_zone_summary(cmd_parms *cmd, void *unused, const char *word);
/** `BackhandLogLevel word ...`, of an earlier release */
const char *backhand_directive_log_level(cmd_parms *cmd, void *unused, const char *line);

/**
 * Fills in the settings that the configuration left open (hostname, contact, keepalive). Makes the checks that need
 * the whole configuration, for example that mod_proxy_http is loaded if some chain may hand off. Hook check_config:
 * `apachectl configtest` runs it too, so it opens and makes nothing. Logs its errors.
 * @return OK or HTTP_INTERNAL_SERVER_ERROR
 */
int backhand_config_complete(apr_pool_t *p, apr_pool_t *ptemp, server_rec *s);

/** Calls every function's `_check` of all chains in the configuration, and logs their errors with `where`. Called in
 * post_config of the real start. */
void backhand_config_check_functions(apr_pool_t *ptemp, server_rec *s);

/** With `-D DUMP_BACKHAND`, writes what the configuration says to standard output: lines of `Backhand-Key: value`, as
 * docs/backhandctl.md lists them. Hook test_config, which only `httpd -t` runs. */
void backhand_config_dump(const server_rec *s);

/** Logs at the real start that the lines of BackhandTrace cannot be seen, when no server's LogLevel lets them through.
 */
void backhand_config_note_trace(server_rec *s);

/** Warns at the real start about a farm without a secret. */
void backhand_config_warn_of_trust(const server_rec *s);

#endif
