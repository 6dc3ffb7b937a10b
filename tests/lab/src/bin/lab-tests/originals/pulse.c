/* What Piranha's pulse 0.8.6-4 does with lvsd on a router that becomes active, and nothing else (specification
 * lvsd.md 12, pulse.md 8.3 and 13): original-pulse LVS.CF */
#include <errno.h>
#include <fcntl.h>
#include <semaphore.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static pid_t start_lvsd(const char *file)
{
    pid_t pid = fork();
    if (pid == 0) {
        int null = open("/dev/null", O_RDWR);
        for (int descriptor = 0; descriptor < 3; descriptor++)
            dup2(null, descriptor);
        close(null);
        execl("/usr/sbin/lvsd", "/usr/sbin/lvsd", "--nofork", "-c", file, (char *)NULL);
        _exit(255);
    }
    return pid;
}

static int wait_for_post(sem_t *semaphore)
{
    struct timespec limit;
    clock_gettime(CLOCK_REALTIME, &limit);
    limit.tv_sec += 10;
    int result;
    while ((result = sem_timedwait(semaphore, &limit)) < 0 && errno == EINTR)
        ;
    return result;
}

int main(int argc, char **argv)
{
    setvbuf(stdout, NULL, _IOLBF, 0);
    sem_t *semaphore = sem_open("lvs", O_CREAT, 0644, 0);
    if (semaphore == SEM_FAILED) {
        printf("Failed to open semaphore: %s\n", strerror(errno));
        return 255;
    }
    /* The mask is inherited: lvsd begins with these blocked. */
    sigset_t signals;
    sigemptyset(&signals);
    sigaddset(&signals, SIGHUP);
    sigaddset(&signals, SIGTERM);
    sigaddset(&signals, SIGCHLD);
    sigprocmask(SIG_BLOCK, &signals, NULL);
    pid_t lvsd = start_lvsd(argv[argc - 1]);
    if (wait_for_post(semaphore) < 0) {
        printf("Error waiting for semaphore: %s\n", strerror(errno));
        kill(lvsd, SIGKILL);
        return 255;
    }
    sem_unlink("lvs");
    printf("gratuitous lvs arps finished\n");

    int status, number;
    while (sigwait(&signals, &number) == 0) {
        if (number == SIGHUP) {
            kill(lvsd, SIGHUP);
            continue;
        }
        if (number == SIGTERM)
            kill(lvsd, SIGTERM);
        if (waitpid(lvsd, &status, number == SIGTERM ? 0 : WNOHANG) == lvsd)
            break;
    }
    if (WIFEXITED(status))
        printf("Child process exited with status %d\n", WEXITSTATUS(status));
    else
        printf("Child process terminated with signal %d\n", WTERMSIG(status));
    return 0;
}
