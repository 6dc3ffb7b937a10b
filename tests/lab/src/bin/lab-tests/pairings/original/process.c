/* Programs that are started. */
#include <errno.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "pulse.h"

/* Waits are not interrupted by signals (9). */
void wait_for(pid_t child)
{
    while (waitpid(child, NULL, 0) < 0 && errno == EINTR)
        ;
}

/* A signal that comes between fork and exec must find the default actions, as it will after exec. */
pid_t start(const char *const *command)
{
    sigset_t all, usual;
    sigfillset(&all);
    sigprocmask(SIG_SETMASK, &all, &usual);
    pid_t child = fork();
    if (child == 0) {
        for (int number = 1; number < NSIG; number++)
            signal(number, SIG_DFL);
        sigprocmask(SIG_SETMASK, &usual, NULL);
        execvp(command[0], (char *const *)command);
        _exit(255);
    }
    sigprocmask(SIG_SETMASK, &usual, NULL);
    return child;
}

void run(const char *const *command)
{
    wait_for(start(command));
}
