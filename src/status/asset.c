/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

#include "status/asset.h"

/* Made by the build, of the files of these names in this folder. */
#include "page_css.h"
#include "page_js.h"

const backhand_asset backhand_assets[] = {
    {"page.css", "text/css; charset=utf-8", page_css, sizeof(page_css) - 1},
    {"page.js", "text/javascript; charset=utf-8", page_js, sizeof(page_js) - 1},
    {0},
};
