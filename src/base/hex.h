/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

/**
 * @file hex.h
 * @brief Hexadecimal digits. For whole strings of bytes there is APR's apr_escape.h. Core: no httpd.
 */
#ifndef BACKHAND_BASE_HEX_H
#define BACKHAND_BASE_HEX_H

/** The value of a hexadecimal digit, upper or lower case; -1 for any other character. */
int backhand_hex_value(char digit);

/** The value of two hexadecimal digits; -1 if one of them is no digit. The second is read only if the first is a digit.
 */
int backhand_hex_byte(const char *digits);

#endif
