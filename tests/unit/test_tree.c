// SPDX-License-Identifier: GPL-2.0-or-later
/* Files are read whole, and written whole or not at all, whatever is in their way. */
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/file.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>

#include <cmocka.h>

#include "base/array.h"
#include "base/die.h"
#include "base/text.h"
#include "tree.h"

static char why[600], full[FILE_PATH_MAX];

static int setup(void **state)
{
	(void)state;
	tree_make();
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	tree_remove();
	return 0;
}

static int write_str(const char *path, const char *text)
{
	why[0] = 0;
	return file_write(path, text, strlen(text), 0644, why, sizeof(why));
}

static void test_read(void **state)
{
	size_t len = 99;
	char *text;

	(void)state;
	put("/a/b", "one\ntwo\n");
	text = file_read("/a/b", &len);
	assert_string_equal(text, "one\ntwo\n");
	assert_int_equal(len, 8);
	free(text);
	put("/empty", "");
	text = file_read("/empty", &len);
	assert_string_equal(text, "");
	assert_int_equal(len, 0);
	free(text);
	assert_null(file_read("/none", &len));
	assert_int_equal(errno, ENOENT);
	assert_null(file_read("/a", &len));
	assert_int_equal(errno, EISDIR);
	assert_true(file_exists("/a/b"));
	assert_false(file_exists("/a/c"));
}

static void test_read_sizes(void **state)
{
	const size_t sizes[] = {
		4094, 4095, 4096, 4097, 8191, 8192, 100000, FILE_SIZE_MAX, FILE_SIZE_MAX + 1
	};
	char *data = xcalloc(1, FILE_SIZE_MAX + 2), *text;
	size_t len;

	(void)state;
	memset(data, 'x', FILE_SIZE_MAX + 1);
	for (size_t i = 0; i < ARRAY_SIZE(sizes); i++) {
		data[sizes[i]] = 0;
		put("/f", data);
		data[sizes[i]] = 'x';
		text = file_read("/f", &len);
		if (sizes[i] > FILE_SIZE_MAX) {
			assert_null(text);
			assert_int_equal(errno, EFBIG);
			continue;
		}
		assert_non_null(text);
		assert_int_equal(len, sizes[i]);
		assert_int_equal(strlen(text), sizes[i]);
		free(text);
	}
	free(data);
}

/* A FIFO with nobody at its other end holds no reader, and is no empty file. */
static void test_read_special(void **state)
{
	size_t len;

	(void)state;
	assert_return_code(mkfifo(file_path(full, "/fifo"), 0600), errno);
	assert_null(file_read("/fifo", &len));
	assert_int_equal(errno, EINVAL);
	assert_string_equal(file_error(errno), "it is no regular file");
	assert_string_equal(file_error(ENOENT), strerror(ENOENT));
}

static void test_line(void **state)
{
	char line[5];

	(void)state;
	put("/f", "abcd\nrest");
	assert_true(file_read_line("/f", line, sizeof(line)));
	assert_string_equal(line, "abcd");
	put("/f", "ab");
	assert_true(file_read_line("/f", line, sizeof(line)));
	assert_string_equal(line, "ab");
	put("/f", "\nab");
	assert_true(file_read_line("/f", line, sizeof(line)));
	assert_string_equal(line, "");
	put("/f", "abcde\n");
	assert_false(file_read_line("/f", line, sizeof(line)));
	assert_int_equal(errno, EFBIG);
	assert_string_equal(line, "");
	put("/f", "");
	assert_false(file_read_line("/f", line, sizeof(line)));
	assert_int_equal(errno, 0);
	assert_false(file_read_line("/none", line, sizeof(line)));
	assert_int_equal(errno, ENOENT);
}

static void test_write(void **state)
{
	struct stat st, again;
	mode_t mask = umask(077);

	(void)state;
	assert_int_equal(write_str("/x/y/f", "one\n"), 0);
	umask(mask);
	assert_string_equal(get("/x/y/f"), "one\n");
	assert_return_code(stat(file_path(full, "/x/y/f"), &st), errno);
	assert_int_equal(st.st_mode, S_IFREG | 0644);
	/* The same once more: not touched */
	assert_int_equal(write_str("/x/y/f", "one\n"), 0);
	stat(full, &again);
	assert_true(again.st_ino == st.st_ino);
	/* Another content, another mode */
	assert_int_equal(write_str("/x/y/f", "two\n"), 0);
	assert_string_equal(get("/x/y/f"), "two\n");
	assert_int_equal(file_write("/x/y/f", "two\n", 4, 0600, why, sizeof(why)), 0);
	stat(full, &st);
	assert_int_equal(st.st_mode, S_IFREG | 0600);
	stat(file_path(full, "/x/y"), &st);
	assert_int_equal(st.st_mode, S_IFDIR | 0755);
}

static void test_write_replaces_links(void **state)
{
	char target[FILE_PATH_MAX];
	struct stat st;

	(void)state;
	put("/target", "precious");
	assert_return_code(symlink(file_path(target, "/target"), file_path(full, "/link")), errno);
	/* Even where what it points to has the content already */
	assert_int_equal(write_str("/link", "precious"), 0);
	assert_return_code(lstat(full, &st), errno);
	assert_true(S_ISREG(st.st_mode));
	assert_return_code(link(target, file_path(full, "/hard")), errno);
	assert_int_equal(write_str("/hard", "new"), 0);
	assert_string_equal(get("/target"), "precious");
}

#define TEMPORARY "/.f" FILE_TEMPORARY

static void test_write_after_power_cut(void **state)
{
	(void)state;
	put("/f", "old");
	put(TEMPORARY, "half a file that is longer than the new one");
	assert_string_equal(get("/f"), "old");
	assert_int_equal(write_str("/f", "new"), 0);
	assert_string_equal(get("/f"), "new");
	assert_false(file_exists(TEMPORARY));
	put(TEMPORARY, "half");
	assert_int_equal(file_remove("/f", why, sizeof(why)), 0);
	assert_false(file_exists("/f"));
	assert_false(file_exists(TEMPORARY));
	assert_int_equal(file_remove("/f", why, sizeof(why)), 0);
}

/* Things that others put where the temporary file goes */
static void test_write_hostile_temporary(void **state)
{
	char target[FILE_PATH_MAX];

	(void)state;
	put("/target", "precious");
	file_path(target, "/target");
	file_path(full, TEMPORARY);
	assert_return_code(symlink(target, full), errno);
	assert_int_equal(write_str("/f", "new"), 0);
	assert_return_code(link(target, full), errno);
	assert_int_equal(write_str("/f", "newer"), 0);
	assert_return_code(mkfifo(full, 0666), errno);
	assert_int_equal(write_str("/f", "newest"), 0);
	assert_string_equal(get("/f"), "newest");
	assert_string_equal(get("/target"), "precious");
	assert_return_code(mkdir(full, 0755), errno);
	assert_true(write_str("/f", "no") < 0);
	assert_string_equal(get("/f"), "newest");
}

static void test_write_two_at_once(void **state)
{
	int fd;

	(void)state;
	put(TEMPORARY, "being written");
	fd = open(file_path(full, TEMPORARY), O_WRONLY);
	assert_return_code(flock(fd, LOCK_EX), errno);
	assert_int_equal(write_str("/f", "new"), -EBUSY);
	close(fd);
	assert_int_equal(write_str("/f", "new"), 0);
}

static void test_write_in_the_way(void **state)
{
	char *before, *after;

	(void)state;
	put("/dir/file", "x");
	put("/f", "x");
	before = manifest("/");
	assert_int_equal(write_str("/dir", "x"), -EISDIR);	/* rename(2) */
	assert_non_null(strstr(why, "/dir: Is a directory"));
	assert_int_equal(write_str("/f/below/a/file", "x"), -ENOTDIR);
	after = manifest("/");
	assert_string_equal(before, after);
	free(before);
	free(after);
}

static int small_disk(void *arg)
{
	char data[3 * 4096];
	bool read_only = *(bool *)arg;
	int err;

	own_mounts();
	if (mount("none", file_path(full, "/disk"), "tmpfs", 0, "size=8k"))
		die("mount: %s", strerror(errno));
	put("/disk/f", "old");
	memset(data, 'x', sizeof(data));
	if (read_only && mount(NULL, full, NULL, MS_REMOUNT | MS_RDONLY, NULL))
		die("remount: %s", strerror(errno));
	err = file_write("/disk/f", data, sizeof(data), 0644, why, sizeof(why));
	printf("%s\n", why);
	if (err != (read_only ? -EROFS : -ENOSPC) || strcmp(get("/disk/f"), "old"))
		return 1;
	err = file_write("/disk/new/dir/f", data, sizeof(data), 0644, why, sizeof(why));
	printf("%s\n", why);
	return err != (read_only ? -EROFS : -ENOSPC) || file_exists("/disk/new") ||
	       file_exists("/disk/.f" FILE_TEMPORARY);
}

static void test_write_disk(void **state)
{
	bool read_only[] = { false, true };

	(void)state;
	mkdir(file_path(full, "/disk"), 0755);
	assert_int_equal(apart(small_disk, &read_only[0]), 0);
	assert_non_null(strstr(said_out, "No space left on device"));
	assert_int_equal(apart(small_disk, &read_only[1]), 0);
	assert_non_null(strstr(said_out, "Read-only file system"));
}

/* With standard output closed its number is free: what is printed must not get into a file. */
static int without_output(void *arg)
{
	(void)arg;
	close(STDOUT_FILENO);
	if (write_str("/f", "content\n"))
		return 1;
	printf("printed\n");
	fflush(stdout);
	clearerr(stdout);
	return strcmp(get("/f"), "content\n") != 0;
}

static void test_write_closed_output(void **state)
{
	(void)state;
	assert_int_equal(apart(without_output, NULL), 0);
}

/* --- a tree that leads out --- */

static char outside[220];

/* As somebody may leave it who made the tree: links to places outside of it */
static int hostile_tree(void **state)
{
	empty_tree(state);
	snprintf(outside, sizeof(outside), "%s.outside", tree);
	if (mkdir(outside, 0755))
		die("mkdir %s: %s", outside, strerror(errno));
	put("/inside/file", "inside");
	put_link("/absolute", "/inside");
	put_link("/up", "../../../../inside");
	put_link("/inside/up", "../up/../../inside/file");
	put_link("/out", outside);
	put_link("/loop", "loop");
	put_link("/a", "b/x");
	put_link("/b", "a");
	put_link("/gone", "/inside/none");
	put_link("/proc/self/root", "/");
	put_link("/inside/dir/parent", "../..");
	return 0;
}

static int remove_hostile(void **state)
{
	char path[300];

	snprintf(path, sizeof(path), "%s/file", outside);
	unlink(path);
	rmdir(outside);
	return remove_tree(state);
}

static void is_inside(const char *path)
{
	char *text = file_read(path, NULL);

	if (!text)
		fail_msg("%s: %s", path, strerror(errno));
	assert_string_equal(text, "inside");
	free(text);
}

static void is_error(const char *path, int err)
{
	errno = 0;
	assert_null(file_read(path, NULL));
	if (errno != err)
		fail_msg("%s: %s", path, strerror(errno));
}

static void test_hostile_reading(void **state)
{
	char deep[300] = "";

	(void)state;
	is_inside("/inside/file");
	is_inside("inside/./file");
	is_inside("/../../inside//file");
	is_inside("/absolute/file");
	is_inside("/up/file");
	is_inside("/inside/up");
	is_inside("/absolute/../up/../absolute/file");
	is_inside("/proc/self/root/inside/file");
	is_inside("/inside/dir/parent/inside/file");
	assert_true(file_exists("/inside/dir/parent"));
	assert_true(file_exists("/inside/dir/.."));
	assert_true(file_exists("/proc/self/root"));
	assert_true(file_exists("/"));
	is_error("/loop", ELOOP);
	is_error("/loop/x", ELOOP);
	is_error("/a", ELOOP);
	is_error("/gone", ENOENT);
	is_error("/inside/file/x", ENOTDIR);
	is_error("/inside/file/../file", ENOTDIR);
	is_error("/none/../inside/file", ENOENT);
	is_error("/out/file", ENOENT);
	put(outside, "in the tree");	/* where the link leads to, in the tree */
	is_error("/out/file", ENOTDIR);
	for (int i = 0; i < 70; i++)
		strcat(deep, "/x");
	is_error(deep, ENOENT);
	assert_false(file_exists("/out/none"));
	assert_true(file_exists("/inside/up"));
}

static void wrote(const char *path, const char *text)
{
	if (write_str(path, text))
		fail_msg("%s", why);
}

/* In place of a file: a FIFO is refused and holds nobody up, and so is a socket */
static void test_hostile_kinds(void **state)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);
	char line[20];
	struct stat st;

	(void)state;
	assert_return_code(mkfifo(file_path(full, "/inside/fifo"), 0600), errno);
	snprintf(addr.sun_path, sizeof(addr.sun_path), "%.100s", file_path(full, "/socket"));
	assert_return_code(bind(fd, (struct sockaddr *)&addr, sizeof(addr)), errno);
	put_link("/to-fifo", "/absolute/fifo");
	is_error("/to-fifo", EINVAL);
	assert_false(file_read_line("/to-fifo", line, sizeof(line)));
	assert_int_equal(errno, EINVAL);
	assert_null(file_dir("/to-fifo"));
	assert_int_equal(errno, ENOTDIR);
	is_error("/to-fifo/file", ENOTDIR);
	is_error("/socket", ENXIO);
	is_error("/loop", ELOOP);
	assert_false(file_exists("/loop"));
	assert_null(file_dir("/loop"));
	wrote("/inside/fifo", "a file in place of the FIFO");
	assert_int_equal(file_lstat("/inside/fifo", &st), 0);
	assert_true(S_ISREG(st.st_mode));
	close(fd);
}

/* Making a device takes more than a test has: one of this system, by a root that leads to it */
static void test_devices(void **state)
{
	char *text;

	(void)state;
	file_root = "/dev/.";
	text = file_read("/null", NULL);
	assert_string_equal(text, "");
	free(text);
	is_error("/zero", EINVAL);
	file_root = tree;
}

static void test_hostile_writing(void **state)
{
	char path[300];
	struct stat st;

	(void)state;
	wrote("/absolute/new", "new");
	assert_string_equal(get("/inside/new"), "new");
	wrote("/out/file", "hello");	/* made in the tree, as / is its root */
	snprintf(path, sizeof(path), "%s/file", outside);
	assert_int_equal(stat(path, &st), -1);
	assert_string_equal(get(path), "hello");
	assert_int_equal(file_write("/loop/x", "x", 1, 0644, why, sizeof(why)), -ELOOP);
	wrote("/out/file", "again");
	assert_int_equal(file_remove("/out/file", why, sizeof(why)), 0);
	assert_string_equal(get(path), "");
	wrote("/gone", "a file in place of the link");
	assert_false(file_exists("/inside/none"));
	/* A link to a file outside is not what is removed */
	snprintf(path, sizeof(path), "%s/file", outside);
	fclose(fopen(path, "w"));
	put_link("/link", path);
	assert_int_equal(file_remove("/link", why, sizeof(why)), 0);
	assert_int_equal(stat(path, &st), 0);
}

static void globbed(const char *pattern, const char *want)
{
	char **paths, text[300] = "";
	int n = file_glob(pattern, &paths);

	assert_true(n >= 0);
	for (int i = 0; i < n; i++)
		add_text(text, sizeof(text), "%s ", paths[i]);
	file_glob_free(paths, n);
	assert_string_equal(text, want);
}

/* A root is no pattern, and a pattern leads out as little as a path. */
static void test_patterns(void **state)
{
	char root[300], path[300], **paths;

	(void)state;
	snprintf(path, sizeof(path), "%s/secret.conf", outside);
	fclose(fopen(path, "w"));
	assert_int_equal(file_glob("/out/*", &paths), -1);
	assert_int_equal(errno, ENOENT);
	unlink(path);
	globbed("/absolute/*", "/absolute/dir /absolute/file /absolute/up ");
	globbed("/in*/f[a-z]le", "/inside/file ");
	globbed("/inside/file", "/inside/file ");
	globbed("/inside/none", "");
	globbed("/gon*", "/gone ");	/* as glob(3): whoever reads it finds that it leads nowhere */
	assert_int_equal(file_glob("/loop/*", &paths), -1);
	assert_int_equal(errno, ELOOP);
	put("/img[1]/etc/b.conf", "");
	put("/img[1]/etc/a.conf", "");
	put("/img[1]/etc/.c.conf", "");
	put("/img1/etc/wrong.conf", "");
	snprintf(root, sizeof(root), "%s/img[1]", tree);
	file_root = root;
	globbed("/etc/*.conf", "/etc/a.conf /etc/b.conf ");
	file_root = tree;
}

static void test_second_names(void **state)
{
	char target[300], path[300];
	struct stat st;

	(void)state;
	assert_int_equal(file_link("/absolute/file", "/inside/other"), 0);
	assert_int_equal(file_rename("/inside/other", "/absolute/third"), 0);
	is_inside("/inside/third");
	put_link("/inside/link", outside);
	assert_int_equal(file_lstat("/absolute/link", &st), 0);
	assert_true(S_ISLNK(st.st_mode));
	assert_int_equal(file_readlink("/absolute/link", target, sizeof(target)), strlen(outside));
	assert_int_equal(file_rmdir(outside), -1);
	assert_int_equal(file_rmdir("/out/"), -1);
	snprintf(path, sizeof(path), "%s/file", outside);
	assert_int_equal(file_rename("/inside/third", "/out/file"), -1);
	assert_int_equal(stat(path, &st), -1);
	assert_int_equal(stat(outside, &st), 0);
}

static void test_roots(void **state)
{
	char file[300];
	struct tree t;

	(void)state;
	assert_true(tree_open(&t, "/", why, sizeof(why)) && t.fd == here.fd && !t.name[0]);
	assert_true(tree_open(&t, "//", why, sizeof(why)) && t.fd == here.fd && !t.name[0]);
	assert_false(tree_open(&t, "", why, sizeof(why)));
	assert_string_equal(why, "a directory is needed");
	snprintf(file, sizeof(file), "%s/inside/file", tree);
	assert_false(tree_open(&t, file, why, sizeof(why)));
	has(why, "is not a directory");
	assert_true(tree_open(&t, tree, why, sizeof(why)));
	assert_string_equal(t.name, tree);
	close(t.fd);
	opt_root("///");
	assert_string_equal(file_root, "");
	assert_string_equal(file_root_option(), "");
	snprintf(file, sizeof(file), "%s//", tree);
	opt_root(file);
	assert_string_equal(file_root, tree);
	snprintf(file, sizeof(file), " --root %s", tree);
	assert_string_equal(file_root_option(), file);
	file_root = "an image";
	assert_string_equal(file_root_option(), " --root 'an image'");
	file_root = tree;
}

static int rewrite(const char *path)
{
	why[0] = 0;
	return file_rewrite(path, "new\n", 4, why, sizeof(why));
}

/* Somebody else's file stays his, and is only changed where he has it. */
static void test_rewrite(void **state)
{
	struct stat st;

	(void)state;
	put_mode("/d/f", "old\n", 0640);
	assert_int_equal(chown(file_path(full, "/d/f"), geteuid() ? geteuid() : 77, geteuid() ? getegid() : 78), 0);
	assert_int_equal(rewrite("/d/f"), 0);
	assert_string_equal(get("/d/f"), "new\n");
	assert_int_equal(lstat(full, &st), 0);
	assert_int_equal(st.st_mode, S_IFREG | 0640);
	assert_int_equal(st.st_uid, geteuid() ? geteuid() : 77);
	assert_int_equal(st.st_gid, geteuid() ? getegid() : 78);
	put("/d/f", "old\n");
	put_link("/link", "/d/f");
	assert_int_equal(rewrite("/link"), -ELOOP);
	has(why, "/link: ");
	assert_int_equal(rewrite("/none"), -ENOENT);
	assert_int_equal(rewrite("/none/f"), -ENOENT);
	assert_false(file_exists("/none"));
	assert_int_equal(rewrite("/d"), -EINVAL);
	assert_int_equal(file_link("/d/f", "/d/g"), 0);
	assert_int_equal(rewrite("/d/f"), -EMLINK);
	assert_string_equal(get("/d/f"), "old\n");
	assert_int_equal(mkfifo(file_path(full, "/fifo"), 0600), 0);
	assert_int_equal(rewrite("/fifo"), -EINVAL);
}

/* Of a process with another root: as the kernel has it, not by what its link says, which is "/"; and inside of that. */
static void is_really(const char *path, const char *want)
{
	char buf[FILE_PATH_MAX], full[FILE_PATH_MAX];

	assert_string_equal(file_real(buf, path), file_path(full, want));
}

/* What another program is told to open is in the tree. */
static void test_real(void **state)
{
	(void)state;
	put("/etc/real/a.conf", "x");
	put_link("/etc/chrony", "/etc/real");
	put_link("/etc/real/b.conf", "../../../../etc/chrony/a.conf");
	put_link("/etc/real/none.conf", "/nowhere/x");
	put_link("/etc/loop", "loop");
	is_really("/etc/real/a.conf", "/etc/real/a.conf");
	is_really("/etc/chrony/a.conf", "/etc/real/a.conf");
	is_really("/etc/chrony/b.conf", "/etc/real/a.conf");
	is_really("/etc/chrony/new.conf", "/etc/real/new.conf");
	is_really("/etc/chrony", "/etc/real");
	is_really("/etc/chrony/none.conf", "/etc/chrony/none.conf");
	is_really("/etc/loop", "/etc/loop");
	is_really("/missing/x", "/missing/x");
}

static void test_other_root(void **state)
{
	char path[300], *text;
	struct stat st, root;
	int ready[2];
	pid_t pid;

	(void)state;
	put("/inside", "of it\n");
	put_link("/link", "/inside");
	put_link("/up", "../../../../../../inside");
	assert_int_equal(stat(tree, &root), 0);
	assert_int_equal(pipe(ready), 0);
	pid = fork();
	assert_true(pid >= 0);
	if (!pid) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		if ((geteuid() && unshare(CLONE_NEWUSER)) || chroot(tree) || write(ready[1], "x", 1) != 1)
			_exit(1);
		for (;;)
			pause();
	}
	close(ready[1]);
	assert_int_equal(read(ready[0], path, 1), 1);
	file_root = "";
	snprintf(path, sizeof(path), "/proc/%d/root/.", pid);
	assert_int_equal(file_lstat(path, &st), 0);
	assert_true(st.st_dev == root.st_dev && st.st_ino == root.st_ino);
	for (int i = 0; i < 3; i++) {
		snprintf(path, sizeof(path), "/proc/%d/root/%s", pid, (const char *[]){ "inside", "link", "up" }[i]);
		text = file_read(path, NULL);
		assert_non_null(text);
		assert_string_equal(text, "of it\n");
		free(text);
		assert_true(file_exists(path));
	}
	snprintf(path, sizeof(path), "/proc/%d/root/etc/passwd", pid);
	assert_false(file_exists(path));
	file_root = tree;
	kill(pid, SIGKILL);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	close(ready[0]);
}

/* What is mounted in an image while it is worked on tells of this machine. */
static int read_mounted(void *arg)
{
	char full[FILE_PATH_MAX];

	(void)arg;
	own_mounts();
	put("/proc/x", "");
	if (mount("/proc", file_path(full, "/proc"), NULL, MS_BIND | MS_REC, NULL))
		die("mount: %s", strerror(errno));
	return file_exists("/proc/1/comm") || file_exists("/proc/self/comm") || !file_exists("/etc/x");
}

static void test_mounted_kernel(void **state)
{
	(void)state;
	put("/etc/x", "");
	assert_int_equal(apart(read_mounted, NULL), 0);
	put("/proc/1/comm", "of a recorded tree\n");
	assert_true(file_exists("/proc/1/comm"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_read, setup, teardown),
		cmocka_unit_test_setup_teardown(test_read_sizes, setup, teardown),
		cmocka_unit_test_setup_teardown(test_read_special, setup, teardown),
		cmocka_unit_test_setup_teardown(test_line, setup, teardown),
		cmocka_unit_test_setup_teardown(test_write, setup, teardown),
		cmocka_unit_test_setup_teardown(test_write_replaces_links, setup, teardown),
		cmocka_unit_test_setup_teardown(test_write_after_power_cut, setup, teardown),
		cmocka_unit_test_setup_teardown(test_write_hostile_temporary, setup, teardown),
		cmocka_unit_test_setup_teardown(test_write_two_at_once, setup, teardown),
		cmocka_unit_test_setup_teardown(test_write_in_the_way, setup, teardown),
		cmocka_unit_test_setup_teardown(test_write_disk, setup, teardown),
		cmocka_unit_test_setup_teardown(test_write_closed_output, setup, teardown),
		cmocka_unit_test_setup_teardown(test_rewrite, setup, teardown),
		cmocka_unit_test_setup_teardown(test_hostile_reading, hostile_tree, remove_hostile),
		cmocka_unit_test_setup_teardown(test_hostile_kinds, hostile_tree, remove_hostile),
		cmocka_unit_test_setup_teardown(test_devices, hostile_tree, remove_hostile),
		cmocka_unit_test_setup_teardown(test_hostile_writing, hostile_tree, remove_hostile),
		cmocka_unit_test_setup_teardown(test_patterns, hostile_tree, remove_hostile),
		cmocka_unit_test_setup_teardown(test_second_names, hostile_tree, remove_hostile),
		cmocka_unit_test_setup_teardown(test_real, setup, teardown),
		cmocka_unit_test_setup_teardown(test_other_root, setup, teardown),
		cmocka_unit_test_setup_teardown(test_mounted_kernel, setup, teardown),
		cmocka_unit_test_setup_teardown(test_roots, hostile_tree, remove_hostile),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("tree", tests, NULL, NULL);
}
