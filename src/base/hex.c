/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

#include "base/hex.h"

int backhand_hex_value(char digit)
{
    if (digit >= '0' && digit <= '9') {
        return digit - '0';
    }
    if (digit >= 'a' && digit <= 'f') {
        return digit - 'a' + 10;
    }
    return digit >= 'A' && digit <= 'F' ? digit - 'A' + 10 : -1;
}

int backhand_hex_byte(const char *digits)
{
    int high = backhand_hex_value(digits[0]);
    int low = high < 0 ? -1 : backhand_hex_value(digits[1]);
    return low < 0 ? -1 : high << 4 | low;
}
