/* A command in C on wasi-libc, for `trellis actor run`: an ordinary main. Prints its arguments, one per line, then how much
   there was to read. The argument `fail` makes it exit with code 1. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int main(int count, char **arguments) {
    for (int i = 0; i < count; i++) {
        printf("argument: %s\n", arguments[i]);
    }
    const char *greeting = getenv("GREETING");
    if (greeting != NULL) {
        printf("environment: GREETING=%s\n", greeting);
    }

    unsigned long lines = 0;
    unsigned long bytes = 0;
    for (int byte = getchar(); byte != EOF; byte = getchar()) {
        bytes++;
        lines += byte == '\n';
    }
    printf("stdin: %lu lines, %lu bytes\n", lines, bytes);

    for (int i = 1; i < count; i++) {
        if (strcmp(arguments[i], "fail") == 0) {
            fputs("told to fail\n", stderr);
            return EXIT_FAILURE;
        }
    }
    return EXIT_SUCCESS;
}
