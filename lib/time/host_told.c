// SPDX-License-Identifier: GPL-2.0-or-later
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "system/tree.h"
#include "time/host_clock.h"
#include "time/host_told.h"

static void add_host(char *text, size_t len, const struct host_record *r)
{
	add_text(text, len, "host_id=");
	for (size_t i = 0; i < sizeof(r->host_id); i++)
		add_text(text, len, "%02x", r->host_id[i]);
	add_text(text, len, "\ndisruption_marker=0x%016" PRIx64 "\n", r->marker);
}

bool host_told_write(const struct host_record *r, int64_t made, char *why, size_t len)
{
	char text[600] = "";

	add_text(text, sizeof(text), "time=%lld.%09lld\n", r->time_ns / NSEC_PER_SEC, r->time_ns % NSEC_PER_SEC);
	add_text(text, sizeof(text), "boottime_ns=%" PRId64 "\n", made);
	if (r->has_host)
		add_host(text, sizeof(text), r);
	add_text(text, sizeof(text), "status=%s\nbound_source=%s\n", host_status_name(r->status),
		 host_record_source_name(r->source));
	if (r->has_max_error)
		add_text(text, sizeof(text), "max_error_ns=%" PRIu64 "\n", r->max_error_ns);
	if (r->has_ref_error)
		add_text(text, sizeof(text), "ref_error_ns=%" PRIu64 "\n", r->ref_error_ns);
	add_text(text, sizeof(text), "drift_ppb=%" PRIu32 "\n", r->drift_ppb);
	if (r->has_tai_offset)
		add_text(text, sizeof(text), "tai_offset=%d\n", r->tai_offset);
	if (r->has_leap)
		add_text(text, sizeof(text), "leap_indicator=%s\n", host_leap_name(r->leap));
	if (r->has_smear)
		add_text(text, sizeof(text), "smear=%s\n", host_record_smear_name(r->smear));
	return !file_write(HOST_TOLD, text, strlen(text), 0644, why, len);
}

bool host_told_remove(char *why, size_t len)
{
	return !file_remove(HOST_TOLD, why, len);
}
