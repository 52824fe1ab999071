// An app that says when it began and then waits.
//
// usage: sleeper NAME TIMES-FILE
//
// Appends "NAME PID NANOSECONDS" (CLOCK_MONOTONIC) to the file. The time is taken first, so that
// it says when the app's own code began to run, and one write keeps lines of many apps whole.
#include <fcntl.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

int main(int argc, char **argv) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    if (argc != 3) return 2;
    char line[256];
    long long ns = now.tv_sec * 1000000000LL + now.tv_nsec;
    int length = snprintf(line, sizeof line, "%s %d %lld\n", argv[1], getpid(), ns);
    int file = open(argv[2], O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0644);
    if (file < 0 || write(file, line, length) != length) return 1;
    close(file);
    for (;;) pause();
}
