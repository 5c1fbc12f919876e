/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

#include "announce/moderator/identity.h"

#include <http_log.h>

#include <apr_general.h>
#include <apr_lib.h>
#include <apr_strings.h>

#include <ifaddrs.h>
#include <net/if.h>
#include <netdb.h>
#include <string.h>
#include <sys/socket.h>
#include <netinet/in.h>
#include <unistd.h>

APLOG_USE_MODULE(backhand);

static uint64_t make_boot(void)
{
    uint64_t boot = 0;
    if (apr_generate_random_bytes((unsigned char *)&boot, sizeof(boot)) != APR_SUCCESS || boot == 0) {
        boot = (uint64_t)apr_time_now() << 16 | (uint64_t)(getpid() & 0xffff);
    }
    return boot;
}

/* Replaces characters that a name must not have by `-`: every server would drop the announcements. */
static void set_hostname(backhand_announcement *announcement, const char *name)
{
    char *at = announcement->stat.hostname;
    apr_cpystrn(at, name, sizeof(announcement->stat.hostname));
    for (; *at; at++) {
        char one[2] = {*at, '\0'};
        *at = backhand_hostname_valid(one) ? *at : '-';
    }
}

void backhand_identity_make(backhand_announcement *announcement, const backhand_config *conf)
{
    memset(announcement, 0, sizeof(*announcement));
    announcement->boot = make_boot();
    announcement->interval = apr_time_as_msec(conf->interval);
    announcement->keepalive = conf->keepalive;
    apr_cpystrn(announcement->farm, conf->farm, sizeof(announcement->farm));
    apr_cpystrn(announcement->zone, conf->zone ? conf->zone : "", sizeof(announcement->zone));
    set_hostname(announcement, conf->hostname);
}

/* Finds an address of this machine, if possible one that others can reach. */
static void guess_address(char out[48])
{
    struct ifaddrs *all, *each;
    apr_cpystrn(out, "127.0.0.1", 48);
    if (getifaddrs(&all) != 0) {
        return;
    }
    for (each = all; each; each = each->ifa_next) {
        if (each->ifa_addr && each->ifa_addr->sa_family == AF_INET && each->ifa_flags & IFF_UP &&
            !(each->ifa_flags & IFF_LOOPBACK) &&
            getnameinfo(each->ifa_addr, sizeof(struct sockaddr_in), out, 48, NULL, 0, NI_NUMERICHOST) == 0) {
            break;
        }
    }
    freeifaddrs(all);
}

apr_status_t backhand_identity_source(char out[48], const backhand_config *conf, backhand_transport *transport,
                                      const backhand_brokered *brokered)
{
    if (conf->destinations->nelts == 0 && conf->broker) {
        return backhand_brokered_source(brokered, out) ? APR_SUCCESS : APR_INCOMPLETE;
    }
    return backhand_transport_source(transport, out);
}

/* Finds the address that announcements leave from. @return 1 when it is known */
static int find_address(char address[48], const backhand_config *conf, int known, backhand_transport *transport,
                        const backhand_brokered *brokered, backhand_journal *journal)
{
    char found[48] = "";
    apr_status_t rv = backhand_identity_source(found, conf, transport, brokered);
    int no_way = conf->destinations->nelts == 0 && !conf->broker;
    /* A link-local address is no contact: other links do not reach it. */
    if (rv == APR_SUCCESS && strchr(found, '%')) {
        rv = APR_EINVAL;
    }
    /* Names that are not looked up yet are no problem, nor a broker that is not connected yet; names.c and brokered.c
     * report those that cannot be. */
    if (rv != APR_INCOMPLETE) {
        backhand_journal_state(journal, BACKHAND_TROUBLE_CONTACT, no_way ? APR_SUCCESS : rv,
                               "cannot tell which address announcements leave from");
    }
    if (rv == APR_SUCCESS) {
        apr_cpystrn(address, found, 48);
        return 1;
    }
    if (!known) {
        guess_address(address);
    }
    return known;
}

static void log_contact(const backhand_announcement *announcement, const char *before, int known,
                        const backhand_journal *journal)
{
    if (known) {
        ap_log_error(
            APLOG_MARK, APLOG_NOTICE, 0, journal->s,
            "backhand: this server's address has changed: it is at %s now, no longer at %s, and announces that",
            announcement->stat.contact, before);
        return;
    }
    ap_log_error(APLOG_MARK, APLOG_INFO, 0, journal->s, "backhand: this server is %s at %s in farm %s",
                 announcement->stat.hostname, announcement->stat.contact, announcement->farm);
}

int backhand_identity_contact(backhand_announcement *announcement, const backhand_config *conf, int known,
                              backhand_transport *transport, const backhand_brokered *brokered,
                              backhand_journal *journal)
{
    char before[BACKHAND_CONTACT_SIZE];
    int found = 1;
    memcpy(before, announcement->stat.contact, sizeof(before));
    if (!known) {
        announcement->contact = conf->contact;
    }
    if (!conf->contact_set) {
        found = find_address(announcement->contact.address, conf, known, transport, brokered, journal);
    }
    backhand_contact_format(announcement->stat.contact, &announcement->contact);
    if (strcmp(before, announcement->stat.contact) != 0) {
        log_contact(announcement, before, known, journal);
    }
    return found;
}
