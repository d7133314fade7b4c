/*
 * maxrss FILE CMD [ARG ...]: run CMD and write its peak memory, in KiB, to
 * FILE.  Reads and writes nothing else; exits as CMD did.
 */
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

int
main(int argc, char *argv[])
{
	struct rusage ru;
	FILE *out;
	int status;
	pid_t pid;

	if (argc < 3 || (pid = fork()) < 0)
		return 125;
	if (pid == 0) {
		(void)execvp(argv[2], argv + 2);
		_exit(127);
	}
	if (waitpid(pid, &status, 0) != pid ||
	    getrusage(RUSAGE_CHILDREN, &ru) != 0 ||
	    (out = fopen(argv[1], "w")) == NULL)
		return 125;
	fprintf(out, "%ld\n", ru.ru_maxrss);
	if (fclose(out) != 0)
		return 125;
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}
