/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

/**
 * @file section.h
 * @brief A section on mod_status's page: the servers in short, and this server's counts.
 */
#ifndef BACKHAND_STATUS_SECTION_H
#define BACKHAND_STATUS_SECTION_H

/** Registers the section. Without mod_status nothing calls it. Hook registration time. */
void backhand_section_register(void);

#endif
