// SPDX-License-Identifier: GPL-2.0-or-later
/* ptpkvm: does this guest keep its host's time, and what to do about it. */
#include "base/array.h"
#include "base/die.h"
#include "ptpkvm.h"

static const struct verb verbs[] = {
	{ "check", cmd_check, "is this machine on its host's time, and if not, why (the default)" },
	{ "time", cmd_time, "the PTP clock's time, beside the system's" },
	{ "set", cmd_set, "set the system's clock on it, once, without a daemon" },
	{ "chrony", cmd_chrony, "print chrony's refclock line" },
	{ "setup", cmd_setup, "have chronyd keep the host's time, now and after every boot" },
	{ "remove", cmd_remove, "undo setup, to the byte" },
	{ "watch", cmd_watch, "offsets as they come, and their statistics" },
	{ "bench", cmd_bench, "cost and uncertainty of each way of reading the clock" },
	{ "metrics", cmd_metrics, "Prometheus text exposition" },
	{ "guard", cmd_guard, "keep chronyd off a host clock that is not to be trusted" },
	{ "prestart", cmd_prestart, "what chrony's unit runs before chronyd, see setup" },
};

int main(int argc, char **argv)
{
	progname = "ptpkvm";
	return verbs_main(verbs, ARRAY_SIZE(verbs), "0 good, 1 warnings, 2 broken or misuse, 3 not a KVM guest", argc,
			  argv);
}
