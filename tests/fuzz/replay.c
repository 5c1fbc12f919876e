/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

/* Gives the files that are named to a fuzz target, once each, without libFuzzer. What does not hold ends it. */

#include "fuzz.h"

#define INPUT_MAX 65536

static void replay(const char *path)
{
    static uint8_t data[INPUT_MAX];
    FILE *file = fopen(path, "rb");
    size_t size;
    if (!file) {
        perror(path);
        exit(2);
    }
    size = fread(data, 1, sizeof(data), file);
    fclose(file);
    printf("%s\n", path);
    fflush(stdout);
    LLVMFuzzerTestOneInput(data, size);
}

int main(int argc, char **argv)
{
    for (int i = 1; i < argc; i++) {
        replay(argv[i]);
    }
    return 0;
}
