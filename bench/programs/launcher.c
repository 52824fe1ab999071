// The least that a process manager could be: starts programs, and starts again what ends.
//
// usage: launcher LIST
//
// Each line of LIST is a log file and an argument vector, separated by tabs. It keeps no table
// but pids, knows no policy and reads no output. What the benchmark measures of it is the price
// of fork, exec and wait, which no manager can be below. SIGTERM ends the programs, then itself.
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { PROGRAMS = 1024, WORDS = 32 };

static struct program {
    char *log;
    char *argv[WORDS];
    pid_t pid;
} programs[PROGRAMS];
static int count;
static volatile sig_atomic_t ending;

static void end(int signal) {
    (void)signal;
    ending = 1;
    for (int at = 0; at < count; at++)
        if (programs[at].pid > 0) kill(programs[at].pid, SIGTERM);
}

static void start(struct program *program) {
    program->pid = vfork();
    if (program->pid != 0) return;
    int log = open(program->log, O_WRONLY | O_APPEND | O_CREAT, 0644);
    dup2(log, 1);
    dup2(log, 2);
    close(log);
    execvp(program->argv[0], program->argv);
    _exit(127);
}

static int load(const char *path) {
    FILE *list = fopen(path, "r");
    if (!list) return 1;
    char *line = NULL;
    size_t room = 0;
    while (count < PROGRAMS && getline(&line, &room, list) > 0) {
        line[strcspn(line, "\n")] = 0;
        char *words = strdup(line);
        programs[count].log = strsep(&words, "\t");
        for (int word = 0; words && word < WORDS - 1; word++)
            programs[count].argv[word] = strsep(&words, "\t");
        count++;
    }
    free(line);
    return fclose(list);
}

int main(int argc, char **argv) {
    if (argc != 2 || load(argv[1])) return 2;
    struct sigaction term = {.sa_handler = end};
    sigaction(SIGTERM, &term, NULL);
    for (int at = 0; at < count; at++) start(&programs[at]);
    for (;;) {
        pid_t ended = wait(NULL);
        if (ended < 0 && errno == ECHILD && ending) return 0;
        for (int at = 0; at < count && ended > 0; at++) {
            if (programs[at].pid != ended) continue;
            programs[at].pid = 0;
            if (!ending) start(&programs[at]);
        }
    }
}
