// SPDX-License-Identifier: GPL-2.0-or-later
/* ptpkvm-host: is this host's time fit to be its guests', and what to do about it. */
#include "base/array.h"
#include "base/die.h"
#include "ptpkvm-host.h"

static const struct verb verbs[] = {
	{ "check", cmd_check, "network cards, the chain from the grandmaster to the system's clock, KVM (the default)" },
	{ "status", cmd_status, "one look: grandmaster, each hop's offset, and the guests being served" },
	{ "watch", cmd_watch, "the same tick by tick: offsets of each hop, statistics, a plot" },
	{ "metrics", cmd_metrics, "what status sees, for Prometheus: a file for node_exporter's textfile collector" },
	{ "probe", cmd_probe, "have a bare vCPU ask for the time: does this host serve its guests" },
	{ "serve", cmd_serve, "tell guests over vsock how good this host's clock is, and of its steps" },
	{ "config", cmd_config, "write linuxptp's and chrony's configuration" },
};

int main(int argc, char **argv)
{
	progname = "ptpkvm-host";
	return verbs_main(verbs, ARRAY_SIZE(verbs), "0 good, 1 warnings, 2 broken or misuse, 3 no KVM host", argc, argv);
}
