/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

#include "announce/moderator/names.h"

#include "announce/net/resolver.h"
#include "table/trouble.h"

#include <http_log.h>

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

APLOG_USE_MODULE(backhand);

#define AGAIN apr_time_from_sec(60)
#define RETRY apr_time_from_sec(5)

struct backhand_names {
    backhand_transport *transport;
    backhand_journal *journal;
    backhand_resolver *resolver;
    backhand_question *questions;
    int count;
    const backhand_destination **asked; /* for each question: the destination */
    int *failing;                       /* for each question: 1 when the log says that it fails */
    backhand_found found;
};

static int family_of(const backhand_destination *destination)
{
    if (!destination->from) {
        return AF_UNSPEC;
    }
    return strchr(destination->from, ':') ? AF_INET6 : AF_INET;
}

backhand_names *backhand_names_start(const apr_array_header_t *destinations, backhand_transport *transport,
                                     backhand_journal *journal, apr_pool_t *p)
{
    backhand_names *names = apr_pcalloc(p, sizeof(*names));
    size_t most = (size_t)destinations->nelts + 1;
    apr_status_t rv;
    int i, n = 0;
    names->transport = transport;
    names->journal = journal;
    names->questions = apr_pcalloc(p, sizeof(*names->questions) * most);
    names->asked = apr_pcalloc(p, sizeof(const backhand_destination *) * most);
    names->failing = apr_pcalloc(p, sizeof(*names->failing) * most);
    for (i = 0; i < destinations->nelts; i++) {
        const backhand_destination *destination = &APR_ARRAY_IDX(destinations, i, backhand_destination);
        if (destination->name) {
            backhand_question question = {destination->name, destination->port, family_of(destination)};
            names->questions[n] = question;
            names->asked[n++] = destination;
        }
    }
    names->count = n;
    if (n == 0) {
        return NULL;
    }
    rv = backhand_resolver_start(&names->resolver, names->questions, n, backhand_lookup, AGAIN, RETRY, p);
    if (rv != APR_SUCCESS) {
        ap_log_error(
            APLOG_MARK, APLOG_ERR, rv, journal->s,
            "backhand: cannot start looking up the names in MulticastStats: nothing is announced to them until "
            "a restart");
        return NULL;
    }
    backhand_transport_watch(transport, backhand_resolver_fd(names->resolver));
    return names;
}

static void log_failing(const backhand_names *names, int i)
{
    if (!names->failing[i]) {
        ap_log_error(APLOG_MARK, APLOG_WARNING, 0, names->journal->s,
                     "backhand: MulticastStats %s: cannot look up %s: %s; the moderator keeps the addresses found "
                     "before, if any, and tries again",
                     names->asked[i]->text, names->asked[i]->name, names->found.problem);
    }
}

static void log_found(const backhand_names *names, int i, int more)
{
    if (names->failing[i]) {
        ap_log_error(APLOG_MARK, APLOG_NOTICE, 0, names->journal->s,
                     "backhand: resolved: MulticastStats %s: cannot look up %s", names->asked[i]->text,
                     names->asked[i]->name);
    }
    if (more) {
        ap_log_error(APLOG_MARK, APLOG_INFO, 0, names->journal->s, "backhand: MulticastStats %s: addresses: %d",
                     names->asked[i]->text, names->found.count);
    }
}

/* As long as some name fails, the trouble is that of the last one that was looked up. */
static void note_failing(const backhand_names *names, int i)
{
    char text[BACKHAND_JOURNAL_TEXT];
    int failing = 0;

    for (int k = 0; k < names->count; k++) {
        failing |= names->failing[k];
    }
    if (!failing) {
        backhand_trouble_end(names->journal->table, BACKHAND_TROUBLE_NAME);
    }
    else if (names->failing[i]) {
        snprintf(text, sizeof(text), "cannot look up %s of MulticastStats: %s", names->asked[i]->name,
                 names->found.problem);
        backhand_trouble_note(names->journal->table, BACKHAND_TROUBLE_NAME, "", text);
    }
}

int backhand_names_apply(backhand_names *names)
{
    int i, some = 0;
    while (names && (i = backhand_resolver_next(names->resolver, &names->found)) >= 0) {
        int more = 0;
        if (names->found.count == 0) {
            log_failing(names, i);
        }
        else {
            more = backhand_transport_name(names->transport, names->asked[i], &names->found, backhand_journal_problem,
                                           names->journal);
            log_found(names, i, more);
        }
        names->failing[i] = names->found.count == 0;
        note_failing(names, i);
        some |= more;
    }
    return some;
}
