// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/die.h"
#include "base/text.h"
#include "output/publish.h"
#include "series/plot.h"
#include "system/run.h"

#define GNUPLOT_TIMEOUT_MS 60000

static const char *suffix(const char *file)
{
	size_t n = strlen(file);

	return n > 4 ? file + n - 4 : "";
}

static const char *terminal(const char *file)
{
	if (!strcmp(suffix(file), ".svg"))
		return "svg size 1000,500 dynamic background \"#ffffff\"";
	return !strcmp(suffix(file), ".png") ? "pngcairo size 1000,500" : NULL;
}

static void make_temporary(struct plot *p, char *name)
{
	int fd = mkstemp(name), err = errno;

	if (fd < 0) {
		*strrchr(name, '/') = 0;
		complain("--plot: cannot make a file in %s: %s", name, strerror(err));
		name[0] = 0;
		plot_end(p);
		exit(EXIT_BROKEN);
	}
	close(fd);
}

static void find_gnuplot(void)
{
	static const char *const argv[] = { "gnuplot", "--version", NULL };
	struct run_result res;
	char why[600];
	bool good = run(&res, GNUPLOT_TIMEOUT_MS, argv);

	run_explain(&res, "gnuplot", GNUPLOT_TIMEOUT_MS, why, sizeof(why));
	run_free(&res);
	if (!good)
		die("--plot: %s\nType: sudo apt install gnuplot-nox (Debian), sudo dnf install gnuplot-minimal "
		    "(Fedora, RHEL)", why);
}

void plot_prepare(struct plot *p, const char *file)
{
	const char *tmp = getenv("TMPDIR");
	char why[2 * PATH_MAX + 200];

	if (!file)
		return;
	if (!terminal(file))
		misuse("--plot: '%s' ends neither in .svg nor in .png", file);
	if (strchr(file, '\n') || strlen(file) + 16 > sizeof(p->image))
		misuse("--plot: that name cannot be used");
	if (!publish_possible(file, why, sizeof(why))) {
		complain("--plot: %s", why);
		exit(EXIT_BROKEN);
	}
	find_gnuplot();
	p->file = file;
	/* To gnuplot names with < or | in front are commands: none of these begins so. */
	snprintf(p->image, sizeof(p->image), "%s%s.XXXXXX", file[0] == '/' ? "" : "./", file);
	make_temporary(p, p->image);
	snprintf(p->data, sizeof(p->data), "%.*s/ptpkvm-watch.XXXXXX", PATH_MAX - 40,
		 tmp && tmp[0] == '/' ? tmp : "/tmp");
	make_temporary(p, p->data);
}

/* gnuplot's 'string': nothing is special in it but the quote itself, which is doubled. */
static void quote(FILE *f, const char *s)
{
	fputc('\'', f);
	for (; *s; s++)
		fputs(*s == '\'' ? "''" : (char[2]){ *s }, f);
	fputc('\'', f);
}

static void put_value(FILE *f, double ns, char end)
{
	if (isnan(ns))
		fprintf(f, "?%c", end);
	else
		fprintf(f, "%.0f%c", ns, end);
}

static bool write_data(const struct plot *p, const struct series_set *set)
{
	FILE *f = fopen(p->data, "we");

	if (!f)
		return false;
	for (unsigned int i = 0; i < set->ticks; i++) {
		fprintf(f, "%.3f ", i * set->interval);
		for (size_t k = 0; k < set->n; k++)
			put_value(f, set->list[k].ns[i], k + 1 < set->n ? ' ' : '\n');
	}
	return fclose(f) == 0;
}

static bool any(const double *v, unsigned int n)
{
	for (unsigned int i = 0; i < n; i++)
		if (!isnan(v[i]))
			return true;
	return false;
}

static bool any_at_all(const struct series_set *set)
{
	for (size_t i = 0; i < set->n; i++)
		if (any(set->list[i].ns, set->ticks))
			return true;
	return false;
}

/* The commands for gnuplot, to be freed; series without any value are left out, as gnuplot refuses them. */
static char *commands(const struct plot *p, const struct series_set *set, const char *ylabel)
{
	const char *between = "";
	char *text = NULL;
	size_t len;
	FILE *f = open_memstream(&text, &len);

	if (!f)
		die("out of memory");
	fprintf(f, "set terminal %s; set output ", terminal(p->file));
	quote(f, p->image);
	fprintf(f, "; set datafile missing '?'; set grid; set xlabel 'seconds'; set ylabel '%s'; plot ", ylabel);
	for (size_t i = 0; i < set->n; i++) {
		if (!any(set->list[i].ns, set->ticks))
			continue;
		fputs(between, f);
		quote(f, p->data);
		fprintf(f, " using 1:%zu with linespoints pointtype 7 pointsize 0.4 title '%s'", i + 2,
			set->list[i].plot);
		between = ", ";
	}
	fclose(f);
	return text;
}

static bool run_gnuplot(const struct plot *p, const struct series_set *set, const char *ylabel, char *why,
			size_t len)
{
	char *script = commands(p, set, ylabel);
	const char *const argv[] = { "gnuplot", "-e", script, NULL };
	struct run_result res;
	struct stat st;
	bool good = run(&res, GNUPLOT_TIMEOUT_MS, argv);

	if (good && (stat(p->image, &st) || !st.st_size)) {
		snprintf(why, len, "gnuplot drew nothing: %s", res.err);
		good = false;
	} else if (!good) {
		run_explain(&res, "gnuplot", GNUPLOT_TIMEOUT_MS, why, len);
	}
	run_free(&res);
	free(script);
	return good;
}

/* With the rights that the user's programs give to new files */
static bool put_in_place(const struct plot *p, char *why, size_t len)
{
	int fd = open(p->image, O_RDONLY | O_CLOEXEC);
	mode_t mask = umask(0);
	void *image = MAP_FAILED;
	struct stat st;
	bool good;

	umask(mask);
	if (fd >= 0 && !fstat(fd, &st))
		image = mmap(NULL, st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
	good = image != MAP_FAILED ? publish(p->file, image, st.st_size, 0666 & ~mask, why, len) :
				     refuse(why, len, "cannot read %s: %s", p->image, strerror(errno));
	if (image != MAP_FAILED)
		munmap(image, st.st_size);
	if (fd >= 0)
		close(fd);
	return good;
}

bool plot_draw(struct plot *p, const struct series_set *set, const char *ylabel, char *why, size_t len)
{
	char reason[600];

	if (!any_at_all(set)) {
		snprintf(why, len, "--plot: there is nothing to draw");
		return false;
	}
	if (!write_data(p, set)) {
		snprintf(why, len, "--plot: cannot write %s: %s", p->data, strerror(errno));
		return false;
	}
	if (!run_gnuplot(p, set, ylabel, reason, sizeof(reason))) {
		snprintf(why, len, "--plot: %s; the data are in %s", reason, p->data);
		p->data[0] = 0;
		return false;
	}
	if (!put_in_place(p, reason, sizeof(reason))) {
		snprintf(why, len, "--plot: %s; the data are in %s", reason, p->data);
		p->data[0] = 0;
		return false;
	}
	return true;
}

void plot_end(struct plot *p)
{
	if (p->data[0])
		unlink(p->data);
	if (p->image[0])
		unlink(p->image);
}
