#define _GNU_SOURCE
// What a process per request costs: starts PROGRAM again and again, each time with the bytes of REQUEST on its stdin,
// reads its answer to the end and waits for it. Prints the nanoseconds of each, from before the start to after the end.
// Usage: spawn PROGRAM REQUEST COUNT
#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { REQUEST_BYTES_MAX = 4096 }; // a pipe takes as much without a reader

static long long now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return time.tv_sec * 1000000000LL + time.tv_nsec;
}

static void check(int good, const char *what) {
    if (!good) {
        perror(what);
        exit(1);
    }
}

int main(int count, char **arguments) {
    check(count == 4, "usage: spawn PROGRAM REQUEST COUNT");
    char request[REQUEST_BYTES_MAX];
    int file = open(arguments[2], O_RDONLY);
    ssize_t length = read(file, request, sizeof request);
    check(length > 0, arguments[2]);
    char *environment[] = {0};
    char *program[] = {arguments[1], 0};
    for (int left = atoi(arguments[3]); left > 0; left--) {
        long long start = now();
        int in[2], out[2];
        check(pipe2(in, O_CLOEXEC) == 0 && pipe2(out, O_CLOEXEC) == 0, "pipe2");
        posix_spawn_file_actions_t actions;
        posix_spawn_file_actions_init(&actions);
        posix_spawn_file_actions_adddup2(&actions, in[0], 0);
        posix_spawn_file_actions_adddup2(&actions, out[1], 1);
        pid_t child;
        check(posix_spawn(&child, arguments[1], &actions, 0, program, environment) == 0, arguments[1]);
        posix_spawn_file_actions_destroy(&actions);
        close(in[0]);
        close(out[1]);
        check(write(in[1], request, length) == length, "write");
        close(in[1]);
        char response[REQUEST_BYTES_MAX];
        ssize_t got, total = 0;
        while ((got = read(out[0], response, sizeof response)) > 0) {
            total += got;
        }
        close(out[0]);
        int status;
        check(waitpid(child, &status, 0) == child && status == 0 && total > 0, "the program failed");
        printf("%lld\n", now() - start);
    }
    return 0;
}
