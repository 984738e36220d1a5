// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The channels to the machines of a lab. `lab DIR serve` keeps them open, since a machine's end of one may not come
 * back once it was closed, and one reply is told from another; each other call of this program is one request to that.
 * The other end of a channel is vm-images/guest/agent.c, where the messages are described. See tests/lib/lab.sh.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/array.h"
#include "base/die.h"
#include "base/now.h"
#include "shared.h"
#include "time/counter.h"

enum { TIMED_OUT = 124, NO_MACHINE = 125, ENTROPY = 256 };
enum { REPLY_MAX = 256 << 20 };	/* bytes; a snapshot of samples is a few MB */
enum { TICK_MS = 20, CONNECT_S = 60, STALL_MS = 2000, AGENT_GRACE_S = 15, ARGS_MAX = 8, TSC_US = 20000 };

static const char usage[] =
	"Usage: lab DIR serve                       keep the channels, until the caller ends\n"
	"       lab DIR open NAME SOCKET [PID]      a channel to NAME, by QEMU's socket; it is gone with process PID\n"
	"       lab DIR close NAME\n"
	"       lab DIR rename NAME NEW-NAME\n"
	"       lab DIR again NAME                  NAME ended and starts again at the same channel\n"
	"       lab DIR state NAME                  closed, starting, up, silent or gone\n"
	"       lab DIR await NAME SECONDS          until NAME's agent is up\n"
	"       lab DIR await-end NAME SECONDS      until it is gone\n"
	"       lab DIR end NAME poweroff|reboot\n"
	"       lab DIR call NAME SECONDS COMMAND   run by sh there; its output and status\n"
	"       lab DIR put NAME SECONDS FILE PATH\n"
	"       lab DIR set NAME SECONDS NS         its clock is set to this machine's and NS more; fresh random numbers\n"
	"       lab DIR tsc                         how fast this machine's counter runs, in kHz\n"
	"Exit status: that of the command; 124 if there was no answer in time, 125 if the machine is gone.\n";

struct buffer {
	char *data;
	size_t len, room;
};

enum waiting { NOTHING, REPLY, HELLO, END };

/* A machine */
struct channel {
	char name[64], path[108], id[20];
	int fd;			/* -1 until it is connected, and when it is gone */
	pid_t pid;
	bool up, gone, silent;
	int64_t heard, until;	/* last bytes came; connecting is given up */
	struct buffer in, out;
	struct channel *next;
};

/* A request, in the order of their arrival */
struct client {
	int fd;			/* -1: nobody waits for it any more */
	struct buffer in, out;
	enum waiting waiting;
	bool sent, done;
	char id[20];
	int64_t deadline, seconds;
	struct channel *channel;
	struct buffer message;
	struct client *next;
};

static struct channel *channels;
static struct client *clients;

static int64_t now_ms(void)
{
	return now_ns(CLOCK_MONOTONIC) / 1000000;
}

/* --- buffers --- */

static void add(struct buffer *b, const void *data, size_t len)
{
	if (b->len + len > b->room) {
		b->room = (b->len + len) * 2;
		b->data = realloc(b->data, b->room);
		if (!b->data)
			die("no memory");
	}
	memcpy(b->data + b->len, data, len);
	b->len += len;
}

static void add_string(struct buffer *b, const char *s)
{
	add(b, s, strlen(s));
}

static void drop(struct buffer *b, size_t len)
{
	memmove(b->data, b->data + len, b->len - len);
	b->len -= len;
}

static void empty(struct buffer *b)
{
	free(b->data);
	memset(b, 0, sizeof(*b));
}

/* What can be had now. False at the end of it. */
static bool receive(int fd, struct buffer *b)
{
	char part[65536];
	ssize_t n = read(fd, part, sizeof(part));

	if (n > 0)
		add(b, part, n);
	return n > 0 || (n < 0 && (errno == EAGAIN || errno == EINTR));
}

static bool transmit(int fd, struct buffer *b)
{
	ssize_t n = write(fd, b->data, b->len);

	if (n > 0)
		drop(b, n);
	return n >= 0 || errno == EAGAIN || errno == EINTR;
}

static int unix_socket(const char *path, struct sockaddr_un *addr)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0)
		die("socket: %s", strerror(errno));
	memset(addr, 0, sizeof(*addr));
	addr->sun_family = AF_UNIX;
	if (strlen(path) >= sizeof(addr->sun_path))
		die("%s: too long for a socket", path);
	strcpy(addr->sun_path, path);
	return fd;
}

/* --- replies to clients --- */

static void answer(struct client *c, int status, const char *text, size_t len)
{
	char head[64];

	c->waiting = NOTHING;
	c->done = true;
	snprintf(head, sizeof(head), "%d %zu\n", status, len);
	add_string(&c->out, head);
	add(&c->out, text, len);
}

static void answer_text(struct client *c, int status, const char *text)
{
	answer(c, status, text, strlen(text));
}

/* --- channels --- */

static struct channel *find(const char *name)
{
	struct channel *ch;

	for (ch = channels; ch && strcmp(ch->name, name); ch = ch->next)
		;
	return ch;
}

static void lose(struct channel *ch)
{
	struct client *c;

	ch->up = false;
	ch->gone = true;
	ch->in.len = ch->out.len = 0;
	for (c = clients; c; c = c->next) {
		if (c->channel == ch && c->waiting != NOTHING)
			answer_text(c, c->waiting == END ? 0 : NO_MACHINE, "");
	}
}

static void disconnect(struct channel *ch)
{
	if (ch->fd >= 0)
		close(ch->fd);
	ch->fd = -1;
	lose(ch);
}

static void try_connect(struct channel *ch)
{
	struct sockaddr_un addr;
	int fd = unix_socket(ch->path, &addr);

	if (!connect(fd, (struct sockaddr *)&addr, sizeof(addr))) {
		fcntl(fd, F_SETFL, O_NONBLOCK);
		ch->fd = fd;
		return;
	}
	close(fd);
	if ((ch->pid && kill(ch->pid, 0)) || (!ch->pid && now_ms() > ch->until))
		lose(ch);
}

/* The request that is on its way, or else the next */
static struct client *current(struct channel *ch)
{
	struct client *c;

	for (c = clients; c && (c->channel != ch || c->waiting != REPLY); c = c->next)
		;
	return c;
}

static void send_next(struct channel *ch)
{
	struct client *c = current(ch);

	if (!c || c->sent || ch->fd < 0)
		return;
	add(&ch->out, c->message.data, c->message.len);
	empty(&c->message);
	c->sent = true;
	c->deadline = now_ms() + c->seconds * 1000;
}

static void message(struct channel *ch, const char *id, int status, const char *body, size_t len)
{
	struct client *c = current(ch);

	ch->silent = false;
	if (!strcmp(id, "GONE")) {
		lose(ch);
	} else if (!strcmp(id, "HELLO")) {
		ch->up = true;
		ch->gone = false;
		for (c = clients; c; c = c->next) {
			if (c->channel == ch && c->waiting == HELLO)
				answer_text(c, 0, "");
		}
	} else if (c && c->sent && !strcmp(id, c->id)) {
		ch->up = true;
		answer(c, status, body, len);
	}
	/* or it belongs to a request that was given up */
}

/* One message from what has come. False if it is not all there. What is no head of one is dropped, line by line. */
static bool parse(struct channel *ch)
{
	char *end = ch->in.len ? memchr(ch->in.data, '\n', ch->in.len) : NULL;
	size_t head, len;
	char id[20], *body;
	int status;

	if (!end)
		return false;
	*end = 0;
	head = end + 1 - ch->in.data;
	if (sscanf(ch->in.data, "%19s %d %zu", id, &status, &len) != 3) {
		drop(&ch->in, head);
		return true;
	}
	*end = '\n';
	if (len > REPLY_MAX) {
		fprintf(stderr, "lab: %s: a reply of %zu bytes: the machine is given up\n", ch->name, len);
		disconnect(ch);
		return false;
	}
	if (ch->in.len < head + len)
		return false;
	body = malloc(len + 1);
	if (!body)
		die("no memory");
	memcpy(body, ch->in.data + head, len);
	drop(&ch->in, head + len);
	message(ch, id, status, body, len);
	free(body);
	return true;
}

/* A QEMU that ended in the middle of a reply: what its host says of that came in place of the rest */
static bool ended_in_reply(struct channel *ch)
{
	static const char word[] = "GONE ";
	size_t len = ch->in.len;

	if (len < sizeof(word) || ch->in.data[len - 1] != '\n' || now_ms() - ch->heard < STALL_MS)
		return false;
	for (len--; len && ch->in.data[len - 1] != '\n'; len--) {
		if (ch->in.len - len >= sizeof(word) - 1 && !memcmp(ch->in.data + len, word, sizeof(word) - 1))
			return true;
	}
	return !memcmp(ch->in.data + len, word, sizeof(word) - 1);
}

static void channel_work(struct channel *ch, short events)
{
	bool there = true;

	if (ch->fd < 0 && !ch->gone)
		try_connect(ch);
	if (events & (POLLIN | POLLHUP | POLLERR)) {
		ch->heard = now_ms();
		there = receive(ch->fd, &ch->in);
		while (parse(ch))
			;
	}
	if (events & POLLOUT)
		there = transmit(ch->fd, &ch->out) && there;
	if (!there)
		disconnect(ch);
	else if (ended_in_reply(ch))
		lose(ch);
	send_next(ch);
}

/* --- requests --- */

/* What a request is made of: its arguments after the name, and what goes to the machine as it is */
struct request {
	char **args;
	int n;
	const char *payload;
	size_t len;
};

static void do_open(struct client *c, const struct request *r, const char *name)
{
	struct channel *ch = xcalloc(1, sizeof(*ch));

	snprintf(ch->name, sizeof(ch->name), "%s", name);
	snprintf(ch->path, sizeof(ch->path), "%s", r->args[0]);
	ch->pid = r->n > 1 ? atoi(r->args[1]) : 0;
	ch->until = now_ms() + CONNECT_S * 1000;
	ch->fd = -1;
	ch->next = channels;
	channels = ch;
	try_connect(ch);
	answer_text(c, 0, "");
}

static void do_close(struct client *c, const struct request *r)
{
	struct channel **p, *ch = c->channel;
	struct client *other;

	(void)r;
	disconnect(ch);
	for (other = clients; other; other = other->next) {
		if (other->channel == ch)
			other->channel = NULL;
	}
	for (p = &channels; *p != ch; p = &(*p)->next)
		;
	*p = ch->next;
	empty(&ch->in);
	empty(&ch->out);
	free(ch);
	answer_text(c, 0, "");
}

static void do_rename(struct client *c, const struct request *r)
{
	snprintf(c->channel->name, sizeof(c->channel->name), "%s", r->args[0]);
	answer_text(c, 0, "");
}

static void do_again(struct client *c, const struct request *r)
{
	(void)r;
	c->channel->gone = c->channel->silent = false;
	answer_text(c, 0, "");
}

static const char *state(const struct channel *ch)
{
	return !ch ? "closed" : ch->gone ? "gone" : ch->silent ? "silent" : ch->up ? "up" : "starting";
}

static void wait_for(struct client *c, enum waiting what, const char *seconds)
{
	c->waiting = what;
	c->deadline = now_ms() + atoi(seconds) * 1000LL;
}

static void do_await(struct client *c, const struct request *r)
{
	if (c->channel->up)
		answer_text(c, 0, "");
	else if (c->channel->gone)
		answer_text(c, NO_MACHINE, "");
	else
		wait_for(c, HELLO, r->args[0]);
}

static void do_await_end(struct client *c, const struct request *r)
{
	if (c->channel->gone)
		answer_text(c, 0, "");
	else
		wait_for(c, END, r->args[0]);
}

static void do_end(struct client *c, const struct request *r)
{
	char head[64];

	snprintf(head, sizeof(head), "end x %s\n", r->args[0]);
	if (c->channel->fd >= 0)
		add_string(&c->channel->out, head);
	answer_text(c, 0, "");
}

/* A message for the agent. Its time is counted from when it is sent. */
static void ask(struct client *c, const struct request *r, const char *head)
{
	if (c->channel->gone) {
		answer_text(c, NO_MACHINE, "");
		return;
	}
	add_string(&c->message, head);
	add(&c->message, r->payload, r->len);
	c->waiting = REPLY;
	c->seconds = atoi(r->args[0]) + AGENT_GRACE_S;
	c->deadline = INT64_MAX;
	send_next(c->channel);
}

static void do_call(struct client *c, const struct request *r)
{
	char head[128];

	snprintf(head, sizeof(head), "run %s %s %zu\n", c->id, r->args[0], r->len);
	ask(c, r, head);
}

static void do_put(struct client *c, const struct request *r)
{
	char head[4096];

	snprintf(head, sizeof(head), "put %s %s %zu %s\n", c->id, r->args[1], r->len, r->args[2]);
	ask(c, r, head);
}

static void do_set(struct client *c, const struct request *r)
{
	char head[128];

	snprintf(head, sizeof(head), "set %s %s %zu\n", c->id, r->args[1], r->len);
	ask(c, r, head);
}

/* By how many arguments they take after the name */
static const struct {
	const char *verb;
	int n;
	void (*run)(struct client *c, const struct request *r);
} verbs[] = {
	{ "close", 0, do_close },
	{ "rename", 1, do_rename },
	{ "again", 0, do_again },
	{ "await", 1, do_await },
	{ "await-end", 1, do_await_end },
	{ "end", 1, do_end },
	{ "call", 1, do_call },
	{ "put", 3, do_put },
	{ "set", 2, do_set },
};

static void new_id(char id[static 20])
{
	uint64_t random;

	if (getrandom(&random, sizeof(random), 0) != sizeof(random))
		die("getrandom: %s", strerror(errno));
	snprintf(id, 20, "%016llx", (unsigned long long)random);
}

static void request(struct client *c, const char *verb, const char *name, const struct request *r)
{
	new_id(c->id);
	c->channel = find(name);
	if (!strcmp(verb, "state")) {
		answer_text(c, 0, state(c->channel));
		return;
	}
	if (!strcmp(verb, "open") && r->n >= 1 && !c->channel) {
		do_open(c, r, name);
		return;
	}
	for (size_t i = 0; i < ARRAY_SIZE(verbs); i++) {
		if (strcmp(verb, verbs[i].verb) || r->n != verbs[i].n)
			continue;
		if (c->channel)
			verbs[i].run(c, r);
		else
			answer_text(c, NO_MACHINE, "");
		return;
	}
	answer_text(c, EXIT_MISUSE, "no such request; see --help\n");
}

/* "N PAYLOAD-LENGTH\n", N arguments, each with its NUL, and the payload. False until it is all there. */
static bool read_request(struct client *c)
{
	char *args[ARGS_MAX] = { NULL }, *end, *at;
	struct request r;
	size_t left;
	int n;

	end = c->in.len ? memchr(c->in.data, '\n', c->in.len) : NULL;
	if (!end || sscanf(c->in.data, "%d %zu", &n, &r.len) != 2 || n < 2 || n > ARGS_MAX)
		return false;
	at = end + 1;
	for (int i = 0; i < n; i++) {
		left = c->in.data + c->in.len - at;
		end = left ? memchr(at, 0, left) : NULL;
		if (!end)
			return false;
		args[i] = at;
		at = end + 1;
	}
	if ((size_t)(c->in.data + c->in.len - at) < r.len)
		return false;
	r.args = args + 2;
	r.n = n - 2;
	r.payload = at;
	request(c, args[0], args[1], &r);
	empty(&c->in);
	return true;
}

static void client_work(struct client *c, short events)
{
	if (c->fd >= 0 && (events & (POLLIN | POLLHUP | POLLERR))) {
		if (!receive(c->fd, &c->in) || (c->waiting != NOTHING && (events & POLLHUP))) {
			close(c->fd);
			c->fd = -1;
		} else if (c->waiting == NOTHING && !c->done) {
			read_request(c);
		}
	}
	if (c->fd >= 0 && (events & POLLOUT) && !transmit(c->fd, &c->out)) {
		close(c->fd);
		c->fd = -1;
	}
	if (c->waiting != NOTHING && now_ms() > c->deadline) {
		if (c->waiting == REPLY)
			c->channel->silent = true;
		answer_text(c, TIMED_OUT, "");
	}
}

/* What has been answered, or was given up before it was sent */
static bool is_over(const struct client *c)
{
	if (c->waiting == REPLY && c->sent)
		return false;
	return c->fd < 0 || (c->done && c->out.len == 0);
}

static void forget_clients(void)
{
	struct client **p = &clients, *c;

	while ((c = *p)) {
		if (!is_over(c)) {
			p = &c->next;
			continue;
		}
		*p = c->next;
		if (c->fd >= 0)
			close(c->fd);
		empty(&c->in);
		empty(&c->out);
		empty(&c->message);
		free(c);
	}
}

static void welcome(int listener)
{
	struct client *c, **p;
	int fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);

	if (fd < 0)
		return;
	c = xcalloc(1, sizeof(*c));
	c->fd = fd;
	for (p = &clients; *p; p = &(*p)->next)
		;
	*p = c;
}

/* Once round: everything that is ready, and whose time has come */
static void turn(int listener)
{
	struct pollfd *p;
	struct channel *ch, *next;
	struct client *c;
	size_t n = 1, i;
	bool pending = false;

	for (ch = channels; ch; ch = ch->next)
		n++, pending |= (ch->fd < 0 && !ch->gone) || ch->in.len;
	for (c = clients; c; c = c->next)
		n++, pending |= c->waiting != NOTHING;
	p = xcalloc(n, sizeof(*p));
	p[0] = (struct pollfd){ .fd = listener, .events = POLLIN };
	i = 1;
	for (ch = channels; ch; ch = ch->next)
		p[i++] = (struct pollfd){ .fd = ch->fd, .events = POLLIN | (ch->out.len ? POLLOUT : 0) };
	for (c = clients; c; c = c->next)
		p[i++] = (struct pollfd){ .fd = c->fd, .events = POLLIN | (c->out.len ? POLLOUT : 0) };
	if (poll(p, n, pending ? TICK_MS : -1) < 0 && errno != EINTR)
		die("poll: %s", strerror(errno));
	i = 1;
	for (ch = channels; ch; ch = next) {
		next = ch->next;
		channel_work(ch, p[i++].revents);
	}
	/* What these ask for may end a channel: nothing of that is touched any more in this turn */
	for (c = clients; c; c = c->next)
		client_work(c, p[i++].revents);
	if (p[0].revents)
		welcome(listener);
	forget_clients();
	free(p);
}

static int serve(const char *path)
{
	struct sockaddr_un addr;
	int listener = unix_socket(path, &addr);

	prctl(PR_SET_PDEATHSIG, SIGTERM);
	signal(SIGPIPE, SIG_IGN);
	unlink(path);
	if (bind(listener, (struct sockaddr *)&addr, sizeof(addr)) || listen(listener, 64))
		die("%s: %s", path, strerror(errno));
	for (;;)
		turn(listener);
}

/* --- the client's side --- */

static void no_server(const char *why) __attribute__((noreturn));
static void no_server(const char *why)
{
	fprintf(stderr, "lab: the server: %s\n", why);
	exit(NO_MACHINE);
}

static void send_all(int fd, const void *data, size_t len)
{
	const char *p = data;

	while (len) {
		ssize_t n = write(fd, p, len);

		if (n < 0 && errno != EINTR)
			no_server(strerror(errno));
		if (n > 0) {
			p += n;
			len -= n;
		}
	}
}

static void read_file(const char *path, struct buffer *b, char mode[static 16])
{
	struct stat st;
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0 || fstat(fd, &st))
		die("%s: %s", path, strerror(errno));
	snprintf(mode, 16, "%o", st.st_mode & 07777);
	while (receive(fd, b))
		;
	close(fd);
}

/* Prints what comes, and returns the status */
static int print_answer(int fd)
{
	struct buffer b = { NULL };
	size_t len, at;
	char *end;
	int status;

	while (receive(fd, &b))
		;
	end = b.len ? memchr(b.data, '\n', b.len) : NULL;
	if (!end || sscanf(b.data, "%d %zu", &status, &len) != 2)
		no_server("it has gone");
	at = end + 1 - b.data;
	if (fwrite(b.data + at, 1, b.len - at, stdout) != len || fflush(stdout))
		die("output: %s", strerror(errno));
	return status;
}

static int ask_server(const char *path, char **args, int n, const struct buffer *payload)
{
	struct sockaddr_un addr;
	struct buffer b = { NULL };
	char head[64];
	int fd = unix_socket(path, &addr);

	signal(SIGPIPE, SIG_IGN);
	if (connect(fd, (struct sockaddr *)&addr, sizeof(addr)))
		no_server(strerror(errno));
	snprintf(head, sizeof(head), "%d %zu\n", n, payload->len);
	add_string(&b, head);
	for (int i = 0; i < n; i++)
		add(&b, args[i], strlen(args[i]) + 1);
	send_all(fd, b.data, b.len);
	send_all(fd, payload->data, payload->len);
	return print_answer(fd);
}

/* What follows the seconds goes as payload */
static int client(const char *path, char **args, int n)
{
	struct buffer payload = { NULL };
	char mode[16], ns[32], entropy[ENTROPY], *rewritten[ARGS_MAX];

	if (n > ARGS_MAX)
		misuse("too many arguments");
	memcpy(rewritten, args, n * sizeof(*args));
	if (!strcmp(args[0], "call") && n == 4) {
		add_string(&payload, args[3]);
		n = 3;
	} else if (!strcmp(args[0], "put") && n == 5) {
		read_file(args[3], &payload, mode);
		rewritten[3] = mode;
	} else if (!strcmp(args[0], "set") && n == 4) {
		if (getrandom(entropy, sizeof(entropy), 0) != sizeof(entropy))
			die("getrandom: %s", strerror(errno));
		add(&payload, entropy, sizeof(entropy));
		snprintf(ns, sizeof(ns), "%lld", (long long)now_ns(CLOCK_REALTIME) + atoll(args[3]));
		rewritten[3] = ns;
	}
	return ask_server(path, rewritten, n, &payload);
}

static int tsc(void)
{
	int64_t began = now_ns(CLOCK_MONOTONIC_RAW), ns;
	uint64_t counter = counter_begin();

	usleep(TSC_US);
	ns = now_ns(CLOCK_MONOTONIC_RAW) - began;
	printf("%.0f\n", (double)(counter_begin() - counter) * 1e6 / ns);
	return finish(EXIT_OK);
}

int main(int argc, char **argv)
{
	char path[108];

	progname = "lab";
	if (argc == 2 && !strcmp(argv[1], "--help"))
		opt_help(usage);
	if (argc < 3)
		misuse("a directory and what to do");
	if (snprintf(path, sizeof(path), "%s/lab.socket", argv[1]) >= (int)sizeof(path))
		die("%s: too long", argv[1]);
	if (!strcmp(argv[2], "serve"))
		return serve(path);
	if (!strcmp(argv[2], "tsc"))
		return tsc();
	return client(path, argv + 2, argc - 2);
}
