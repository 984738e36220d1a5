// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Files installed and taken away in a tree of its own: what is ours, edited, or somebody else's; and each write in
 * turn failing, or being the last before a power cut, which may leave half of its file.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/array.h"
#include "base/text.h"
#include "tree.h"

static int cut_at = -1, fail_at = -1;	/* which of the writes; -1: none */
static bool half;			/* of a file was written when the power went */

static bool fails(const char *path)
{
	char name[FILE_PATH_MAX];

	if (cut_at >= 0 && !cut_at--) {
		if (half && path) {
			snprintf(name, sizeof(name), "%.*s.%s" FILE_TEMPORARY, (int)(base_name(path) - path), path,
				 base_name(path));
			put(name, "hal");
		}
		_exit(42);
	}
	errno = EIO;
	return fail_at >= 0 && !fail_at--;
}

static int try_write(const char *path, const void *data, size_t len, mode_t mode, char *why, size_t why_len)
{
	return fails(path) ? !refuse(why, why_len, "cannot write") : file_write(path, data, len, mode, why, why_len);
}

static int try_remove(const char *path, char *why, size_t len)
{
	return fails(NULL) ? !refuse(why, len, "cannot remove") : file_remove(path, why, len);
}

static int try_link(const char *from, const char *to)
{
	return fails(NULL) ? -1 : file_link(from, to);
}

static int try_rename(const char *from, const char *to)
{
	return fails(NULL) ? -1 : file_rename(from, to);
}

static int try_rmdir(const char *path)
{
	return fails(NULL) ? -1 : file_rmdir(path);
}

#define file_write try_write
#define file_remove try_remove
#define file_link try_link
#define file_rename try_rename
#define file_rmdir try_rmdir
#include "system/install.c"
#undef file_write
#undef file_remove
#undef file_link
#undef file_rename
#undef file_rmdir

#define JOURNAL "/etc/ours/state"
#define ONE "/etc/ours/one.conf"
#define TWO "/etc/units/x@eth\\x2d0.service.d/two.conf"
#define MARKER "# Ours"
#define EDITED MARKER ", edited\n"

static const char *const places[] = { "/etc/ours/*.conf", "/etc/units/*.service.d/two.conf", NULL };
static volatile sig_atomic_t stop;

struct job {
	const char *one, *two;	/* wanted; NULL: not */
};

/* 0: done; 2: not planned; 3: not done, and undone; 4: not all undone; 5: some left */
static int install(void *arg)
{
	struct install in = { .journal = JOURNAL, .marker = MARKER, .places = places, .stop = &stop };
	const struct job *job = arg;
	char why[700];
	bool undone = true;
	int ret = 0;

	if (job->one)
		install_want(&in, ONE, job->one, strlen(job->one), false);
	if (job->two)
		install_want(&in, TWO, job->two, strlen(job->two), false);
	if (!install_plan(&in, why, sizeof(why)))
		ret = 2;
	else if (!install_carry_out(&in, &undone, why, sizeof(why)))
		ret = undone ? 3 : 4;
	else
		*why = 0;
	for (int i = 0; i < in.n; i++) {
		if (ret != 2)
			printf("%s %s %s\n", install_verb(in.files[i].what), in.files[i].path,
			       in.files[i].saved ? base_name(in.files[i].saved) : "-");
		if (in.files[i].failed)
			ret = 5;
	}
	complain("%s", ret > 1 ? why : "");
	install_free(&in);
	return ret;
}

#define want(one, two) apart(install, &(struct job){ one, two })

/* Names and contents */
static char *etc(void)
{
	char command[400], *text = xcalloc(1, 1 << 16);
	FILE *f;

	snprintf(command, sizeof(command),
		 "cd %s/etc && find . | sort && find . -type f | sort | xargs -rd '\\n' tail -v -n +1", tree);
	f = popen(command, "r");
	text[fread(text, 1, (1 << 16) - 1, f)] = 0;
	pclose(f);
	return text;
}

static void etc_is(const char *before)
{
	char *now = etc();

	assert_string_equal(now, before);
	free(now);
}

#define A MARKER " a\n"
#define B MARKER " b\n"
#define C MARKER " c\n"

static int setup(void **state)
{
	(void)state;
	cut_at = -1;
	fail_at = -1;
	stop = 0;
	tree_make();
	put("/etc/other", "somebody else's\n");
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	tree_remove();
	return 0;
}

static void test_install_and_back(void **state)
{
	char *before = etc(), *once, *again;

	(void)state;
	assert_int_equal(want(NULL, NULL), 0);
	assert_int_equal(want(A, B), 0);
	assert_string_equal(get(ONE), A);
	assert_string_equal(get(TWO), B);
	has(said_out, "write " ONE);
	once = manifest("/etc");
	assert_int_equal(want(A, B), 0);
	has(said_out, "already so " ONE);
	again = manifest("/etc");
	assert_string_equal(once, again);
	free(once);
	free(again);
	/* What is not wanted any more goes. */
	assert_int_equal(want(NULL, C), 0);
	has(said_out, "remove " ONE);
	assert_false(file_exists(ONE));
	assert_string_equal(get(TWO), C);
	assert_int_equal(want(NULL, NULL), 0);
	etc_is(before);
	free(before);
}

static void test_edited(void **state)
{
	(void)state;
	assert_int_equal(want(A, B), 0);
	put(ONE, "whatever\n");
	/* It stays while nothing else is wanted. */
	assert_int_equal(want(A, B), 0);
	has(said_out, "keep edited ");
	assert_int_equal(want(A, C), 0);
	assert_string_equal(get(ONE), "whatever\n");
	assert_int_equal(want(A, C), 0);
	/* Then it is saved, whatever was saved before. */
	put(ONE INSTALL_SAVED, "older\n");
	assert_int_equal(want(C, C), 0);
	has(said_out, "save edited " ONE " one.conf" INSTALL_SAVED "2\n");
	assert_string_equal(get(ONE), C);
	assert_string_equal(get(ONE INSTALL_SAVED), "older\n");
	assert_string_equal(get(ONE INSTALL_SAVED "2"), "whatever\n");
	/* Taken away, it is saved, too; the same once more takes no new name. */
	put(ONE, "older\n");
	assert_int_equal(want(NULL, NULL), 0);
	has(said_out, "save edited ");
	assert_false(file_exists(ONE));
	assert_false(file_exists(ONE INSTALL_SAVED "3"));
	assert_false(file_exists(JOURNAL));
	assert_false(file_exists("/etc/units"));
}

static void test_somebody_elses(void **state)
{
	char *before;

	(void)state;
	put(ONE, "an admin's\n");
	before = etc();
	assert_int_equal(want(A, B), 2);
	has(said_err, ONE " is there, and ");
	has(said_err, " did not write it; move it away first");
	etc_is(before);
	free(before);
	/* A link, a directory */
	put_link(ONE, "/etc/other");
	assert_int_equal(want(A, B), 2);
	tree_make();
	put(ONE "/x", "");
	assert_int_equal(want(A, B), 2);
	/* What became one later is left, and does not keep the rest. */
	tree_make();
	assert_int_equal(want(A, B), 0);
	put_link(ONE, "/etc/other");
	assert_int_equal(want(NULL, NULL), 0);
	has(said_out, "leave " ONE " -\n");
	assert_false(file_exists(TWO));
	assert_false(file_exists(JOURNAL));
	/* Ours went, and another's came before ours was written */
	tree_make();
	put(JOURNAL, "version 2\nnext 0000000000000001 " ONE "\n");
	put(ONE, "an admin's\n");
	assert_int_equal(want(NULL, NULL), 0);
	assert_string_equal(get(ONE), "an admin's\n");
}

/* Put there by hand, or the journal is lost: they are known by their first line, and nothing is thrown away. */
static void test_no_journal(void **state)
{
	(void)state;
	put(ONE, A);
	put(TWO, EDITED);
	put("/etc/ours/admin.conf", "an admin's\n");
	assert_int_equal(want(A, B), 0);
	has(said_out, "already so " ONE);
	assert_string_equal(get(TWO), B);
	assert_string_equal(get(TWO INSTALL_SAVED), EDITED);
	assert_int_equal(want(A, B), 0);
	assert_int_equal(truncate(file_path((char[FILE_PATH_MAX]){ 0 }, JOURNAL), 0), 0);
	assert_int_equal(unlink(file_path((char[FILE_PATH_MAX]){ 0 }, JOURNAL)), 0);
	assert_int_equal(want(NULL, NULL), 0);
	assert_false(file_exists(ONE));
	assert_string_equal(get(ONE INSTALL_SAVED), A);
	assert_string_equal(get("/etc/ours/admin.conf"), "an admin's\n");
	assert_int_equal(want(NULL, NULL), 0);
}

static void test_journal_damaged(void **state)
{
	static const char *const damage[] = {
		"file 0000000000000012 /etc/passwd\n", "file 0000000000000012 /etc/ours/../one.conf\n", "saved " ONE "\n",
		"directory /usr\n", "directory /etc/../usr\n", "\n", "version 3\n", "file 12 " ONE "\n", "half of a li",
		"file 0000000000000012 /etc/ours/a;b.conf\n", "file 0000000000000012 /etc/ours/\033.conf\n",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(damage); i++) {
		assert_int_equal(want(A, B), 0);
		put(JOURNAL, damage[i]);
		assert_int_equal(want(A, C), 2);
		has(said_err, JOURNAL ":1 is damaged: '");
		has(said_err, "remove that file, then try again");
		assert_string_equal(get(TWO), B);
		/* Taking away always ends. */
		assert_int_equal(want(NULL, NULL), 0);
		has(said_err, JOURNAL ":1 is damaged: '");
		has(said_err, "going by the first line of each file");
		assert_false(file_exists(ONE) || file_exists(TWO) || file_exists(JOURNAL));
		assert_string_equal(get(ONE INSTALL_SAVED), A);
		assert_int_equal(unlink(file_path((char[FILE_PATH_MAX]){ 0 }, ONE INSTALL_SAVED)), 0);
		assert_int_equal(unlink(file_path((char[FILE_PATH_MAX]){ 0 }, TWO INSTALL_SAVED)), 0);
	}
}

/* What it is told to type brings back what was there before. */
static void test_version_1(void **state)
{
	char command[1000];

	(void)state;
	put(ONE, A);
	put(ONE INSTALL_SAVED, "before\n");
	put(TWO, B);
	put(JOURNAL, "# Ours\nversion 1\nfile 0000000000000012 " ONE "\nsaved " ONE "\nfile 0000000000000012 " TWO "\n");
	assert_int_equal(want(C, C), 2);
	has(said_err, "is version 0.1.0's. Undo by hand what it did, then try again: ");
	snprintf(command, sizeof(command), "%s", strstr(said_err, "cd "));
	assert_int_equal(system(command), 0);
	assert_string_equal(get(ONE), "before\n");
	assert_false(file_exists(TWO));
	assert_false(file_exists(JOURNAL));
}

/* Paths of any length */
static void test_long_path(void **state)
{
	char path[1000] = "/etc/ours/", why[700], *before = etc();
	struct install in = { .journal = JOURNAL, .marker = MARKER, .places = places };
	bool undone;

	(void)state;
	memset(path + 10, 'x', 200);
	strcpy(path + 210, ".conf");
	install_want(&in, path, A, strlen(A), false);
	assert_true(install_plan(&in, why, sizeof(why)));
	assert_true(install_carry_out(&in, &undone, why, sizeof(why)));
	install_free(&in);
	assert_string_equal(get(path), A);
	assert_int_equal(want(NULL, NULL), 0);
	etc_is(before);
	free(before);
}

static void test_interrupted(void **state)
{
	char *before = etc();

	(void)state;
	stop = 1;
	assert_int_equal(want(A, B), 3);
	has(said_err, "interrupted");
	etc_is(before);
	free(before);
}

/* What is there, and what is then wanted */
static const struct {
	const char *one, *two;		/* installed */
	bool edited;			/* the first */
	struct job job;
} cases[] = {
	{ NULL, NULL, false, { A, B } },  { A, B, false, { B, C } },  { A, B, true, { B, C } },
	{ A, B, false, { NULL, C } },	  { A, B, true, { NULL, C } }, { A, B, false, { NULL, NULL } },
	{ A, B, true, { NULL, NULL } },
};

static void prepare(size_t i)
{
	setup(NULL);
	if (cases[i].one)
		assert_int_equal(want(cases[i].one, cases[i].two), 0);
	if (cases[i].edited)
		put(ONE, EDITED);
}

/* Each write fails in turn: everything is as it was; or what is to go does, but for what can't. */
static void test_each_write_fails(void **state)
{
	int status, n;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		for (n = 0, status = -1; status; n++) {
			char *before;

			prepare(i);
			before = etc();
			fail_at = n;
			status = apart(install, (void *)&cases[i].job);
			fail_at = -1;
			if (status == 5)
				assert_int_equal(want(NULL, NULL), 0);
			else if (status)
				etc_is(before);
			if (status == 5 || (!status && !cases[i].job.two)) {
				assert_false(file_exists(ONE));
				assert_false(file_exists(TWO));
				assert_false(file_exists(JOURNAL));
			}
			free(before);
			if (cases[i].edited && !cases[i].job.two)
				assert_string_equal(get(file_exists(ONE) ? ONE : ONE INSTALL_SAVED), EDITED);
		}
		assert_in_range(n, 3, 20);
	}
}

/* After a power cut: the same again, or all taken away */
static void go_on(size_t i, bool take_away)
{
	const struct job *job = &cases[i].job;

	assert_int_equal(take_away ? want(NULL, NULL) : want(job->one, job->two), 0);
	assert_string_equal(get(ONE), take_away || !job->one ? "" : job->one);
	assert_string_equal(get(TWO), take_away || !job->two ? "" : job->two);
	assert_int_equal(file_exists(JOURNAL), !take_away && (job->one || job->two));
	assert_string_equal(get(ONE INSTALL_SAVED), cases[i].edited ? EDITED : "");
	assert_false(file_exists(ONE INSTALL_SAVED "2"));
	lacks(get(JOURNAL), "next ");
	assert_false(file_exists("/etc/ours/.one.conf" FILE_TEMPORARY));
}

static void test_power_cut(void **state)
{
	int n, status;

	(void)state;
	for (size_t i = 0; i < 4 * ARRAY_SIZE(cases); i++) {
		half = i & 1;
		for (n = 0, status = 42; status == 42; n++) {
			prepare(i / 4);
			cut_at = n;
			status = apart(install, (void *)&cases[i / 4].job);
			cut_at = -1;
			go_on(i / 4, i & 2);
		}
		assert_int_equal(status, 0);
		assert_in_range(n, 4, 20);
	}
}

#define T(name) cmocka_unit_test_setup_teardown(test_##name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(install_and_back), T(edited), T(somebody_elses), T(no_journal), T(journal_damaged), T(version_1),
		T(long_path), T(interrupted), T(each_write_fails), T(power_cut),
	};

	progname = "install";
	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("install", tests, NULL, NULL);
}
