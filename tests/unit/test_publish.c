// SPDX-License-Identifier: GPL-2.0-or-later
/* Files for other programs: only a regular file is ever replaced. */
#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <cmocka.h>

#include "base/die.h"
#include "output/publish.h"
#include "tree.h"

static char why[2 * PATH_MAX + 200], full[FILE_PATH_MAX];

static const char *at(const char *path)
{
	return file_path(full, path);
}

static bool write_str(const char *file, const char *text)
{
	why[0] = 0;
	return publish(file, text, strlen(text), 0644, why, sizeof(why));
}

static void refused(const char *file, const char *reason)
{
	assert_false(write_str(file, "text"));
	has(why, reason);
	has(why, file);
}

static void test_regular(void **state)
{
	const struct timespec old[2] = { { 1, 0 }, { 1, 0 } };
	struct stat st;

	(void)state;
	for (int i = 0; i < 2; i++) {
		assert_true(write_str(at("/f"), "text"));
		assert_string_equal(get("/f"), "text");
		assert_int_equal(stat(full, &st), 0);
		assert_int_equal(st.st_mode, S_IFREG | 0644);
		assert_true(st.st_mtime > 1);
		utimensat(AT_FDCWD, full, old, 0);
	}
	assert_string_equal(file_root, tree);
	/* Two names for one file: the other keeps its content */
	assert_int_equal(file_link("/f", "/other"), 0);
	assert_true(write_str(at("/f"), "new"));
	assert_string_equal(get("/other"), "text");
}

static void test_link(void **state)
{
	struct stat st;

	(void)state;
	put("/target", "precious");
	put_link("/link", at("/target"));
	refused(at("/link"), "it is a symbolic link; name the file that it leads to, or remove the link");
	assert_false(publish_possible(at("/link"), why, sizeof(why)));
	assert_string_equal(get("/target"), "precious");
	put_link("/dangling", at("/none"));
	refused(at("/dangling"), "it is a symbolic link");
	assert_false(file_exists("/none"));
	assert_int_equal(lstat(at("/dangling"), &st), 0);
	assert_true(S_ISLNK(st.st_mode));
}

static void test_folder(void **state)
{
	(void)state;
	refused(at("/none/f"), "/none; make it, or name another");
	assert_false(publish_possible(at("/none/f"), why, sizeof(why)));
	assert_false(file_exists("/none"));
	mkdir(at("/dir"), 0755);
	refused(at("/dir"), "it is a folder; name a file in it");
	refused(at("/dir/"), "it names a folder; name a file in it");
	put("/f", "");
	refused(at("/f/below"), "Not a directory");
}

static void test_device(void **state)
{
	struct stat st;

	(void)state;
	assert_true(write_str("/dev/null", "text"));
	assert_int_equal(lstat("/dev/null", &st), 0);
	assert_true(S_ISCHR(st.st_mode));
	refused("/dev/full", "No space left on device");
	assert_int_equal(lstat("/dev/full", &st), 0);
	assert_true(S_ISCHR(st.st_mode));
}

static void test_fifo(void **state)
{
	char got[20];
	struct stat st;
	int fd;

	(void)state;
	assert_return_code(mkfifo(at("/fifo"), 0600), errno);
	refused(full, "nobody reads it; start its reader first");
	fd = open(full, O_RDONLY | O_NONBLOCK);
	assert_true(write_str(full, "text"));
	assert_int_equal(read(fd, got, sizeof(got)), 4);
	assert_memory_equal(got, "text", 4);
	close(fd);
	assert_int_equal(lstat(full, &st), 0);
	assert_true(S_ISFIFO(st.st_mode));
}

static void test_socket(void **state)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	(void)state;
	snprintf(addr.sun_path, sizeof(addr.sun_path), "%.100s", at("/socket"));
	assert_return_code(bind(fd, (struct sockaddr *)&addr, sizeof(addr)), errno);
	refused(full, "it is a socket; name another file");
	close(fd);
}

/* More than fits into it; the reader takes a little, and goes */
static void test_reader_goes(void **state)
{
	size_t len = 1 << 20;
	char *much = xcalloc(1, len);
	pid_t pid;
	int fd;

	(void)state;
	assert_return_code(mkfifo(at("/fifo"), 0600), errno);
	fd = open(full, O_RDONLY | O_NONBLOCK);
	pid = fork();
	if (!pid) {
		usleep(200000);
		_exit(0);
	}
	close(fd);
	assert_false(publish(full, much, len, 0644, why, sizeof(why)));
	has(why, "Broken pipe");
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	free(much);
}

static int to_stdout(void *arg)
{
	(void)arg;
	return write_str("-", "text") ? 0 : 1;
}

static void test_stdout(void **state)
{
	(void)state;
	good(apart(to_stdout, NULL));
	assert_string_equal(said_out, "text");
	assert_true(publish_possible("-", why, sizeof(why)));
}

#define T(name) cmocka_unit_test_setup_teardown(test_##name, empty_tree, remove_tree)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(regular), T(link), T(folder), T(device), T(fifo), T(socket), T(reader_goes), T(stdout),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("publish", tests, NULL, NULL);
}
