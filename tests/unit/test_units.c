// SPDX-License-Identifier: GPL-2.0-or-later
/* Units as their files say: systemd.unit(5), systemd.exec(5), systemd.service(5). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "system/units.h"
#include "tree.h"

#define LIB "/usr/lib/systemd/system/chrony.service"
#define ETC "/etc/systemd/system/chrony.service"
#define RUN "/run/systemd/system/chrony.service"

/* The words of ExecStart=, a '|' after each */
static const char *exec(const char *name, const struct unit_how *how)
{
	static char words[1 << 14];
	struct unit u;

	unit_read_as(&u, name, how);
	words[0] = 0;
	for (size_t i = 0; i < u.exec_len; i += strlen(u.exec + i) + 1) {
		strcat(words, u.exec + i);
		strcat(words, "|");
	}
	unit_free(&u);
	return words;
}

#define is_exec(words) assert_string_equal(exec("chrony.service", &(struct unit_how){ .inside = false }), words)

static void test_order(void **state)
{
	(void)state;
	is_exec("");
	put(LIB, "[Unit]\nExecStart=/no\n[Service]\nExecStart=!/usr/sbin/chronyd $DAEMON_OPTS\n"
		 "EnvironmentFile=-/etc/default/chrony\n");
	is_exec("/usr/sbin/chronyd|");
	put("/etc/default/chrony", "# DAEMON_OPTS=no\nDAEMON_OPTS=\"-F 1\"\n");
	is_exec("/usr/sbin/chronyd|-F|1|");
	/* Of drop-ins of one name the one in /etc, then /run; all of them by their names */
	put(RUN ".d/20.conf", "[Service]\nEnvironmentFile=/run/b\n");
	put("/run/b", "DAEMON_OPTS=-f/b");
	is_exec("/usr/sbin/chronyd|-f/b|");
	put(ETC ".d/20.conf", "[Service]\nEnvironment=DAEMON_OPTS=first\n");
	is_exec("/usr/sbin/chronyd|-F|1|");		/* files go before Environment= */
	put(ETC ".d/30.conf", "[Service]\nEnvironmentFile=\n");
	is_exec("/usr/sbin/chronyd|first|");
	put(LIB ".d/40.conf", "[Service]\nExecStart=\nExecStart=/opt/chronyd -n \\\n  '-f' \"${DAEMON_OPTS}\"x $$\n");
	is_exec("/opt/chronyd|-n|-f|firstx|$|");
	put(ETC, "[Service]\nExecStart=/etc/chronyd\n");
	is_exec("/opt/chronyd|-n|-f|firstx|$|");	/* the drop-ins are those of either file */
	put_link(ETC, "/dev/null");
	is_exec("");
}

static void test_environment_files(void **state)
{
	static const struct {
		const char *text, *words;
	} cases[] = {
		{ "A=-f /x", "-f|/x|" },
		{ "A = -f /x", "-f|/x|" },
		{ " A=  -f /x  \nB=", "-f|/x|" },
		{ "A='-f /x'\"  -x\"", "-f|/x|-x|" },
		{ "A=-f \"/x y\"", "-f|/x y|" },
		{ "A=\"-f \\\"/x y\\\" \\$B\"", "-f|/x y|$B|" },
		{ "A=-f \\\n/x\nA", "-f|/x|" },
		{ ";A=no\nA=1\nA=2\n", "2|" },
		{ "A=\"open\n-x", "open|-x|" },
		{ "A=", "" },
	};

	(void)state;
	put(LIB, "[Service]\nExecStart=c $A\nEnvironmentFile=/etc/default/*.env\n");
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char words[100];

		put("/etc/default/a.env", cases[i].text);
		snprintf(words, sizeof(words), "c|%s", cases[i].words);
		is_exec(words);
	}
}

static void test_how(void **state)
{
	struct unit u;

	(void)state;
	put(LIB, "[Service]\nExecStart=c $A -n\nEnvironmentFile=/a\nEnvironmentFile=-/run/ours\n");
	put("/a", "A=-f /x\n");
	put("/run/ours", "A=-f /ours\n");
	is_exec("c|-f|/ours|-n|");
	unit_read_as(&u, "chrony.service", &(struct unit_how){ .without = "/run/ours" });
	assert_string_equal(u.variable, "A");
	assert_string_equal(u.value, "-f /x");
	assert_int_equal(u.value_end, strlen("c|-f|/x|"));
	unit_free(&u);
	setenv("A", "-x", 1);
	assert_string_equal(exec("chrony.service", &(struct unit_how){ .without = "/run/ours", .inside = true }), "c|-x|-n|");
	unsetenv("A");
	/* One that can't be held whole is none */
	{
		char longer[UNIT_WORD_MAX + 10];

		memset(longer, 'x', sizeof(longer) - 1);
		longer[sizeof(longer) - 1] = 0;
		setenv("A", longer, 1);
		unit_read_as(&u, "chrony.service", &(struct unit_how){ .inside = true });
		assert_string_equal(u.variable, "");
		unit_free(&u);
		unsetenv("A");
	}
	/* Its other name has a drop-in, too */
	put_link("/etc/systemd/system/chronyd.service", LIB);
	put("/etc/systemd/system/chronyd.service.d/a.conf", "[Service]\nExecStart=\nExecStart=d\n");
	assert_string_equal(exec("chronyd.service", &(struct unit_how){ .inside = false }), "d|");
}

/* Bytes of all kinds are read without harm. */
static void test_hostile(void **state)
{
	static const char pieces[] = "=\\\"'$%{}[]#;-@!\n\n \tAxFfin0/";
	char text[300] = "";

	(void)state;
	srand(20261128);
	put(ETC ".d/a.conf", "[Service]\nEnvironmentFile=/env\n");
	for (int i = 0; i < 3000; i++) {
		size_t n = rand() % sizeof(text);

		for (size_t k = 0; k < n; k++)
			text[k] = pieces[rand() % (sizeof(pieces) - 1)];
		put_bytes("/env", text, n);
		put(LIB, "[Service]\nExecStart=chronyd ${A} $A %i %\n");
		exec("chrony.service", &(struct unit_how){ .inside = false });
		memcpy(text, "[Service]\nExecStart=", 20);
		put_bytes(LIB, text, sizeof(text));
		exec("chrony.service", &(struct unit_how){ .inside = false });
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_order, empty_tree),
		cmocka_unit_test_setup(test_environment_files, empty_tree),
		cmocka_unit_test_setup(test_how, empty_tree),
		cmocka_unit_test_setup(test_hostile, empty_tree),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("units", tests, NULL, remove_tree);
}
