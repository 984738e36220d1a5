// SPDX-License-Identifier: GPL-2.0-or-later
/* Asks a QEMU through its control socket, here and, for guests of guests, in a host. See --help. */
#include <ctype.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/array.h"
#include "base/die.h"
#include "shared.h"

static const char usage[] =
	"Usage: qmp SOCKET COMMAND [JSON-ARGUMENTS]   prints what QEMU returns, as JSON\n"
	"       qmp SOCKET --migrate URI              to its end; prints \"total_ms= downtime_ms=\"\n"
	"       qmp SOCKET --incoming URI             until all of it has come\n"
	"Exit status: 1 if QEMU refuses, with its reason; 2 if it cannot be asked.\n";

enum { REFUSED = 1, POLL_US = 5000, CONNECT_TRIES = 4000, DEPTH = 64 };

static FILE *to_qemu, *from_qemu;
static char *line;
static size_t room;

/* --- JSON: where a value ends, and a member of an object --- */

static const char *skip_value(const char *p, int depth);

static const char *skip_space(const char *p)
{
	while (p && *p && strchr(" \t\r\n", *p))
		p++;
	return p;
}

static const char *skip_string(const char *p)
{
	for (p++; *p && *p != '"'; p++) {
		if ((unsigned char)*p < 0x20 || (*p == '\\' && !*++p))
			return NULL;
	}
	return *p ? p + 1 : NULL;
}

/* Objects and arrays; PAIRS: with names */
static const char *skip_members(const char *p, char close, bool pairs, int depth)
{
	p = skip_space(p + 1);
	if (*p == close)
		return p + 1;
	for (;;) {
		if (pairs) {
			p = *p == '"' ? skip_space(skip_string(p)) : NULL;
			if (!p || *p++ != ':')
				return NULL;
		}
		p = skip_space(skip_value(skip_space(p), depth));
		if (!p || (*p != ',' && *p != close))
			return NULL;
		if (*p++ == close)
			return p;
		p = skip_space(p);
	}
}

/* Behind the value at p, or NULL if there is none */
static const char *skip_value(const char *p, int depth)
{
	static const char *const words[] = { "true", "false", "null" };
	char *end;

	if (depth > DEPTH)
		return NULL;
	if (*p == '"')
		return skip_string(p);
	if (*p == '{')
		return skip_members(p, '}', true, depth + 1);
	if (*p == '[')
		return skip_members(p, ']', false, depth + 1);
	for (size_t i = 0; i < ARRAY_SIZE(words); i++) {
		if (!strncmp(p, words[i], strlen(words[i])))
			return p + strlen(words[i]);
	}
	if (*p != '-' && !isdigit((unsigned char)*p))
		return NULL;
	strtod(p, &end);
	return end;
}

/* The value of this name in the object at p, whose end goes to *end; NULL if there is none */
static const char *member(const char *p, const char *name, const char **end)
{
	size_t len = strlen(name);

	if (!p || *p != '{')
		return NULL;
	p = skip_space(p + 1);
	while (*p == '"') {
		bool found = !strncmp(p + 1, name, len) && p[len + 1] == '"';

		p = skip_space(skip_string(p));
		if (!p || *p != ':')
			return NULL;
		p = skip_space(p + 1);
		*end = skip_value(p, 0);
		if (found || !*end)
			return *end ? p : NULL;
		p = skip_space(*end);
		if (*p == ',')
			p = skip_space(p + 1);
	}
	return NULL;
}

static bool is_string(const char *value, const char *end, const char *text)
{
	return value && (size_t)(end - value) == strlen(text) + 2 && !strncmp(value + 1, text, strlen(text));
}

static long number(const char *object, const char *name)
{
	const char *end, *value = member(object, name, &end);

	if (!value)
		die("QEMU says no %s: %s", name, object);
	return strtol(value, NULL, 10);
}

/* --- QEMU --- */

static void open_socket(const char *path)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (strlen(path) >= sizeof(addr.sun_path))
		die("%s: too long for a socket", path);
	strcpy(addr.sun_path, path);
	if (fd < 0)
		die("socket: %s", strerror(errno));
	/* A QEMU that was just started has none yet */
	for (int i = 0; connect(fd, (struct sockaddr *)&addr, sizeof(addr)); i++) {
		if (i == CONNECT_TRIES || (errno != ENOENT && errno != ECONNREFUSED))
			die("%s: %s", path, strerror(errno));
		usleep(POLL_US);
	}
	to_qemu = fdopen(fd, "w");
	from_qemu = fdopen(dup(fd), "r");
	if (!to_qemu || !from_qemu)
		die("%s: %s", path, strerror(errno));
}

/* What COMMAND returns. Where QEMU refuses, that is all. */
static const char *execute(const char *command, const char *arguments)
{
	const char *value, *end;
	ssize_t len;

	if (fprintf(to_qemu, "{\"execute\": \"%s\", \"arguments\": %s}\n", command, arguments) < 0 || fflush(to_qemu))
		die("QEMU has gone");
	for (;;) {
		len = getline(&line, &room, from_qemu);
		if (len <= 0)
			die("QEMU has gone");
		if (!skip_value(line, 0))
			die("QEMU says no JSON: %s", line);
		value = member(line, "return", &end);
		if (value) {
			line[end - line] = 0;
			return value;
		}
		value = member(line, "error", &end);
		if (value) {
			printf("%.*s\n", (int)(end - value), value);
			exit(REFUSED);
		}
		/* The greeting, or an event */
	}
}

static void migrate(const char *uri)
{
	const char *status, *end, *said;
	char *arguments;

	if (asprintf(&arguments, "{\"uri\": \"%s\"}", uri) < 0)
		die("no memory");
	execute("migrate", arguments);
	free(arguments);
	for (;;) {
		said = execute("query-migrate", "{}");
		status = member(said, "status", &end);
		if (is_string(status, end, "completed"))
			break;
		if (is_string(status, end, "failed") || is_string(status, end, "cancelled")) {
			printf("%s\n", said);
			exit(REFUSED);
		}
		usleep(POLL_US);
	}
	printf("total_ms=%ld downtime_ms=%ld\n", number(said, "total-time"), number(said, "downtime"));
}

static void incoming(const char *uri)
{
	const char *status, *end, *said;
	char *arguments;

	if (asprintf(&arguments, "{\"uri\": \"%s\"}", uri) < 0)
		die("no memory");
	execute("migrate-incoming", arguments);
	free(arguments);
	for (;;) {
		said = execute("query-status", "{}");
		status = member(said, "status", &end);
		if (!is_string(status, end, "inmigrate"))
			return;
		usleep(POLL_US);
	}
}

int main(int argc, char **argv)
{
	progname = "qmp";
	if (argc == 2 && !strcmp(argv[1], "--help"))
		opt_help(usage);
	if (argc != 3 && argc != 4)
		misuse("a socket and a command");
	open_socket(argv[1]);
	execute("qmp_capabilities", "{}");
	if (!strcmp(argv[2], "--migrate") && argc == 4)
		migrate(argv[3]);
	else if (!strcmp(argv[2], "--incoming") && argc == 4)
		incoming(argv[3]);
	else
		puts(execute(argv[2], argc == 4 ? argv[3] : "{}"));
	return finish(EXIT_OK);
}
