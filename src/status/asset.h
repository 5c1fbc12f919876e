/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

/**
 * @file asset.h
 * @brief The style sheet and the script of the status page: page.css and page.js, which the build puts into the module.
 */
#ifndef BACKHAND_STATUS_ASSET_H
#define BACKHAND_STATUS_ASSET_H

#include <stddef.h>

/** A file that the page needs. */
typedef struct backhand_asset {
    const char *name; /**< `page.css`; the page asks for `?page.css` */
    const char *type; /**< media type */
    const char *text;
    size_t length; /**< of the text */
} backhand_asset;

/** All of them; ended by one whose name is NULL. */
extern const backhand_asset backhand_assets[];

#endif
