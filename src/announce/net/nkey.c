/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

#include "announce/net/nkey.h"

#include <apr_encode.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <string.h>

/* A seed is base32 of two bytes with the kinds "seed" and "user", 32 bytes of an Ed25519 private key, and a checksum. A
 * public key is base32 of one byte with the kind "user", 32 bytes, and a checksum. */
#define KIND_SEED 0x90
#define KIND_USER 0xa0
#define RAW       32

/* CRC-16/XMODEM. */
static unsigned checksum(const unsigned char *data, size_t length)
{
    unsigned crc = 0;
    for (size_t i = 0; i < length; i++) {
        crc ^= (unsigned)data[i] << 8;
        for (int bit = 0; bit < 8; bit++) {
            crc = (crc & 0x8000 ? crc << 1 ^ 0x1021 : crc << 1) & 0xffff;
        }
    }
    return crc;
}

static int has_checksum(const unsigned char *data, size_t length)
{
    return ((unsigned)data[length - 1] << 8 | data[length - 2]) == checksum(data, length - 2);
}

static int derive(unsigned char out[RAW], const unsigned char private[RAW])
{
    EVP_PKEY *key = EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, NULL, private, RAW);
    size_t length = RAW;
    int good = key && EVP_PKEY_get_raw_public_key(key, out, &length) == 1 && length == RAW;
    EVP_PKEY_free(key);
    return good;
}

int backhand_nkey_public(char out[BACKHAND_NKEY_PUBLIC + 1], const char *seed)
{
    unsigned char raw[2 + RAW + 2 + 8], private[RAW], named[1 + RAW + 2];
    apr_size_t length = 0;
    unsigned sum;
    int good;

    if (strlen(seed) != BACKHAND_NKEY_SEED ||
        apr_decode_base32_binary(NULL, seed, BACKHAND_NKEY_SEED, APR_ENCODE_NONE, &length) != APR_SUCCESS ||
        length > sizeof(raw) ||
        apr_decode_base32_binary(raw, seed, BACKHAND_NKEY_SEED, APR_ENCODE_NONE, &length) != APR_SUCCESS ||
        length != 2 + RAW + 2) {
        return 0;
    }
    good = (raw[0] & 0xf8) == KIND_SEED && ((raw[0] & 7) << 5 | raw[1] >> 3) == KIND_USER && has_checksum(raw, length);
    memcpy(private, raw + 2, RAW);
    named[0] = KIND_USER;
    good = good && derive(named + 1, private);
    OPENSSL_cleanse(raw, sizeof(raw));
    OPENSSL_cleanse(private, sizeof(private));
    if (!good) {
        return 0;
    }
    sum = checksum(named, 1 + RAW);
    named[1 + RAW] = (unsigned char)(sum & 0xff);
    named[2 + RAW] = (unsigned char)(sum >> 8);
    return apr_encode_base32_binary(out, named, sizeof(named), APR_ENCODE_NOPADDING, &length) == APR_SUCCESS;
}
