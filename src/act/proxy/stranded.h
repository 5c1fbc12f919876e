/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

/**
 * @file stranded.h
 * @brief Connections from an address that this machine has no longer: no response can come by them, and the kernel does
 * not end them.
 */
#ifndef BACKHAND_STRANDED_H
#define BACKHAND_STRANDED_H

#include <apr_network_io.h>

/** True if this machine no longer has the address of this end of a connection. Costs a few system calls. */
int backhand_socket_is_stranded(apr_socket_t *socket);

#endif
