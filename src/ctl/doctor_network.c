/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

/* Routes, ports, and whether the servers' contacts answer. */

#include "ctl/doctor.h"

#include "status/rows.h"

#include <apr_network_io.h>
#include <apr_strings.h>

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* Servers that are tried, and how long each may take to accept a connection. */
#define SERVERS_MAX 16
#define PATIENCE    apr_time_from_sec(1)

static const char *reason(apr_status_t error, apr_pool_t *p)
{
    char text[120];
    return apr_pstrdup(p, apr_strerror(error, text, sizeof(text)));
}

/* @return APR_SUCCESS when the address accepts a connection, or for UDP when there is a route */
static apr_status_t reach(const char *address, int port, int type, const char *from, apr_pool_t *p)
{
    apr_sockaddr_t *to, *own;
    apr_socket_t *socket;
    apr_status_t rv = apr_sockaddr_info_get(&to, address, APR_UNSPEC, (apr_port_t)port, 0, p);

    if (rv == APR_SUCCESS) {
        rv = apr_socket_create(&socket, to->family, type, type == SOCK_DGRAM ? APR_PROTO_UDP : APR_PROTO_TCP, p);
    }
    if (rv != APR_SUCCESS) {
        return rv;
    }
    apr_socket_timeout_set(socket, PATIENCE);
    if (from) {
        rv = apr_sockaddr_info_get(&own, from, APR_UNSPEC, 0, 0, p);
        rv = rv == APR_SUCCESS ? apr_socket_bind(socket, own) : rv;
    }
    if (rv == APR_SUCCESS) {
        if (type == SOCK_DGRAM) {
            /* To a broadcast address, too. */
            apr_socket_opt_set(socket, APR_SO_BROADCAST, 1);
        }
        rv = apr_socket_connect(socket, to);
    }
    apr_socket_close(socket);
    return rv;
}

/* True if a line of /proc/net/udp or udp6 has the port; its second word is the hexadecimal address and port. */
static int is_bound(int port)
{
    static const char *const files[] = {"/proc/net/udp", "/proc/net/udp6"};
    char line[256];
    unsigned found;
    int bound = 0;

    for (int i = 0; i < 2; i++) {
        FILE *file = fopen(files[i], "r");
        while (file && !bound && fgets(line, sizeof(line), file)) {
            bound = sscanf(line, " %*d: %*[0-9A-Fa-f]:%4x", &found) == 1 && (int)found == port;
        }
        if (file) {
            fclose(file);
        }
    }
    return bound;
}

static void look_at_destination(const ctl_destination *to, int running, apr_array_header_t *findings)
{
    apr_status_t rv = reach(to->address, to->port, SOCK_DGRAM, to->from, findings->pool);

    if (rv == APR_SUCCESS) {
        ctl_find(findings, CTL_GOOD, "route", "announcements to %s have a route%s%s", to->address,
                 to->from ? " from " : "", to->from ? to->from : "");
    }
    else {
        ctl_find(findings, CTL_BAD, "route",
                 "no way to send announcements to %s%s%s: %s; add a default route or one for that address, or name "
                 "an address of this machine in MulticastStats",
                 to->address, to->from ? " from " : "", to->from ? to->from : "", reason(rv, findings->pool));
    }
    if (running) {
        int bound = is_bound(to->port);
        ctl_find(findings, bound ? CTL_GOOD : CTL_BAD, "port",
                 bound ? "this machine listens on UDP port %d"
                       : "nothing listens on UDP port %d: see the error log for what the moderator cannot open",
                 to->port);
    }
}

static int look_at_server(const ctl *command, int id, apr_array_header_t *findings)
{
    backhand_row row;
    const backhand_contact *contact = &row.announcement.contact;
    const char *name;
    apr_status_t rv;

    if (!backhand_row_read(&row, command->table, id, backhand_table_now(command->table)) ||
        row.state != BACKHAND_ROW_ALIVE) {
        return 0;
    }
    rv = reach(contact->address, contact->port, SOCK_STREAM, NULL, findings->pool);
    name = id == 0 ? "this server" : row.announcement.stat.hostname;
    if (rv == APR_SUCCESS) {
        ctl_find(findings, CTL_GOOD, "contact", "%s accepts connections at %s", name, row.announcement.stat.contact);
    }
    else {
        ctl_find(findings, CTL_BAD, "contact",
                 "%s does not accept a connection at %s: %s; open that port in firewalls, or correct BackhandContact "
                 "and Listen there",
                 name, row.announcement.stat.contact, reason(rv, findings->pool));
    }
    return 1;
}

void ctl_doctor_network(const ctl *command, const ctl_facts *facts, apr_array_header_t *findings)
{
    int used = command->table ? backhand_table_used(command->table) : 0, tried = 0;

    for (int i = 0; i < facts->to->nelts; i++) {
        look_at_destination(&APR_ARRAY_IDX(facts->to, i, ctl_destination), command->table != NULL, findings);
    }
    for (int id = 0; id < used && tried < SERVERS_MAX; id++) {
        tried += look_at_server(command, id, findings);
    }
}
