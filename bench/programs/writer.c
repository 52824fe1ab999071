// An app that writes numbered lines of 100 bytes to its standard output, one write(2) a line.
//
// usage: writer COUNT NAME TIMES-FILE GO-FIFO
//
// It says in the times file that it is there and begins when something opens the FIFO for
// writing, so that a manager's own start is over by then. At the end it waits: an exit would make
// the manager start it again.
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { LINE = 100 };

static int say(const char *name, const char *path) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    char line[256];
    long long ns = now.tv_sec * 1000000000LL + now.tv_nsec;
    int length = snprintf(line, sizeof line, "%s %d %lld\n", name, getpid(), ns);
    int file = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0644);
    return file < 0 || write(file, line, length) != length || close(file);
}

int main(int argc, char **argv) {
    if (argc != 5) return 2;
    long count = atol(argv[1]);
    if (say(argv[2], argv[3])) return 1;
    int go = open(argv[4], O_RDONLY | O_CLOEXEC);
    if (go < 0) return 1;

    char line[LINE + 1];
    memset(line, '.', LINE);
    line[LINE - 1] = '\n';
    for (long number = 0; number < count; number++) {
        char digits[16];
        int length = snprintf(digits, sizeof digits, "%09ld ", number);
        memcpy(line, digits, length);
        for (int done = 0; done < LINE;) {
            int wrote = write(1, line + done, LINE - done);
            if (wrote < 0) return 1;
            done += wrote;
        }
    }
    for (;;) pause();
}
