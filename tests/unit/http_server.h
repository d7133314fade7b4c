/*
 * A small HTTP server for tests: a child process on a loopback port, one
 * process a connection, blocking, with the faults that real servers have.
 * The path of a request chooses what happens to it; see http_server_answer().
 */
#ifndef RDL_TESTS_HTTP_SERVER_H
#define RDL_TESTS_HTTP_SERVER_H

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

struct http_server {
	pid_t pid;
	int port;
};

/* gzip of 100,000 bytes '0'. */
static const unsigned char http_server_bomb[] = {
	0x1f, 0x8b, 0x08, 0x00, 0x00, 0x00, 0x00, 0x00, 0x02, 0x03, 0xed,
	0xc1, 0x31, 0x01, 0x00, 0x00, 0x00, 0xc2, 0xa0, 0x4a, 0xeb, 0x9f,
	0xce, 0x1a, 0x1e, 0x40, 0x01, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
	0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
	0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
	0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
	0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
	0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
	0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
	0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
	0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
	0x00, 0x00, 0xaf, 0x06, 0x85, 0xc2, 0x4d, 0xc5, 0xa0, 0x86, 0x01,
	0x00,};

static void
http_server_put(int fd, const void *p, size_t len)
{
	const char *s = p;
	ssize_t n;

	while (len > 0) {
		n = send(fd, s, len, MSG_NOSIGNAL);
		if (n <= 0)
			_exit(0);
		s += n;
		len -= (size_t)n;
	}
}

/* A whole reply; extra are header lines with their line ends. */
static void
http_server_reply(int fd, const char *status, const char *extra,
    const void *body, size_t len)
{
	char head[4096];
	int n;

	n = snprintf(head, sizeof(head), "HTTP/1.1 %s\r\n"
	    "Content-Type: application/json\r\nContent-Length: %zu\r\n%s\r\n",
	    status, len, extra);
	http_server_put(fd, head, (size_t)n);
	http_server_put(fd, body, len);
}

static void
http_server_sleep(long ms)
{
	struct timespec ts = { ms / 1000, ms % 1000 * 1000000 };

	(void)nanosleep(&ts, NULL);
}

static void
http_server_reset(int fd)
{
	struct linger l = { 1, 0 };

	(void)setsockopt(fd, SOL_SOCKET, SO_LINGER, &l, sizeof(l));
	(void)close(fd);
	_exit(0);
}

/*
 * Hang up as RFC 9112, 9.6 wants it: close this half, then read what the other
 * side still sends.  Closing with bytes unread resets the connection, and a
 * client that is sending at that moment loses the reply.
 */
static void
http_server_linger(int fd)
{
	static char rest[65536];

	(void)shutdown(fd, SHUT_WR);
	while (recv(fd, rest, sizeof(rest), 0) > 0)
		;
}

static void
http_server_limits(int fd, const char *kind)
{
	static const char openai[] = "Retry-After: 7.5\r\n"
	    "Retry-After-Ms: 1200.5\r\nX-Should-Retry: true\r\n"
	    "X-Request-Id: req_abc\r\n"
	    "x-ratelimit-limit-requests: 600\r\n"
	    "x-ratelimit-remaining-requests: 0\r\n"
	    "x-ratelimit-reset-requests: 1m30.5s\r\n"
	    "x-ratelimit-limit-tokens: 30000\r\n"
	    "x-ratelimit-remaining-tokens: 29000\r\n"
	    "x-ratelimit-reset-tokens: 12ms\r\n";

	static const char azure[] = "x-ratelimit-remaining-requests: -1\r\n"
	    "x-ratelimit-remaining-tokens: 42\r\n"
	    "x-ratelimit-reset-requests: 10\r\nretry-after: 0\r\n";

	http_server_reply(fd, "429 Too Many Requests",
	    strcmp(kind, "azure") == 0 ? azure : openai, "{}", 2);
}

/* The body of a request was read, except for /early and /early-reset. */
static void
http_server_answer(int fd, const char *path, const char *head,
    const char *body, size_t len, int nth)
{
	char line[1100];
	int i;

	if (strcmp(path, "/echo") == 0) {
		http_server_reply(fd, "200 OK", "", body, len);
	} else if (strcmp(path, "/head") == 0) {
		http_server_reply(fd, "200 OK", "", head, strlen(head));
	} else if (strcmp(path, "/cut") == 0) {
		http_server_put(fd, "HTTP/1.1 200 OK\r\nContent-Length: 100"
		    "\r\n\r\n{\"cut", 43);
		_exit(0);
	} else if (strcmp(path, "/empty") == 0) {
		_exit(0);
	} else if (strcmp(path, "/reset") == 0) {
		http_server_reset(fd);
	} else if (strcmp(path, "/reset-if-reused") == 0) {
		if (nth > 0)
			http_server_reset(fd);
		http_server_reply(fd, "200 OK", "", "first", 5);
	} else if (strcmp(path, "/hang") == 0) {
		(void)recv(fd, line, 1, 0);
		_exit(0);
	} else if (strcmp(path, "/slow") == 0) {
		http_server_put(fd, "HTTP/1.1 200 OK\r\nContent-Length: 5"
		    "\r\n\r\n", 38);
		for (i = 0; i < 5; i++) {
			http_server_sleep(20);
			http_server_put(fd, &"12345"[i], 1);
		}
	} else if (strncmp(path, "/limits/", 8) == 0) {
		http_server_limits(fd, path + 8);
	} else if (strcmp(path, "/huge-head") == 0) {
		http_server_put(fd, "HTTP/1.1 200 OK\r\n", 17);
		memset(line, 'x', sizeof(line));
		memcpy(line, "X-Pad: ", 7);
		memcpy(line + 1022, "\r\n", 2);
		for (i = 0; i < 80; i++)
			http_server_put(fd, line, 1024);
		http_server_put(fd, "Content-Length: 0\r\n\r\n", 21);
	} else if (strcmp(path, "/bomb") == 0) {
		http_server_reply(fd, "200 OK", "Content-Encoding: gzip\r\n",
		    http_server_bomb, sizeof(http_server_bomb));
	} else if (strcmp(path, "/redirect") == 0) {
		http_server_reply(fd, "302 Found", "Location: /echo\r\n",
		    "", 0);
	} else if (strcmp(path, "/bye") == 0) {
		http_server_reply(fd, "200 OK", "", "bye", 3);
		_exit(0);
	} else if (strncmp(path, "/early", 6) == 0) {
		http_server_reply(fd, "413 Payload Too Large",
		    "Connection: close\r\n", "too large", 9);
		if (strcmp(path, "/early") == 0)
			http_server_linger(fd);
		_exit(0);
	} else {
		http_server_reply(fd, "404 Not Found", "", "{}", 2);
	}
}

/* Read one request: its head into head, its body into *body. 0 at the end. */
static int
http_server_read(int fd, char *head, size_t size, char **body, size_t *len)
{
	size_t have = 0, need = 0;
	char *end = NULL, *p;
	ssize_t n;

	while (end == NULL) {
		if (have + 1 >= size)
			return 0;
		n = recv(fd, head + have, size - 1 - have, 0);
		if (n <= 0)
			return 0;
		have += (size_t)n;
		head[have] = '\0';
		end = strstr(head, "\r\n\r\n");
	}
	end += 4;
	have -= (size_t)(end - head);
	for (p = head; p < end; p = strchr(p, '\n') + 1)
		if (strncasecmp(p, "content-length:", 15) == 0)
			need = strtoul(p + 15, NULL, 10);
	*body = malloc(need + 1);
	*len = need;
	memcpy(*body, end, have);
	*end = '\0';
	if (strstr(head, " /early") != NULL)
		return 1;
	while (have < need) {
		n = recv(fd, *body + have, need - have, 0);
		if (n <= 0)
			return 0;
		have += (size_t)n;
	}
	return 1;
}

static void
http_server_connection(int fd)
{
	static char head[16384];
	char path[64], *body;
	size_t len;
	int nth, one = 1;

	(void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	for (nth = 0; http_server_read(fd, head, sizeof(head), &body, &len);
	    nth++) {
		if (sscanf(head, "%*s %63s", path) != 1)
			break;
		http_server_answer(fd, path, head, body, len, nth);
		free(body);
	}
	_exit(0);
}

/* Start the server on a free port.  Exits the test program if it cannot. */
static void
http_server_start(struct http_server *s)
{
	struct sockaddr_in a = { .sin_family = AF_INET };
	socklen_t len = sizeof(a);
	int fd = socket(AF_INET, SOCK_STREAM, 0), conn;

	a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	if (fd < 0 || bind(fd, (struct sockaddr *)&a, sizeof(a)) < 0 ||
	    listen(fd, 1024) < 0 ||
	    getsockname(fd, (struct sockaddr *)&a, &len) < 0)
		exit(99);
	s->port = ntohs(a.sin_port);
	s->pid = fork();
	if (s->pid < 0)
		exit(99);
	if (s->pid > 0) {
		(void)close(fd);
		return;
	}
	(void)signal(SIGCHLD, SIG_IGN);
	(void)alarm(300);	/* never outlives a broken test by long */
	while ((conn = accept(fd, NULL, NULL)) >= 0 || errno == EINTR) {
		if (conn >= 0 && fork() == 0) {
			(void)close(fd);
			http_server_connection(conn);
		}
		if (conn >= 0)
			(void)close(conn);
	}
	_exit(0);
}

static void
http_server_stop(struct http_server *s)
{
	(void)kill(s->pid, SIGKILL);
	(void)waitpid(s->pid, NULL, 0);
}

#endif
