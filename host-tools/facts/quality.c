// SPDX-License-Identifier: GPL-2.0-or-later
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "facts/quality.h"
#include "system/tree.h"

/*
 * What KVM counts over all its guests: it is there without any. To look costs the host nothing; a bare vCPU, to be asked
 * every minute by the timer of metrics, would take a VM.
 */
#define COUNTS "/sys/kernel/debug/kvm/"

/* --- the record: data, whoever wrote it --- */

/* How long the release is that text begins with; 0 if it is none that could be part of a file's name */
static size_t release_len(const char *text)
{
	size_t n = 0;

	if (!isalnum((unsigned char)text[0]))
		return 0;
	while (isalnum((unsigned char)text[n]) || (text[n] && strchr("._+-", text[n])))
		n++;
	return n < RELEASE_LEN ? n : 0;
}

static bool is_date(const char *text)
{
	static const char form[] = "dddd-dd-dd";

	for (size_t i = 0; i < sizeof(form) - 1; i++)
		if (form[i] == 'd' ? !isdigit((unsigned char)text[i]) : text[i] != form[i])
			return false;
	return strncmp(text + 5, "01", 2) >= 0 && strncmp(text + 5, "12", 2) <= 0 &&
	       strncmp(text + 8, "01", 2) >= 0 && strncmp(text + 8, "31", 2) <= 0;
}

/* One line, whole and as it is written here, or none */
static void take_record(struct quality_facts *q, const char *text, size_t len)
{
	const size_t n = release_len(text);

	if (!n || len != n + 1 + DATE_LEN || text[n] != ' ' || !is_date(text + n + 1) || text[len - 1] != '\n')
		return;
	snprintf(q->was_kernel, sizeof(q->was_kernel), "%.*s", (int)n, text);
	snprintf(q->was_date, sizeof(q->was_date), "%.10s", text + n + 1);
}

/* Debian and RHEL have it in /boot, Fedora and others beside the modules. */
static bool is_installed(const char *kernel)
{
	char path[RELEASE_LEN + 40];

	snprintf(path, sizeof(path), "/boot/vmlinuz-%s", kernel);
	if (file_exists(path))
		return true;
	snprintf(path, sizeof(path), "/lib/modules/%s/vmlinuz", kernel);
	return file_exists(path);
}

/* --- all of it --- */

void quality_gather(struct quality_facts *q)
{
	size_t len;
	char *text;

	memset(q, 0, sizeof(*q));
	q->served = file_exists(COUNTS "clock_pairings");
	q->known = q->served || file_exists(COUNTS "hypercalls");
	file_read_line("/proc/sys/kernel/osrelease", q->kernel, sizeof(q->kernel));
	text = file_read(QUALITY_RECORD, &len);
	if (text)
		take_record(q, text, len);
	free(text);
	q->was_installed = q->was_kernel[0] && is_installed(q->was_kernel);
}

void quality_remember(const struct quality_facts *q, int64_t now)
{
	const size_t n = release_len(q->kernel);
	const time_t t = now;
	char date[DATE_LEN], text[RELEASE_LEN + DATE_LEN + 1], why[300];
	struct tm tm;

	if (!q->served || !n || q->kernel[n] || !gmtime_r(&t, &tm) || !strftime(date, sizeof(date), "%Y-%m-%d", &tm))
		return;
	snprintf(text, sizeof(text), "%s %s\n", q->kernel, date);
	file_write(QUALITY_RECORD, text, strlen(text), 0644, why, sizeof(why));
}
