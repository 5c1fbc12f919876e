/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

/**
 * @file nkey.h
 * @brief Derives the public key of a NATS user from its seed. Core: no httpd.
 */
#ifndef BACKHAND_NKEY_H
#define BACKHAND_NKEY_H

/** Characters of a seed and of a public key. */
#define BACKHAND_NKEY_SEED   58
#define BACKHAND_NKEY_PUBLIC 56

/** Finds the public key. @param seed  BACKHAND_NKEY_SEED characters from SU on @return 0: it is no seed of a user */
int backhand_nkey_public(char out[BACKHAND_NKEY_PUBLIC + 1], const char *seed);

#endif
