// SPDX-License-Identifier: GPL-2.0-or-later
/* All that check can find, link by link. Documentation/ptpkvm-check.md and ptpkvm(8) list the same codes. */
#include "check/judge.h"

const struct finding_kind check_kinds[] = {
	FINDING_FAIL("no-guest", "guest",
	     "This machine is not virtual: there is no host whose clock it could follow. A machine of its own takes "
	     "its time from NTP or PTP. If it is a host of guests, ptpkvm-host looks after its time."),
	FINDING_FAIL("other-hypervisor", "guest",
	     "The clock that this is about is KVM's, and another hypervisor runs this machine. Some of those have a "
	     "clock of their own kind (ptp_hyperv, ptp_vmw), which chronyd can take just so; else NTP servers are what "
	     "there is."),
	FINDING_WARN("container", "guest",
	     "A container has its guest's clock and cannot set it: whether the time is right is decided in the guest "
	     "itself. Daemons and settings outside of the container are not seen from here. Ask in the guest."),

	FINDING_FAIL("driver-not-loaded", "driver",
	     "There is a module ptp_kvm for this kernel, but nobody has loaded it, or it did not stay: without it "
	     "there is no clock /dev/ptp_kvm to follow. A host that refuses makes the module leave again, as the "
	     "kernel's log says, unless it is loaded with wait=1. 'ptpkvm setup' has it loaded so at each boot, before "
	     "chronyd starts."),
	FINDING_EITHER("driver-not-built", "driver", LEVEL_FAIL,
	     "DKMS has the source of ptp_kvm, but no module for the kernel that runs, mostly since that kernel's "
	     "headers are not installed. A warning where the kernel's own driver does its work meanwhile: time is "
	     "still kept, less exactly on a TSC. Install the headers of this kernel's flavour, so that later kernels "
	     "get theirs too, and have DKMS build."),
	FINDING_FAIL("driver-not-installed", "driver",
	     "Neither this kernel nor DKMS has a ptp_kvm. Without the driver this machine cannot ask its host for the "
	     "time. Install the package, or build it from its source."),
	FINDING_WARN("driver-not-the-installed", "driver",
	     "The kernel's own ptp_kvm was loaded before the one that is installed beside it, and stays until it is "
	     "taken out. Time is kept, but with the faults of that driver. To change them chronyd has to let go of the "
	     "clock for a moment."),
	FINDING_FAIL("driver-unsigned", "driver",
	     "Under Secure Boot, or locked down otherwise, a kernel loads signed modules only, and this module has no "
	     "signature. modprobe says \"Key was rejected by service\", \"Required key not available\" or \"Operation "
	     "not permitted\". DKMS signs what it builds if it has a key; ptpkvm(8), SECURE BOOT, has the whole way."),
	FINDING_FAIL("driver-key", "driver",
	     "The module is signed, but by a key that this kernel does not know, so it is not loaded. The key is made "
	     "known once, with mokutil and a password at the machine's console: ptpkvm(8), SECURE BOOT. That the key "
	     "is refused is known from the kernel's log, by root only."),

	FINDING_FAIL("clock-missing", "clock",
	     "A driver is loaded, but has made no PTP clock of KVM's. Mostly the host did not answer when the driver "
	     "asked for the first time. The kernel's log says why; what is wrong is at the host, or with the driver."),
	FINDING_WARN("clock-no-link", "clock",
	     "The clock is there, but not the name /dev/ptp_kvm that udev gives it, by which chronyd finds it whatever "
	     "its number. Numbers change when a network card brings a clock, too. udev makes the link when it is told "
	     "of the clock again."),
	FINDING_WARN("clock-wrong-link", "clock",
	     "/dev/ptp_kvm leads to another clock: what follows it does not follow the host. An old link may have been "
	     "left, or made by hand. udev puts it right."),

	FINDING_WARN("access-denied", "access",
	     "Only root, or group clock on newer systems, may read the clock, so an ordinary user cannot see how far "
	     "off this machine is. Nothing need be wrong. As root check sees all of it."),
	FINDING_FAIL("access-container", "access",
	     "The container's rules keep it from the device. Whoever starts the container gives it the device; reading "
	     "the clock needs no other right."),
	FINDING_FAIL("access-no-node", "access",
	     "The kernel has the clock, but there is no file for it in /dev, so nothing can open it. udev makes it "
	     "when it is told of the clock again."),
	FINDING_FAIL("access-error", "access",
	     "The clock's device cannot be opened for another reason than rights, so chronyd cannot, either. The "
	     "kernel's log may have more."),

	FINDING_FAIL("host-refuses", "host",
	     "The host's KVM answers that it has no pair to give. It pairs its clock with guests' counters only while "
	     "the host's own clocksource is the TSC. Mended on the host; the guest cannot do anything but take NTP "
	     "meanwhile. 'ptpkvm-host check' there says more."),
	FINDING_FAIL("host-too-old", "host",
	     "The host's KVM does not know the call by which a guest asks for the time; Linux has it from 4.11 on. A "
	     "host that is no x86 KVM may lack it, too. A newer kernel on the host is what it takes."),
	FINDING_FAIL("host-fails", "host",
	     "The host answers, but with what the driver cannot use. That should not happen; the kernel's log may have "
	     "more. Please report it."),

	FINDING_FAIL("methods-none", "methods",
	     "Of the three calls by which chronyd reads a PTP clock none works here, so it would never get a sample. "
	     "The host refuses, or the driver cannot serve this machine's clocksource. The kernel's log may say "
	     "which."),
	FINDING_WARN("methods-inexact", "methods",
	     "The call that chronyd will take reads the two clocks one after the other: the middle is taken for the "
	     "instant, which is off by some microseconds that nobody sees. The kernel's own driver does so on a TSC, "
	     "and ':nocrossts' asks for it. This driver gives exact pairs."),
	FINDING_WARN("methods-wide", "methods",
	     "The host's clock and the guest's counter are read apart on the host, and so far apart that the time is "
	     "less exact than --warn-uncertainty. Hosts do so whose clocksource is not the TSC. Mended on the host."),

	FINDING_WARN("clocksource-unpaired", "clocksource",
	     "This machine's own clock runs on a counter that KVM's pairs cannot be related to: only tsc and kvm-clock "
	     "can be. Readings then have a window of microseconds, and the clock itself is slower to read. Another one "
	     "is chosen in /sys, and for each boot by the kernel's arguments."),
	FINDING_EITHER("offset-large", "offset", LEVEL_WARN,
	     "This machine's clock is further from its host's than the reading's own uncertainty explains: beyond "
	     "--warn-offset, or as a failure beyond --fail-offset. Just after a start that passes by itself. Whole "
	     "seconds near 37 are TAI taken for UTC. If chronyd follows this clock, a step brings it there at once; "
	     "else it is not the source that counts."),

	FINDING_WARN("quality-untold", "quality",
	     "A stock KVM gives its clock's time, not how good that clock is, nor when it is set. This machine then "
	     "follows its host, right or wrong, and ptpkvm guard cannot warn. Look at the host itself. Any host tells it "
	     "by 'ptpkvm-host serve', to guests that have a vsock device and run ptpkvm guard; one with the patches of "
	     "host-patch/ tells it in the pair itself."),
	FINDING_WARN("quality-unserved", "quality",
	     "This guest has a vsock device and is to run ptpkvm guard, which asks the host by it how good its clock is "
	     "and when it is set. Nobody there answers: 'ptpkvm-host serve' does not run, or another program has the "
	     "host's end of the device, as VMMs without vhost-vsock do. Or guard itself does not run; its journal has "
	     "the reason."),
	FINDING_WARN("quality-unsynchronized", "quality",
	     "The host itself says that its clock is not kept by anything just now. This machine has the same time as "
	     "its host all the same, and so have the other guests; but not the world's. Mended on the host; with "
	     "ptpkvm guard a guest goes by its NTP servers meanwhile."),
	FINDING_WARN("quality-error", "quality",
	     "The host's own bound on its clock's error is beyond --warn-host-error: this machine's time can be as far "
	     "off UTC as that. The host has poor sources, or has lost them. Mended on the host."),

	FINDING_FAIL("chronyd-absent", "chronyd",
	     "A PTP clock steers nothing by itself: it takes a daemon that follows it, and chrony is the one that "
	     "'ptpkvm setup' sets up. It is not installed. phc2sys, or ntpd-rs behind it, would do as well, and none "
	     "of them runs."),
	FINDING_WARN("chronyd-old", "chronyd",
	     "Chrony before 4.0 has not been tried with this clock. It may work, but options that setup writes may be "
	     "unknown to it."),
	FINDING_WARN("chronyd-measures", "chronyd",
	     "chronyd was started with -x: it measures and leaves the system's clock alone, so this machine's time is "
	     "not kept by it. Container images and test set-ups do that. Take -x out of its options."),
	FINDING_FAIL("chronyd-stopped", "chronyd",
	     "chrony is installed and does not run, so nothing keeps this machine's time. A mistake in its "
	     "configuration ends it at its start, and maxchange ends it later; the journal says which."),
	FINDING_FAIL("chronyd-silent", "chronyd",
	     "There is a process of chronyd, but it does not answer chronyc. It hangs, or is stopped, or takes "
	     "commands elsewhere; as an ordinary user it may be asked over the loopback only."),

	FINDING_FAIL("conf-unreadable", "refclock",
	     "The configuration that chronyd reads, or will read, cannot be read or has a mistake, so nobody knows "
	     "whether this clock is in it. chronyd would not start with a mistake. An ordinary user may just lack the "
	     "rights."),
	FINDING_WARN("refclock-held", "refclock",
	     "ptpkvm guard has taken this clock from chronyd, since the host says that its own clock is not to be "
	     "trusted. It comes back by itself when the host's clock is good again. What is to be mended is at the "
	     "host."),
	FINDING_FAIL("refclock-left-out", "refclock",
	     "chronyd was started without this clock, as the clock was not there or did not answer at that moment; "
	     "otherwise chronyd would not have started at all. The reason is what is shown. Once that is mended, a "
	     "restart of chronyd takes the clock in; ptpkvm tries so itself now and then."),
	FINDING_FAIL("refclock-other", "refclock",
	     "chronyd's configuration has a PTP clock, but it is another one, or one that is not there: numbers of "
	     "/dev/ptpN change with the machine's network cards. This machine does not follow its host. setup writes a "
	     "line that finds the clock by its name."),
	FINDING_FAIL("refclock-none", "refclock",
	     "chronyd runs by NTP, or by nothing: its configuration has no line for this clock. setup adds one, in a "
	     "file of its own, so that chronyd starts even where the clock is missing; 'ptpkvm remove' takes it away "
	     "again."),
	FINDING_WARN("refclock-noselect", "refclock",
	     "The clock is measured and never followed: by noselect in its line, or told so while chronyd runs, as "
	     "guard does when the host's clock is not to be trusted. Taken back by hand guard may set it again, for a "
	     "reason that quality shows."),

	FINDING_FAIL("source-lost", "source",
	     "chronyd had samples of this clock and gets none any more, since the host has ceased to answer; the link "
	     "host has the reason. Meanwhile the clock drifts, or other sources take over. chronyd goes on by itself "
	     "when the host answers."),
	FINDING_FAIL("source-stuck", "source",
	     "chronyd keeps the first call that worked for as long as it runs. That one has ceased to work, another "
	     "would, and chronyd does not try it: no samples come, though it may still show the clock as selected. "
	     "Happens when the clocksource changes below the kernel's own driver. A restart mends it."),
	FINDING_FAIL("source-falseticker", "source",
	     "chronyd's other sources agree with each other and not with this clock, so it is outvoted. Either the "
	     "host's clock is wrong, or the NTP servers are. Compare, on the host, too; 'trust' in the refclock's line "
	     "decides for this clock once and for all."),
	FINDING_WARN("source-variable", "source",
	     "The clock's samples scatter more than chronyd accepts. The host's clock may just have been stepped or is "
	     "steered hard. If it stays so, watch it for a while, and the host."),
	FINDING_WARN("source-waiting", "source",
	     "chronyd has not selected this clock yet: it wants a few samples first, which takes seconds. If it stays "
	     "so, it gets no samples, or is told not to select it."),
	FINDING_WARN("source-unserved", "source",
	     "chronyd has this clock and waits for its first sample: the clock is there, but no host serves it so far; the "
	     "link host has the reason. Nothing is broken here: other sources keep the time meanwhile, and chronyd selects "
	     "the clock within seconds once the host serves it, or this guest is moved to one that does."),
	FINDING_WARN("source-other", "source",
	     "The clock is good enough for chronyd, but another source is better to it, or preferred, so this "
	     "machine's time is that one's. NTP servers that are preferred are named. 'sudo chronyc selectdata' shows "
	     "how chronyd sees each."),
	FINDING_WARN("source-missing", "source",
	     "The configuration has this clock, the chronyd that runs does not: it was started before that was "
	     "written. A restart takes it in."),

	FINDING_EITHER("rival-daemon", "rivals", LEVEL_FAIL,
	     "Another daemon sets this machine's clock, too. Two that steer one clock undo each other's corrections: "
	     "it swings, and none of them sees why. A warning where nobody keeps this clock's time yet. Only one may "
	     "stay."),
	FINDING_WARN("rival-enabled", "rivals",
	     "Another daemon that steers the clock does not run now, but its unit is enabled: from the next boot on "
	     "there are two, or the other one wins. Disable it."),
	FINDING_WARN("rival-phc", "rivals",
	     "chronyd has two PTP clocks that it may select, of which only this one is the host's time. A network "
	     "card's clock may be on TAI, or on nothing. Give the one that is only to be watched the option noselect."),
	FINDING_WARN("rival-prefer", "rivals",
	     "An NTP source is marked prefer and this clock is not: chronyd will not select the clock while that "
	     "server answers, however much better it is. Take prefer from the server, or have this clock preferred, "
	     "too."),
	FINDING_WARN("rival-dhcp", "rivals",
	     "DHCP has brought NTP servers, and chronyd does not select this clock; perhaps since they agree with each "
	     "other and not with it. They come back with each lease, so see why the clock is not selected rather than "
	     "take them away."),

	FINDING_FAIL("config-tai", "config",
	     "The refclock's line says that the clock is TAI. It is the host's system clock, that is UTC: with 'tai' "
	     "this machine would be 37 seconds off. Take that option away."),
	FINDING_FAIL("config-offset", "config",
	     "The line corrects the clock by whole seconds, as guides for other clocks do for TAI or GPS. This clock "
	     "is the host's UTC: this machine would be off by just that. For phc2sys it is -O 0 that says so, and -w "
	     "does not."),
	FINDING_WARN("config-number", "config",
	     "The line names the clock by its number, /dev/ptpN, which is given in the order in which drivers come up. "
	     "With another network card it is another clock. /dev/ptp_kvm is always this one."),
	FINDING_WARN("config-leap", "config",
	     "leapsecmode has this machine slew, or pass over, a leap second that its host steps: for hours they are "
	     "up to a second apart. Leave it away (the kernel then steps, as the host's does), unless the host has the "
	     "same."),
	FINDING_WARN("config-makestep", "config",
	     "chronyd steps only in its first updates. When the host's clock is set later, or the guest is migrated, "
	     "restored or resumed, it would take hours or days to follow. 'makestep 0.001 -1' has it step whenever it "
	     "is a millisecond off; ptpkvm guard can do that for this clock alone."),
	FINDING_WARN("config-maxchange", "config",
	     "With maxchange chronyd ends, for good, at a correction beyond it (or, with a negative third number, "
	     "never makes it). The host's clock being set, or a migration, is such a correction, and then nobody keeps "
	     "the time any more. Take it out."),
	FINDING_WARN("config-minsources", "config",
	     "With minsources chronyd follows nothing until so many sources agree. Where NTP cannot be reached, this "
	     "clock alone is not enough, and the time drifts. Take it out."),
	FINDING_WARN("config-require", "config",
	     "An NTP source has the option require: chronyd follows no other, this clock neither, while that one "
	     "cannot be reached. Take the option away, or give it to this clock, too."),

	FINDING_WARN("boot-race", "boot",
	     "chronyd ends at its start where the refclock's device is not there, and nothing makes it wait for the "
	     "driver: after some boot there may be no chronyd. From 4.9 on 'optional' in the line helps. setup has the "
	     "driver loaded first, and leaves the line out where the clock is missing."),
	FINDING_WARN("boot-no-driver", "boot",
	     "The driver is loaded now, by hand perhaps, but nothing loads it at the next boot, and then this clock is "
	     "missing. A file in /etc/modules-load.d names it, or setup has it loaded before chronyd starts."),
	FINDING_WARN("boot-no-unit", "boot",
	     "The program that keeps this clock's time was started by hand, or its unit is not enabled: with the next "
	     "boot it is gone, and nobody keeps the time."),
	FINDING_WARN("boot-by-hand", "boot",
	     "chronyd was started by hand with directives instead of a file. What it does now is gone with the next "
	     "start. setup makes it last."),
	FINDING_WARN("boot-init", "boot",
	     "setup writes for systemd, and another init starts the daemons here: what it wrote has no effect. The "
	     "lines go into chrony's configuration by hand, and ptp_kvm where this init loads modules."),
	FINDING_WARN("boot-not-taken", "boot",
	     "setup has been here, but chronyd's unit leaves no room for what it adds: it has no variable of options, "
	     "or other directives in it. So the next start is without this clock. Where such a system is configured "
	     "(NixOS, appliances) the lines go there."),
	{ 0 },
};
