// SPDX-License-Identifier: GPL-2.0-or-later
/* All that probe can find, link by link. Documentation/ptpkvm-host-probe.md and ptpkvm-host(8) list the same codes. */
#include "probe/ask.h"

const struct finding_kind probe_kinds[] = {
	FINDING_FAIL("kvm-no-virtualization", "kvm",
	     "The CPU has neither vmx nor svm, so no virtual machine can run here. It is switched off in the firmware, "
	     "or, where this host is itself a guest, not handed on by its own host (nested)."),
	FINDING_FAIL("kvm-module", "kvm",
	     "There is no /dev/kvm to make a vCPU with: KVM's module is not loaded, or this is a container without the "
	     "device."),
	FINDING_FAIL("kvm-denied", "kvm",
	     "This user may not open /dev/kvm; root may, and members of group kvm."),
	FINDING_FAIL("kvm-busy", "kvm",
	     "Another hypervisor (VirtualBox, VMware) has the CPU's virtualization, and KVM cannot have it meanwhile. "
	     "End its machines."),
	FINDING_FAIL("kvm-error", "kvm",
	     "A virtual machine could not be made or run, for the reason shown. The kernel's log may have more."),
	FINDING_FAIL("kvm-no-tsc-khz", "kvm",
	     "KVM makes no vCPU here whose counter runs at the frequency of --tsc-khz: this CPU cannot scale it, and "
	     "the frequency is too far from its own. A guest that is migrated here from such a host does not start, "
	     "either."),
	FINDING_FAIL("kvm-stuck", "kvm",
	     "The vCPU was started and did not come back within 2 seconds; a few microseconds are usual. An overloaded "
	     "host, or a nested one whose own host does not run it."),

	FINDING_EITHER("pairing-unknown", "pairing", LEVEL_FAIL,
	     "This kernel's KVM does not know the call by which guests ask for the time; Linux has it from 4.11 on. "
	     "A newer kernel on this host is what it takes. Like all of pairing it is a warning where type 1 of the "
	     "call is served."),
	FINDING_EITHER("pairing-clocksource", "pairing", LEVEL_FAIL,
	     "KVM refuses since this host's own clock does not run on the TSC: exact pairs of it and a guest's "
	     "counter are then not to be had. The kernel's log says why the TSC was given up, if it was. With the "
	     "patches of host-patch/ pairs are given on kvm-clock, and with a window on other clocksources."),
	FINDING_EITHER("pairing-catchup", "pairing", LEVEL_FAIL,
	     "A guest with another counter frequency than this host's, as after a migration, is refused: the CPU "
	     "cannot scale the counter, so KVM has it catch up in steps, and no pair would hold. Give guests this "
	     "host's own frequency."),
	FINDING_EITHER("pairing-refused", "pairing", LEVEL_FAIL,
	     "KVM refuses, though this host runs on the TSC: it does not trust the counters of this CPU to be the "
	     "same everywhere, or this guest's to be one of them. The kernel's log may say why."),
	FINDING_EITHER("pairing-error", "pairing", LEVEL_FAIL,
	     "KVM answers a good call with an error that it has no reason for. Please report it, with the kernel's "
	     "version."),

	FINDING_WARN("pair-unmeasured", "pair",
	     "While the pair was compared with this host's clock, that was set, again and again. Somebody steers it "
	     "hard, or two do: 'ptpkvm-host check' says who."),
	FINDING_FAIL("pair-wrong", "pair",
	     "The pair that a guest gets is further from this host's clock than can be explained by how it was "
	     "measured, the reply's own window, and 100 ns (1 microsecond where the clock is not the TSC). Guests get "
	     "a wrong time. That is a fault of this kernel's: please report it."),

	FINDING_WARN("quality-untold", "quality",
	     "A stock KVM gives the time and not how good it is, nor when it is set. Guests follow this host right or "
	     "wrong. The patches of host-patch/ tell them; without, --ignore quality-untold makes this no warning."),
	FINDING_WARN("quality-unsynchronized", "quality",
	     "Guests are told that this host's clock is not synchronized, since its kernel counts it so. Whoever "
	     "steers it has no source, or there is none who does: 'ptpkvm-host check' says."),
	FINDING_WARN("quality-error", "quality",
	     "Guests are told a bound on this host's error of more than 100 ms. Its sources are poor, or lost for a "
	     "while: 'ptpkvm-host check' says."),
	FINDING_WARN("quality-bad", "quality",
	     "KVM answers the call for quality with an error, or with what no guest knows: patches of another version "
	     "than this tool's. Guests do without."),
	{ 0 },
};
