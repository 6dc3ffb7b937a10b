/* What Piranha's lvsd does with the monitor of one real server, and nothing else (specification lvsd.md 5.3 to 7):
 *
 *     original-lvsd plain MONITOR ARGUMENTS...
 *     original-lvsd deaf MONITOR ARGUMENTS...
 *     original-lvsd VIRTUAL SORRY MONITOR ARGUMENTS...
 *
 * `plain` is without a sorry server; VIRTUAL and SORRY are those of ipvsadm -t and -r. `deaf` has the pipe of a sorry
 * server, but never reads it. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static int ends[2] = {-1, -1};

static void make_pipe(void)
{
    pipe(ends);
    for (int end = 0; end < 2; end++)
        fcntl(ends[end], F_SETFL, O_NONBLOCK);
}

static pid_t create_monitor(char **words)
{
    pid_t pid = fork();
    if (pid == 0) {
        prctl(PR_SET_PDEATHSIG, SIGTERM);
        if (ends[0] >= 0) {
            dup2(ends[0], 0);
            dup2(ends[1], 1);
            dup2(ends[1], 2);
        } else {
            int null = open("/dev/null", O_RDWR);
            for (int descriptor = 0; descriptor < 3; descriptor++)
                dup2(null, descriptor);
        }
        execv(words[0], words);
        _exit(1);
    }
    return pid;
}

/* The buffer is not cleared and need not be terminated, as in the original. */
static int read_status(int active)
{
    static char piece[81];
    int length;
    while ((length = read(ends[0], piece, 80)) > 0) {
        if (length < 8)
            continue;
        if (strstr(piece, "[ active ]") && !active)
            active = 1;
        else if (strstr(piece, "[inactive]") && active)
            active = 0;
    }
    return active;
}

static void switch_sorry_server(const char *virtual, const char *sorry, int on)
{
    char command[256];
    if (on)
        snprintf(command, sizeof command, "/sbin/ipvsadm -a -t %s -r %s -g -w 1", virtual, sorry);
    else
        snprintf(command, sizeof command, "/sbin/ipvsadm -d -t %s -r %s", virtual, sorry);
    if (system(command) != 0)
        printf("/sbin/ipvsadm command failed!\n");
}

int main(int argc, char **argv)
{
    if (argc < 3)
        return 2;
    setvbuf(stdout, NULL, _IOLBF, 0);
    sigset_t signals;
    sigemptyset(&signals);
    sigaddset(&signals, SIGINT);
    sigaddset(&signals, SIGCHLD);
    sigaddset(&signals, SIGTERM);
    sigaddset(&signals, SIGHUP);
    sigprocmask(SIG_BLOCK, &signals, NULL);

    int plain = strcmp(argv[1], "plain") == 0, deaf = strcmp(argv[1], "deaf") == 0;
    if (!plain)
        make_pipe();
    if (deaf)
        fcntl(ends[1], F_SETPIPE_SZ, 4096);
    pid_t monitor = create_monitor(argv + (plain || deaf ? 2 : 3));

    int active = 0, flag = 1, number, status;
    struct timespec turn = {5, 0};
    do {
        number = sigtimedwait(&signals, NULL, &turn);
        if (number == SIGCHLD && waitpid(monitor, &status, WNOHANG) == monitor) {
            printf("nanny died! shutting down lvs\n");
            return 0;
        }
        if (plain || deaf)
            continue;
        active = read_status(active);
        if (active != flag) {
            flag = active;
            switch_sorry_server(argv[1], argv[2], !active);
        }
    } while (number != SIGTERM && number != SIGINT);

    printf("shutting down due to signal %d\n", number);
    kill(monitor, SIGTERM);
    waitpid(monitor, &status, 0);
    printf("the monitor ended with status %d\n", WIFEXITED(status) ? WEXITSTATUS(status) : -1);
    return 0;
}
