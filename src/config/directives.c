/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

/* The table of directives. A new directive needs a line here, a field in config.h, and a section in docs/. The lines
 * write values as a configuration does. tests/check/docs.t compares them with the documentation. */

#include "config/directive.h"
#include "announce/wire/message.h"
#include "base/number.h"
#include "base/words.h"
#include "config/chains.h"
#include "candidacy/name_format.h"

/* --- the form of a line ---------------------------------------------------------------------------------------- */

/* httpd lets all directives stand in containers too. So backhand_config_server_wide() can tell where those for the
 * whole server belong. */
#define ANYWHERE (RSRC_CONF | ACCESS_CONF)

#define SERVER(field)                                                                                                  \
    .context = BACKHAND_WHOLE_SERVER, .offset = offsetof(backhand_config, field),                                      \
    .size = sizeof(((backhand_config *)NULL)->field)
#define CONTAINER(field)                                                                                               \
    .context = BACKHAND_CONTAINER, .offset = offsetof(backhand_dir_config, field),                                     \
    .size = sizeof(((backhand_dir_config *)NULL)->field)

#define LINE(ARGS, name, help, ...)                                                                                    \
    AP_INIT_##ARGS(name, backhand_directive_read, (&(backhand_directive){__VA_ARGS__}), ANYWHERE, help)

/* Each kind takes the name, SERVER(field) or CONTAINER(field), and the default first, and a line of help last. */
#define FLAG(name, place, initial_, help) LINE(TAKE1, name, help, .kind = BACKHAND_FLAG, place, .initial = (initial_))
#define NUMBER(name, place, initial_, min_, max_, noun_, help)                                                         \
    LINE(TAKE1, name, help, .kind = BACKHAND_NUMBER, place, .initial = (initial_), .min = (min_), .max = (max_),       \
         .noun = (noun_))
#define SHARE(name, place, initial_, min_, max_, noun_, whole_, help)                                                  \
    LINE(TAKE1, name, help, .kind = BACKHAND_SHARE, place, .initial = (initial_), .min = (min_), .max = (max_),        \
         .noun = (noun_), .whole = (whole_))
/* zero: the meaning of 0, as in "no limit", or NULL when 0 is like any other time. */
#define TIME(name, place, initial_, min_, max_, zero_, help)                                                           \
    LINE(TAKE1, name, help, .kind = BACKHAND_TIME, place, .initial = (initial_), .min = (min_), .max = (max_),         \
         .zero = (zero_))
/* fallback: words for a default that is known only later, for error messages. */
#define TEXT(name, place, initial_, fallback_, check_, help)                                                           \
    LINE(TAKE1, name, help, .kind = BACKHAND_TEXT, place, .initial = (initial_), .fallback = (fallback_),              \
         .check = (check_))
#define PATH(name, place, initial_, noun_, help)                                                                       \
    LINE(TAKE1, name, help, .kind = BACKHAND_PATH, place, .initial = (initial_), .noun = (noun_))
#define LIST(name, place, add_, help) LINE(ITERATE, name, help, .kind = BACKHAND_LIST, place, .add = (add_))

/* --- words ----------------------------------------------------------------------------------------------------- */

static const char *check_farm(const char *word)
{
    return backhand_word_is_farm(word) ? NULL : "takes a name of 1 to 63 characters of A-Z a-z 0-9 . _ -";
}

static const char *check_zone(const char *word)
{
    return backhand_word_is_zone(word) ? NULL : "takes a name of 1 to 31 characters of A-Z a-z 0-9 _ -";
}

static const char *check_hostname(const char *word)
{
    return backhand_hostname_valid(word) ? NULL : "takes this server's name, 1 to 255 of A-Z a-z 0-9 . _ - :";
}

static const char *check_contact(const char *word)
{
    backhand_contact contact;
    return backhand_contact_parse(&contact, word, 0);
}

static const char *add_status(apr_array_header_t *list, const char *word)
{
    int64_t status;
    if (!backhand_number_read(&status, word, 400, 599)) {
        return "takes statuses from 400 to 599, as in 502 503 504";
    }
    APR_ARRAY_PUSH(list, int) = (int)status;
    return NULL;
}

static const char *const self_redirect_words[] = {[0] = "Off", [1] = "On", [BACKHAND_SELF_ONLY] = "Only", NULL};

static const char *const exempt_words[] = {[0] = "None",
                                           [BACKHAND_EXEMPT_SESSIONS] = "Sessions",
                                           [BACKHAND_EXEMPT_INTERNAL] = "Internal",
                                           [BACKHAND_EXEMPT_SESSIONS | BACKHAND_EXEMPT_INTERNAL] = "All",
                                           NULL};

static backhand_directive self_redirect = {
    .kind = BACKHAND_CHOICE, CONTAINER(self_redirect), .initial = "Off", .words = self_redirect_words};

static backhand_directive trust_user = {.kind = BACKHAND_FLAG, CONTAINER(trust_user), .initial = "Off"};

/* --- the table ------------------------------------------------------------------------------------------------- */

/* Fields may be pointers. NOLINTBEGIN(bugprone-sizeof-expression) */

/* Its setter reads it; this line says where it is merged. */
static backhand_directive trace = {.kind = BACKHAND_TEXT, CONTAINER(trace)};

const command_rec backhand_commands[] = {
    PATH("UnixSocketDir", SERVER(dir), "backhand", "a folder", "the folder for run-time files"),
    LIST("AcceptStats", SERVER(accept), backhand_accept_add,
         "addresses or networks of servers whose announcements are accepted"),
    TIME("BackhandClockSkew", SERVER(skew), "30s", "1s", "1h", NULL,
         "how far the clocks of servers with a secret may differ"),
    NUMBER("BackhandMaxServers", SERVER(max_servers), "256", "2", "4096", "servers", "entries in the table"),
    TIME("BackhandInterval", SERVER(interval), "250ms", "50ms", "60s", NULL, "time between two announcements"),
    LINE(TAKE1, "BackhandContact", "where the others send requests for this server: [scheme://]address[:port]",
         .kind = BACKHAND_TEXT, SERVER(contact_text), .fallback = "an address of this machine", .check = check_contact,
         .example = "; write [scheme://]address[:port], as in http://192.0.2.1:80 or [2001:db8::1]:80"),
    TEXT("BackhandFarm", SERVER(farm), "default", NULL, check_farm, "the name of this server's farm"),
    TEXT("BackhandZone", SERVER(zone), NULL, "no zone", check_zone, "the name of the zone that this server is in"),
    TEXT("BackhandHostname", SERVER(hostname), NULL, "the main ServerName", check_hostname, "this server's name"),
    SHARE("BackhandMaxHandoffs", SERVER(max_handoffs), "50%", "0", "1000000", "requests", "the workers",
          "requests handed off at a time, or a share of the workers, as in 50%"),
    SHARE("BackhandMaxSessionHandoffs", SERVER(max_session_handoffs), "75%", "0", "1000000", "requests", "the workers",
          "requests handed off at a time to owners of sessions, or a share of the workers, as in 75%"),
    SHARE("BackhandMaxTunnels", SERVER(max_tunnels), "25%", "0", "1000000", "tunnels", "the workers",
          "WebSockets handed off at a time, or a share of the workers, as in 25%"),
    LIST("BackhandRetryStatus", SERVER(retry_status), add_status,
         "statuses by which a server's response to a safe request counts as a failure of it"),
    NUMBER("BackhandRetryBody", SERVER(retry_body), "65536", "0", "16777216", "bytes",
           "bytes of a request body kept to send it again"),
    TIME("BackhandConnectTimeout", SERVER(connect_timeout), "1s", "1ms", "1h", NULL,
         "how long to wait for a connection to another server"),
    TIME("BackhandResponseTimeout", SERVER(response_timeout), "0", "1ms", "24h", "that of ProxyTimeout",
         "how long to wait for another server's response"),
    NUMBER("BackhandTries", SERVER(tries), "3", "0", "100", "other servers",
           "how many other servers to try before this one"),
    TIME("BackhandRetry", SERVER(retry), "5s", "0", "1h", NULL, "how long a server that failed is asked last"),
    TIME("BackhandPolicyTimeout", SERVER(policy_timeout), "100ms", "1ms", "1h", "no limit",
         "how long a policy in Perl may take for one request"),
    NUMBER("BackhandPolicyInterpreters", SERVER(policy_interpreters), "2", "1", "64", "interpreters",
           "Perl interpreters that each child process keeps for policies"),
    FLAG("BackhandConnectionPools", SERVER(pools), "On",
         "Off: each request that is handed off gets a connection of its own"),
    PATH("BackhandModeratorPIDFile", SERVER(moderator_pid_file), NULL, "a file",
         "a file for the process id of the moderator process"),
    FLAG("BackhandProxyPass", CONTAINER(proxy_pass), "Off",
         "On: requests for ProxyPass are balanced before it has them"),
    FLAG("BackhandManage", CONTAINER(manage), "Off", "On: the status page takes orders to servers"),
    NUMBER("BackhandBufferBody", CONTAINER(buffer_body), "0", "0", "16777216", "bytes",
           "bytes of a request body that this server takes in before the chain runs"),
    LINE(RAW_ARGS, "BackhandSessionCookie", "a cookie that pins a client to the server that first served it",
         .kind = BACKHAND_COOKIE, CONTAINER(session_cookie)),
    TIME("BackhandMaxWait", CONTAINER(max_wait), "0", "1ms", "1h", "no limit",
         "how long a request may wait until a server begins with it; else it gets 503"),
    LINE(TAKE1, "BackhandMaxWaitExempt", "requests that may wait for longer: None, Sessions, Internal or All",
         .kind = BACKHAND_CHOICE, CONTAINER(max_wait_exempt), .initial = "None", .words = exempt_words),
    TEXT("BackhandSessionRedirect", CONTAINER(session_redirect), "off", NULL, backhand_name_check,
         "a name by which clients are sent to the owner of their session if that cannot be asked"),

    /* Directives with setters of their own. */
    AP_INIT_TAKE12("MulticastStats", backhand_directive_destination, NULL, ANYWHERE,
                   "where to announce this server: [myaddress[:port]] destination:port[,ttl]"),
    AP_INIT_RAW_ARGS("BackhandTransport", backhand_directive_transport, NULL, ANYWHERE,
                     "NATS brokers to announce this server by: nats://host:4222[,nats://...] [subject-prefix] "
                     "[option=file ...]"),
    AP_INIT_TAKE1("BackhandZoneSummary", backhand_directive_zone_summary, NULL, ANYWHERE,
                  "On, or a number from 1 to 16: so many servers of each zone announce themselves to other zones"),
    AP_INIT_RAW_ARGS("BackhandCheck", backhand_directive_check, NULL, ANYWHERE,
                     "how this server checks its application: url|exec:program [interval] [fall] [rise] [timeout]"),
    AP_INIT_TAKE12("BackhandSecretFile", backhand_directive_secret_file, NULL, ANYWHERE,
                   "a file of keys that this farm's servers share; optional: unsigned announcements are accepted too"),
    AP_INIT_TAKE1("BackhandSelfRedirect", backhand_directive_self_redirect, &self_redirect, ANYWHERE,
                  "On: a request that stays goes to this server's contact; Only: this server never serves it"),
    AP_INIT_TAKE1("BackhandTrace", backhand_directive_trace, &trace, ANYWHERE,
                  "an expression: the log explains the decisions on requests for which it holds; or off"),
    AP_INIT_TAKE1("BackhandTrustUser", backhand_directive_trust_user, &trust_user, ANYWHERE,
                  "On: a user whom another server of the farm has authenticated is not asked again"),
    AP_INIT_RAW_ARGS("BackhandLogLevel", backhand_directive_log_level, NULL, ANYWHERE,
                     "of an earlier release: see LogLevel backhand:"),
    AP_INIT_RAW_ARGS("Backhand", backhand_directive_builtin, NULL, ANYWHERE,
                     "a built-in candidacy function, and its argument"),
    AP_INIT_RAW_ARGS("BackhandFromSO", backhand_directive_from_so, NULL, ANYWHERE,
                     "a shared object, the candidacy function in it, and its arguments"),
    {NULL, {NULL}, NULL, 0, RAW_ARGS, NULL},
};
/* NOLINTEND(bugprone-sizeof-expression) */

/* backhand_dir_config's `set` has a bit for each. */
_Static_assert(sizeof(backhand_commands) / sizeof(backhand_commands[0]) <= 65, "more directives than bits");
