// SPDX-License-Identifier: GPL-2.0-or-later
/* pmc's output as linuxptp 3.1, 3.1.1, 4.2 and 4.4 print it (fixtures/), whole, cut, and with something else in it. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/array.h"
#include "base/now.h"
#include "base/text.h"
#include "linuxptp/pmc.h"
#include "linuxptp/ptp4l.h"
#include "system/run.h"
#include "tree.h"

static struct pmc_data d;
static char why[300];

static const char *const versions[] = { "3.1", "3.1.1", "4.2", "4.4" };
#define FIRST_READ_ONLY 2	/* of those, that has a socket for everybody */

static char *fixture(const char *version, const char *state)
{
	char path[100], *text = calloc(1, 1 << 14);
	FILE *f;

	snprintf(path, sizeof(path), "tests/unit/fixtures/pmc-%s-%s.txt", version, state);
	f = fopen(path, "r");
	assert_non_null(text);
	if (!f)
		fail_msg("%s is missing", path);
	assert_in_range(fread(text, 1, (1 << 14) - 1, f), 1, (1 << 14) - 2);
	fclose(f);
	return text;
}

static int parse_fixture(const char *version, const char *state)
{
	char *text = fixture(version, state);
	int n = pmc_parse(text, &d, why, sizeof(why));

	free(text);
	return n;
}

/* --- what the real ones print --- */

static void follows(const char *fixture, const char *port_state)
{
	for (size_t i = 0; i < ARRAY_SIZE(versions); i++) {
		assert_int_equal(parse_fixture(versions[i], fixture), 7);
		assert_true(d.slave_only == 1 && d.gm_present == 1);
		assert_int_equal(d.domain, 0);
		assert_int_equal(d.number_ports, 1);
		assert_int_equal(d.clock_class, 255);
		assert_int_equal(d.gm_class, 248);
		assert_int_equal(d.gm_accuracy, 0xfe);
		assert_int_equal(d.steps, 1);
		assert_int_equal(d.utc_offset, 37);
		assert_false(d.utc_offset_valid || d.ptp_timescale || d.time_traceable);
		assert_true(d.offset_ns > -1e6 && d.offset_ns < 1e6 && d.offset_ns != 0);
		assert_true(d.ingress_ns > 1e18);
		assert_true(d.path_delay_ns > 100 && d.path_delay_ns < 1e6);
		assert_string_not_equal(d.grandmaster, d.identity);
		assert_int_equal(strlen(d.grandmaster), 18);
		assert_int_equal(d.n_ports, 1);
		assert_string_equal(d.ports[0].state, port_state);
		assert_string_equal(d.ports[0].interface, "s0");
		assert_string_equal(d.ports[0].timestamping, "SOFTWARE");
		assert_memory_equal(d.ports[0].identity, d.identity, 18);
	}
}

static void test_slave(void **state)
{
	(void)state;
	follows("slave", "SLAVE");
}

static void test_uncalibrated(void **state)
{
	(void)state;
	follows("uncalibrated", "UNCALIBRATED");
}

static void test_master(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(versions); i++) {
		assert_int_equal(parse_fixture(versions[i], "master"), 7);
		assert_string_equal(d.ports[0].state, "MASTER");
		assert_string_equal(d.grandmaster, d.identity);
		assert_false(d.gm_present || d.slave_only);
		assert_int_equal(d.steps, 0);
		assert_int_equal(d.clock_class, 248);
		assert_true(isnan(d.offset_ns) && isnan(d.path_delay_ns) && d.ingress_ns == 0);
	}
}

static void test_listening(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(versions); i++) {
		assert_int_equal(parse_fixture(versions[i], "listening"), 7);
		assert_string_equal(d.ports[0].state, "LISTENING");
		assert_false(d.gm_present);
		assert_true(isnan(d.offset_ns) && isnan(d.path_delay_ns) && d.ingress_ns == 0);
	}
}

static void test_boundary(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(versions); i++) {
		assert_int_equal(parse_fixture(versions[i], "boundary"), 9);
		assert_int_equal(d.number_ports, 2);
		assert_int_equal(d.n_ports, 2);
		assert_string_equal(d.ports[0].state, "SLAVE");
		assert_string_equal(d.ports[0].interface, "s0");
		assert_string_equal(d.ports[1].state, "MASTER");
		assert_string_equal(d.ports[1].interface, "b0");
	}
}

/* Over the socket that is for everybody the interface's name is refused; 3.x has none. */
static void test_read_only(void **state)
{
	(void)state;
	for (size_t i = FIRST_READ_ONLY; i < ARRAY_SIZE(versions); i++) {
		assert_int_equal(parse_fixture(versions[i], "read-only"), 6);
		assert_int_equal(d.n_ports, 1);
		assert_string_equal(d.ports[0].state, "SLAVE");
		assert_string_equal(d.ports[0].interface, "");
		assert_true(d.gm_present == 1);
	}
}

static void test_absent(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(versions); i++)
		assert_int_equal(parse_fixture(versions[i], "absent"), 0);
	assert_int_equal(pmc_parse("", &d, why, sizeof(why)), 0);
}

/* Cut anywhere it is either less, or an error; never more, never beyond its end. */
static void test_cut(void **state)
{
	char *text = fixture("4.4", "boundary"), *copy;

	(void)state;
	for (size_t n = 0; n < strlen(text); n++) {
		copy = malloc(n + 1);
		memcpy(copy, text, n);
		copy[n] = 0;
		assert_in_range(pmc_parse(copy, &d, why, sizeof(why)) + 1, 0, 10);
		free(copy);
	}
	free(text);
}

/* --- what they don't --- */

#define CLOCK "6e2bee.fffe.8fb69c"
#define ANSWER(name) "\t" CLOCK "-0 seq 0 RESPONSE MANAGEMENT " name " \n"
#define PORT(name) "\t" CLOCK "-1 seq 0 RESPONSE MANAGEMENT " name " \n"

static int parse(const char *text)
{
	why[0] = 0;
	return pmc_parse(text, &d, why, sizeof(why));
}

static void refused(const char *text)
{
	if (parse(text) != -1)
		fail_msg("taken: %s", text);
	assert_non_null(strstr(why, "pmc's output is not understood: '"));
	assert_null(strchr(why, '\n'));
}

static void test_refused(void **state)
{
	(void)state;
	refused(ANSWER("CURRENT_DATA_SET") "\t\toffsetFromMaster nan\n");
	refused(ANSWER("CURRENT_DATA_SET") "\t\toffsetFromMaster 1e9\n");
	refused(ANSWER("CURRENT_DATA_SET") "\t\toffsetFromMaster --1.0\n");
	refused(ANSWER("CURRENT_DATA_SET") "\t\toffsetFromMaster\n");
	refused(ANSWER("CURRENT_DATA_SET") "\t\tmeanPathDelay 99999999999999999999.0\n");
	refused(ANSWER("CURRENT_DATA_SET") "\t\tstepsRemoved 1x\n");
	refused(ANSWER("DEFAULT_DATA_SET") "\t\tslaveOnly 2\n");
	refused(ANSWER("DEFAULT_DATA_SET") "\t\tclockClass 256\n");
	refused(ANSWER("DEFAULT_DATA_SET") "\t\tclockClass -1\n");
	refused(ANSWER("DEFAULT_DATA_SET") "\t\tdomainNumber \n");
	refused(ANSWER("DEFAULT_DATA_SET") "\t\tclockIdentity 6e2bee.fffe.8fb69\n");
	refused(ANSWER("DEFAULT_DATA_SET") "\t\tclockIdentity 6e2bee.fffe.8fb69c0\n");
	refused(ANSWER("PARENT_DATA_SET") "\t\tgrandmasterIdentity zzzzzz.fffe.8fb69c\n");
	refused(ANSWER("PARENT_DATA_SET") "\t\tgm.ClockAccuracy 0x1ff\n");
	refused(ANSWER("PARENT_DATA_SET") "\t\tgm.ClockAccuracy 0xg0\n");
	refused(ANSWER("PARENT_DATA_SET") "\t\tgm.ClockClass six\n");
	refused(ANSWER("TIME_PROPERTIES_DATA_SET") "\t\tcurrentUtcOffset 99999\n");
	refused(ANSWER("TIME_PROPERTIES_DATA_SET") "\t\tptpTimescale yes\n");
	refused(ANSWER("TIME_STATUS_NP") "\t\tmaster_offset 9223372036854775808\n");
	refused(ANSWER("TIME_STATUS_NP") "\t\tgmPresent maybe\n");
	refused(PORT("PORT_DATA_SET") "\t\tportState A_STATE_THAT_IS_FAR_TOO_LONG\n");
	refused(PORT("PORT_DATA_SET") "\t\tportState \n");
	refused(PORT("PORT_PROPERTIES_NP") "\t\tinterface \x1b[2J\n");
	refused(PORT("PORT_PROPERTIES_NP") "\t\tinterface an-interface-with-a-long-name\n");
}

/* Other answers, other fields, errors, what pmc logs, and heads that are none */
static void test_passed_over(void **state)
{
	(void)state;
	assert_int_equal(parse(ANSWER("CURRENT_DATA_SET") "\t\tnewField x\n\t\t\n\t\tstepsRemoved 2 and more\n"), 1);
	assert_int_equal(d.steps, 2);
	assert_int_equal(parse(ANSWER("NEW_DATA_SET") "\t\tstepsRemoved x\n"), 0);
	assert_int_equal(parse("\t" CLOCK "-0 seq 6 RESPONSE MANAGEMENT_ERROR_STATUS \n\t\tstepsRemoved x\n"), 0);
	assert_int_equal(parse("\t" CLOCK "-0 seq 6 RESPONSE MANAGEMENT empty-tlv \n"), 0);
	assert_int_equal(parse("\t" CLOCK "-0 seq 6 COMMAND MANAGEMENT CURRENT_DATA_SET \n"), 0);
	assert_int_equal(parse("\t" CLOCK "-0 seq 6 RESPONSE MANAGEMENT\n"), 0);
	assert_int_equal(parse("\t" CLOCK "-65536 seq 6 RESPONSE MANAGEMENT CURRENT_DATA_SET\n"), 0);
	assert_int_equal(parse("\t" CLOCK "-000000000000000001 seq 6 RESPONSE MANAGEMENT CURRENT_DATA_SET\n"), 0);
	assert_int_equal(parse("\t" CLOCK " seq 6 RESPONSE MANAGEMENT CURRENT_DATA_SET\n"), 0);
	assert_int_equal(parse("\t\n\t \n\t\t\nsending: GET X\npmc[1.0]: uds: bind failed\n"), 0);
	assert_int_equal(parse("\t\tstepsRemoved x\n"), 0);	/* of no answer */
	assert_int_equal(d.steps, UNKNOWN);
}

static void test_values(void **state)
{
	(void)state;
	assert_int_equal(parse(ANSWER("CURRENT_DATA_SET") "\t\toffsetFromMaster -1234567.5\n\t\tmeanPathDelay -0.5\n"), 1);
	assert_float_equal(d.offset_ns, 1234567.5, 0);
	assert_float_equal(d.path_delay_ns, -0.5, 0);
	assert_int_equal(parse(ANSWER("TIME_STATUS_NP") "\t\tmaster_offset -37000000123\n\t\tgmPresent true"), 1);
	assert_true(d.offset_ns == 37000000123LL && d.gm_present == 1);
	assert_int_equal(parse(ANSWER("TIME_PROPERTIES_DATA_SET")
			       "\t\tleap61 1\n\t\tleap59 0\n\t\tcurrentUtcOffsetValid 1\n\t\tptpTimescale 1\n"
			       "\t\ttimeTraceable 1\n\t\tcurrentUtcOffset -1\n"),
			 1);
	assert_true(d.leap61 == 1 && !d.leap59 && d.utc_offset_valid == 1 && d.ptp_timescale == 1);
	assert_int_equal(d.time_traceable, 1);
	assert_int_equal(d.utc_offset, -1);
}

static void measured(const char *text, double offset, double path_delay)
{
	assert_in_range(parse(text), 1, 2);
	assert_true(isnan(offset) ? isnan(d.offset_ns) : d.offset_ns == offset);
	assert_true(isnan(path_delay) ? isnan(d.path_delay_ns) : d.path_delay_ns == path_delay);
}

#define CURRENT(offset, delay)                                                                                       \
	ANSWER("CURRENT_DATA_SET") "\t\toffsetFromMaster " offset "\n\t\tmeanPathDelay " delay "\n"
#define STATUS(offset, ingress)                                                                                      \
	ANSWER("TIME_STATUS_NP") "\t\tmaster_offset " offset "\n\t\tingress_time " ingress "\n"

/* 0 is what ptp4l has where it never measured; an offset of 0 that was measured has a path delay beside it. */
static void test_unmeasured(void **state)
{
	(void)state;
	measured(CURRENT("0.0", "0.0") STATUS("0", "0"), NAN, NAN);
	measured(CURRENT("0.0", "0.0"), NAN, NAN);
	measured(STATUS("0", "0"), NAN, NAN);
	measured(STATUS("0", "1795702099491082690"), NAN, NAN);
	measured(CURRENT("0.0", "0.0") STATUS("0", "1795702099491082690"), NAN, NAN);	/* no answer to its questions */
	measured(CURRENT("0.0", "1300.0") STATUS("0", "1795702099491082690"), 0, 1300);
	measured(CURRENT("0.0", "1300.0"), 0, 1300);
	measured(CURRENT("-5.0", "0.0") STATUS("-5", "1795702099491082690"), 5, NAN);
	measured(CURRENT("7.0", "1300.0") STATUS("7", "0"), NAN, 1300);
	measured(STATUS("-5", "1795702099491082690"), 5, NAN);
}

static bool int_left(int left, int whole)
{
	return left == whole || left == UNKNOWN;
}

static bool ns_left(double left, double whole)
{
	return left == whole || isnan(left);
}

static bool text_left(const char *left, const char *whole)
{
	return !left[0] || !strcmp(left, whole);
}

/* What is there is as in the whole answer, or it is not known; how much is not: */
static int unknown_of(const struct pmc_data *w)
{
	const int left[] = { d.slave_only, d.clock_class, d.domain, d.number_ports, d.steps, d.gm_class, d.gm_accuracy,
			     d.utc_offset, d.utc_offset_valid, d.ptp_timescale, d.time_traceable, d.leap61, d.leap59,
			     d.gm_present };
	const int whole[] = { w->slave_only, w->clock_class, w->domain, w->number_ports, w->steps, w->gm_class,
			      w->gm_accuracy, w->utc_offset, w->utc_offset_valid, w->ptp_timescale, w->time_traceable,
			      w->leap61, w->leap59, w->gm_present };
	int unknown = isnan(d.offset_ns) + isnan(d.path_delay_ns) + isnan(d.ingress_ns) + !d.identity[0] + !d.grandmaster[0];

	for (size_t i = 0; i < ARRAY_SIZE(left); i++) {
		assert_true(int_left(left[i], whole[i]));
		unknown += left[i] == UNKNOWN;
	}
	assert_true(ns_left(d.offset_ns, w->offset_ns) && ns_left(d.path_delay_ns, w->path_delay_ns) &&
		    ns_left(d.ingress_ns, w->ingress_ns));
	assert_true(text_left(d.identity, w->identity) && text_left(d.grandmaster, w->grandmaster));
	assert_in_range(d.n_ports, 0, w->n_ports);
	for (int i = 0; i < d.n_ports; i++) {
		assert_true(text_left(d.ports[i].state, w->ports[i].state) &&
			    text_left(d.ports[i].interface, w->ports[i].interface) &&
			    text_left(d.ports[i].timestamping, w->ports[i].timestamping));
		unknown += !d.ports[i].state[0] + !d.ports[i].interface[0] + !d.ports[i].timestamping[0];
	}
	return unknown + 3 * (w->n_ports - d.n_ports);
}

/* text without the len bytes at at */
static int parse_without(const char *text, const char *at, size_t len)
{
	char *left = strdup(text);
	int n;

	memmove(left + (at - text), at + len, strlen(at + len) + 1);
	n = parse(left);
	free(left);
	return n;
}

/* Each answer, and each line of one, left out in turn */
static void test_left_out(void **state)
{
	static const struct {
		const char *data_set;
		int fields;
	} sets[] = {
		{ "DEFAULT_DATA_SET", 5 }, { "CURRENT_DATA_SET", 2 }, { "PARENT_DATA_SET", 3 },
		{ "TIME_PROPERTIES_DATA_SET", 6 }, { "TIME_STATUS_NP", 2 }, { "PORT_DATA_SET", 0 },	/* PORT_PROPERTIES_NP has the state, too */
		{ "PORT_PROPERTIES_NP", 2 },
	};

	(void)state;
	for (size_t v = 0; v < ARRAY_SIZE(versions); v++) {
		char *text = fixture(versions[v], "slave");
		struct pmc_data whole;

		assert_int_equal(parse(text), 7);
		whole = d;
		assert_int_equal(unknown_of(&whole), 0);
		for (size_t i = 0; i < ARRAY_SIZE(sets); i++) {
			char head[60];
			const char *at, *end;

			snprintf(head, sizeof(head), "MANAGEMENT %s ", sets[i].data_set);
			at = strstr(text, head);
			assert_non_null(at);
			while (at > text && at[-1] != '\n')
				at--;
			for (end = strchr(at, '\n') + 1; !strncmp(end, "\t\t", 2); end = strchr(end, '\n') + 1)
				;
			assert_int_equal(parse_without(text, at, end - at), 6);
			assert_int_equal(unknown_of(&whole), sets[i].fields);
		}
		for (const char *at = text; at[strcspn(at, "\n")]; at += strcspn(at, "\n") + 1)
			if (!strncmp(at, "\t\t", 2)) {
				assert_int_equal(parse_without(text, at, strcspn(at, "\n") + 1), 7);
				assert_in_range(unknown_of(&whole), 0, 1);
			}
		free(text);
	}
}

static void test_many_ports(void **state)
{
	char text[8192] = "";

	(void)state;
	for (int i = 1; i <= PMC_PORTS_MAX + 5; i++)
		add_text(text, sizeof(text), "\t" CLOCK "-%d seq 0 RESPONSE MANAGEMENT PORT_DATA_SET\n\t\tportState SLAVE\n",
			 i);
	assert_int_equal(parse(text), PMC_PORTS_MAX + 5);
	assert_int_equal(d.n_ports, PMC_PORTS_MAX);
}

static void test_long_lines(void **state)
{
	char text[4096];

	(void)state;
	memset(text, 'x', sizeof(text) - 1);
	text[sizeof(text) - 1] = 0;
	assert_int_equal(parse(text), 0);
	text[0] = '\t';
	assert_int_equal(parse(text), 0);
	memcpy(text, ANSWER("CURRENT_DATA_SET") "\t\tstepsRemoved ",
	       strlen(ANSWER("CURRENT_DATA_SET") "\t\tstepsRemoved "));
	assert_int_equal(parse(text), -1);
	assert_int_equal(strlen(why), sizeof(why) - 1);
}

/* --- programs in its place --- */

static struct ptp4l found[8];

#define PROCESS(pid, comm, words) put_process(pid, comm, words, sizeof(words), "0::/\n")

static int find(void)
{
	static const char *const names[] = { "ptp4l", NULL };
	struct processes all;
	int n = 0;

	processes_read(&all, names);
	for (int i = 0; i < all.n; i++)
		n += ptp4l_read(&found[n], &all.list[i]);
	processes_free(&all);
	return n;
}

/* Only what the test puts into the tree's bin is found, and the shell's own. */
static void put_pmc(const char *script)
{
	unsetenv("TMPDIR");	/* the tree before */
	tree_make();
	tree_programs();
	setenv("TMPDIR", tree, 1);
	if (script)
		put_mode("/bin/pmc", script, 0755);
}

static enum pmc_result ask(const char *script)
{
	put_pmc(script);
	return pmc_ask("/var/run/ptp4l", 0, 24, 1, &d, why, sizeof(why));
}

static void test_asked(void **state)
{
	const char *words;

	(void)state;
	assert_int_equal(ask("#!/bin/sh\necho \"$@\" >>$TMPDIR/words\ncat tests/unit/fixtures/pmc-4.2-slave.txt\n"),
			 PMC_ANSWERED);
	assert_true(d.gm_present);
	words = get("/words");
	assert_non_null(strstr(words, "-u -b 0 -d 24 -t 1 -i /"));
	assert_non_null(strstr(
		words, " -s /var/run/ptp4l GET DEFAULT_DATA_SET GET CURRENT_DATA_SET GET PARENT_DATA_SET "
		       "GET TIME_PROPERTIES_DATA_SET GET TIME_STATUS_NP GET PORT_DATA_SET "
		       "GET PORT_PROPERTIES_NP\n"));
	assert_int_equal(strchr(words, '\n')[1], 0);	/* once */
}

/* In a container: there, by the pmc that is there */
static void test_asked_elsewhere(void **state)
{
	(void)state;
	put_pmc("#!/bin/sh\nexit 1\n");
	put_mode("/bin/nsenter", "#!/bin/sh\necho \"$@\" >$TMPDIR/words\ncat tests/unit/fixtures/pmc-4.2-slave.txt\n", 0755);
	assert_int_equal(pmc_ask("/var/run/ptp4l", 77, 24, 1, &d, why, sizeof(why)), PMC_ANSWERED);
	has(get("/words"), "-t 77 -m -n -- pmc -u -b 0 -d 24 ");
	/* Its sockets and its configuration are looked for below its root. */
	put("/containers/a/etc/p.conf", "[global]\ndomainNumber 7\n");
	put("/etc/p.conf", "[global]\ndomainNumber 8\n");
	put("/containers/a/var/run/ptp4l", "");
	put("/var/run/ptp/ptp4l", "");
	PROCESS(77, "ptp4l", "ptp4l\0-f\0/etc/p.conf\0-i\0eno1");
	put_link("/proc/77/root", "/containers/a");
	assert_int_equal(find(), 1);
	assert_int_equal(found[0].elsewhere, YES);
	assert_int_equal(found[0].domain, 7);
	assert_string_equal(found[0].socket, "/var/run/ptp4l");
	assert_string_equal(found[0].conf, "/etc/p.conf");
}

static void test_failures(void **state)
{
	int64_t begun;

	(void)state;
	assert_int_equal(ask("#!/bin/sh\ncat tests/unit/fixtures/pmc-4.2-absent.txt\n"), PMC_SILENT);
	assert_string_equal(why, "no answer from ptp4l");
	assert_int_equal(ask("#!/bin/sh\necho 'uds: bind failed' >&2\n"), PMC_SILENT);
	assert_string_equal(why, "no answer from ptp4l: uds: bind failed");
	assert_int_equal(ask("#!/bin/sh\necho 'failed to create pmc' >&2\nexit 255\n"), PMC_FAILED);
	assert_string_equal(why, "pmc: exit status 255: failed to create pmc");
	assert_int_equal(ask("#!/bin/sh\nprintf '\\t" CLOCK "-0 seq 0 RESPONSE MANAGEMENT CURRENT_DATA_SET\\n"
			     "\\t\\tstepsRemoved many\\n'\n"),
			 PMC_GARBLED);
	begun = now_ns(CLOCK_MONOTONIC);
	assert_int_equal(ask("#!/bin/sh\nsleep 60\n"), PMC_FAILED);
	assert_string_equal(why, "pmc: no answer within 3 s");
	assert_in_range(now_ns(CLOCK_MONOTONIC) - begun, 2900000000LL, 10000000000LL);
	begun = now_ns(CLOCK_MONOTONIC);
	assert_int_equal(ask("#!/bin/sh\nexec yes\n"), PMC_FAILED);
	assert_in_range(now_ns(CLOCK_MONOTONIC) - begun, 2900000000LL, 20000000000LL);
}

static void test_not_installed(void **state)
{
	(void)state;
	put_pmc(NULL);
	setenv("PATH", tree, 1);
	run_more_paths = tree;
	assert_int_equal(pmc_ask("/x", 0, 0, 0, &d, why, sizeof(why)), PMC_ABSENT);
	assert_string_equal(why, "pmc: not installed");
}

static int ask_as_user(void *arg)
{
	char *left;

	(void)arg;
	become(1000, 0);
	assert_int_equal(ask("#!/bin/sh\nwhile [ \"$1\" != -i ]; do shift; done\nls -ld ${2%/*} >&2\n"), PMC_SILENT);
	left = manifest("");
	printf("%s\n%s", why, left);
	free(left);
	tree_remove();
	return 0;
}

/* An ordinary user's socket is in a directory of its own, which others may go through, and it is gone afterwards. */
static void test_as_user(void **state)
{
	(void)state;
	assert_int_equal(apart(ask_as_user, NULL), 0);
	assert_non_null(strstr(said_out, "no answer from ptp4l: drwx--x--x"));
	assert_non_null(strstr(strchr(said_out, '\n'), "/bin/pmc "));
	assert_null(strstr(strchr(said_out, '\n'), "/ptpkvm-pmc."));
}

/* --- the processes to be asked --- */

static int no_tmpdir(void **state)
{
	unsetenv("TMPDIR");
	return empty_tree(state);
}

static void test_processes(void **state)
{
	(void)state;
	assert_int_equal(find(), 0);
	PROCESS(100, "ptp4l", "/usr/sbin/ptp4l\0-f\0/etc/linuxptp/ptp4l.conf\0-i\0eno1");
	PROCESS(101, "bash", "ptp4l");
	put("/proc/100/cgroup", "0::/system.slice/system-ptp4l.slice/ptp4l@eno1.service\n");
	put("/etc/linuxptp/ptp4l.conf", "# all\n[global]\ndomainNumber\t\t24\ntime_stamping software\nslaveOnly 1\n"
					"transportSpecific 0x1\nleapfile /etc/leap\n[eno2]\nmasterOnly 1\n");
	put("/var/run/ptp4l", "");
	assert_int_equal(find(), 1);
	assert_string_equal(found[0].unit, "ptp4l@eno1.service");
	assert_string_equal(found[0].conf, "/etc/linuxptp/ptp4l.conf");
	assert_int_equal(found[0].n_interfaces, 2);
	assert_string_equal(found[0].interfaces[0], "eno1");
	assert_string_equal(found[0].interfaces[1], "eno2");
	assert_int_equal(found[0].domain, 24);
	assert_int_equal(found[0].transport_specific, 1);
	assert_true(found[0].software && found[0].client_only && found[0].server_only);
	assert_string_equal(found[0].servo, "pi");
	assert_string_equal(found[0].socket, "/var/run/ptp4l");
	assert_string_equal(found[0].socket_read_only, "");
	assert_string_equal(found[0].leapfile, "/etc/leap");
	assert_false(ptp4l_measures_only(&found[0]));
}

/* The command line has the last word; files are found from where it runs; defaults moved after 4.4. */
static void test_command_line(void **state)
{
	char full[FILE_PATH_MAX];

	(void)state;
	PROCESS(7, "ptp4l", "ptp4l\0-Hmqsf\0p.conf\0-ieno1\0--domainNumber=5\0--uds_address\0/run/t/s\0--free_running\0001");
	put("/x/p.conf", "[global]\ntime_stamping software\ndomainNumber 300\nuds_address /run/other\n");
	put("/proc/7/x", "");
	assert_int_equal(symlink("/x", file_path(full, "/proc/7/cwd")), 0);
	put("/var/run/ptp/ptp4lro", "");
	put("/var/run/ptp4lro", "");
	assert_int_equal(find(), 1);
	assert_string_equal(found[0].conf, "/x/p.conf");
	assert_false(found[0].software);
	assert_true(found[0].client_only && ptp4l_measures_only(&found[0]));
	assert_int_equal(found[0].domain, 5);
	assert_string_equal(found[0].interfaces[0], "eno1");
	assert_string_equal(found[0].socket, "/run/t/s");
	assert_string_equal(found[0].socket_read_only, "/var/run/ptp/ptp4lro");

	PROCESS(7, "ptp4l", "ptp4l\0-S\0--clock_servo\0ntpshm\0--\0-H");
	assert_int_equal(find(), 1);
	assert_true(found[0].software && ptp4l_measures_only(&found[0]));
}

static void test_hostile_processes(void **state)
{
	(void)state;
	PROCESS(1, "ptp4l", "");
	PROCESS(2, "ptp4l", "ptp4l\0-f");
	PROCESS(3, "ptp4l", "ptp4l\0-i\0an-interface-with-a-long-name\0--domainNumber");
	PROCESS(4, "ptp4l", "ptp4l\0--uds_address=/a-path-longer-than-a-socket-can-have/xxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
			      "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx\0--=\0--\0-\0--");
	PROCESS(5, "ptp4l", "ptp4l\0-f\0/etc/p\0-i\0a b\0-i\0\033[2J\0-i\0a/b\0-i\0a:b\0-i\0\0-ia\177");
	put("/etc/p", "no section 1\n[global\n]\n[]\n[ ]\ndomainNumber\n[global]\ndomainNumber -1\n"
		      "[unicast_master_table]\nUDPv4 192.0.2.1\n[global]\nfree_running");
	assert_int_equal(find(), 5);
	for (int i = 0; i < 5; i++)
		assert_true(found[i].domain == 0 && !found[i].n_interfaces && !found[i].socket[0]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_slave),
		cmocka_unit_test(test_uncalibrated),
		cmocka_unit_test(test_master),
		cmocka_unit_test(test_listening),
		cmocka_unit_test(test_boundary),
		cmocka_unit_test(test_read_only),
		cmocka_unit_test(test_absent),
		cmocka_unit_test(test_cut),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_passed_over),
		cmocka_unit_test(test_values),
		cmocka_unit_test(test_unmeasured),
		cmocka_unit_test(test_left_out),
		cmocka_unit_test(test_many_ports),
		cmocka_unit_test(test_long_lines),
		cmocka_unit_test(test_asked),
		cmocka_unit_test(test_asked_elsewhere),
		cmocka_unit_test(test_failures),
		cmocka_unit_test(test_not_installed),
		cmocka_unit_test(test_as_user),
		cmocka_unit_test_setup(test_processes, no_tmpdir),
		cmocka_unit_test_setup(test_command_line, no_tmpdir),
		cmocka_unit_test_setup(test_hostile_processes, no_tmpdir),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("host-pmc", tests, NULL, remove_tree);
}
