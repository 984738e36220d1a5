// SPDX-License-Identifier: GPL-2.0-or-later
/* All that check can find, link by link. Documentation/ptpkvm-host-check.md and ptpkvm-host(8) list the same codes. */
#include "check/judge.h"

const struct finding_kind check_kinds[] = {
	FINDING_WARN("container", "host",
	     "A container has its host's kernel and clock, and files, devices and processes of its own: whether the "
	     "host keeps its time, and serves its guests, is decided outside. What is not seen from here is not judged. "
	     "Ask on the host."),

	FINDING_WARN("nic-software", "nic",
	     "The card, or its driver, does not stamp PTP's packets by hardware, so the kernel does, later and less "
	     "evenly: PTP is then good to tens of microseconds. Fine where ptp4l is configured for software "
	     "timestamps, and then not said. Another card, or a newer driver, does better."),
	FINDING_FAIL("nic-unfit", "nic",
	     "Neither the card nor its driver stamps packets in any way that ptp4l could use, so there is no PTP on "
	     "this interface. Take another one."),
	FINDING_EITHER("nic-vf", "nic", LEVEL_WARN,
	     "The interface is a virtual function whose driver brings no hardware timestamps, or a failure where it "
	     "brings none at all. The physical function usually has them: run ptp4l there. VFs of some cards (mlx5) "
	     "have a clock of their own and are as good as a card."),
	FINDING_WARN("nic-down", "nic",
	     "The interface is fit for PTP but down, so no packet comes or goes. Bring it up, or see to its cable."),
	FINDING_WARN("nic-virtual", "nic",
	     "No card is below this interface, so nothing stamps its packets by hardware. PTP belongs on a card."),
	FINDING_WARN("nic-bridge", "nic",
	     "ptp4l is on a bridge, or asked about one. A bridge has no timestamps, and hands on PTP's packets late or "
	     "not at all. PTP belongs on the port below it."),
	FINDING_EITHER("nic-stacked", "nic", LEVEL_WARN,
	     "A bond or VLAN is as good as the worst card below it, and one of these has no hardware timestamps; a "
	     "failure where one has none at all. After a failover PTP would be less exact, or gone."),

	FINDING_FAIL("ptp4l-missing", "ptp4l",
	     "phc2sys hands the clock of a network card to the system, and no ptp4l keeps that clock right: this "
	     "host's time drifts with the card's crystal. ptp4l has ended, or was never started."),
	FINDING_WARN("ptp4l-denied", "ptp4l",
	     "ptp4l answers root only: its socket is root's, or its unit has a /tmp of its own (PrivateTmp=), so that "
	     "an ordinary user's question finds no way back. Nothing need be wrong. Ask as root."),
	FINDING_EITHER("ptp4l-silent", "ptp4l", LEVEL_FAIL,
	       "There is a process of ptp4l, but it does not answer pmc: it hangs, or its socket has been taken away or "
	       "over. Its log may say why. A warning where its configuration cannot be read: then it is not known where "
	       "to ask it."),
	FINDING_WARN("ptp4l-shared-socket", "ptp4l",
	     "Two of ptp4l have the same uds_address, as Debian's ptp4l@IF have: the one that started last has taken "
	     "the other's socket. Only one can be asked, and phc2sys follows whichever that is. Each needs one of its "
	     "own."),
	FINDING_FAIL("ptp4l-faulty", "ptp4l",
	     "ptp4l counts one of its ports as failed: the link is down, a timestamp never came back from the card, or "
	     "a packet could not be sent. It tries again after some seconds. Its log says which."),
	FINDING_EITHER("ptp4l-listening", "ptp4l", LEVEL_FAIL,
	     "ptp4l hears no Announce of any master on its ports: none is there, or a switch, a firewall (UDP ports "
	     "319 and 320), another domain or another transport is between. A warning where chronyd has another "
	     "source."),
	FINDING_WARN("ptp4l-uncalibrated", "ptp4l",
	     "ptp4l has chosen a master and is not locked to it yet. That takes seconds; where it stays so, Sync or "
	     "the path delay does not come through, or the clock cannot be steered."),
	FINDING_WARN("ptp4l-master", "ptp4l",
	     "ptp4l hears no better clock and has become grandmaster itself, though it is not configured to be one "
	     "(serverOnly, masterOnly, or a clockClass below 128): others may follow a clock that nobody keeps. The "
	     "real master is out of sight. clientOnly keeps it from that."),
	FINDING_WARN("ptp4l-untold", "ptp4l",
	     "ptp4l answers, but without what the judgement takes: the states of its ports, or its grandmaster and "
	     "class. Nothing is concluded from that. The answer itself, by pmc, shows what there is."),
	FINDING_WARN("pmc-absent", "ptp4l",
	     "ptp4l runs, but there is no pmc to ask it with. It is of the same package, linuxptp."),
	FINDING_WARN("pmc-garbled", "ptp4l",
	     "pmc gave an answer that cannot be read; a newer linuxptp may have changed it. Please report it, with the "
	     "output of the command."),
	FINDING_WARN("gm-class", "ptp4l",
	     "The grandmaster says by its clockClass that it has lost its reference (holdover), has been without for "
	     "long, or never had one. All that follow it agree with each other, but perhaps no more with UTC. Mended "
	     "at the grandmaster."),

	FINDING_EITHER("offset-large", "offset", LEVEL_WARN,
	     "ptp4l's clock is further from its master's than --warn-offset (--warn-software-offset with software "
	     "timestamps), or as a failure than --fail-offset. Just after a start that passes. If it stays, the "
	     "network delays packets unevenly, or the servo cannot follow."),
	FINDING_WARN("offset-unmeasured", "offset",
	     "ptp4l hears a master's Announce (UDP port 320), but no Sync, or no answer by which to measure the path "
	     "delay (port 319): it then shows an offset of 0, or the last one, which is none. A firewall or switch "
	     "lets one port through and not the other, or the delay mechanisms differ."),
	FINDING_WARN("path-delay", "offset",
	     "The way to the master takes longer than --warn-path-delay, so there are switches or routers on it that "
	     "know nothing of PTP, and their queues go into the offset. Below zero it is impossible: the two ways "
	     "differ, or are stamped wrongly."),

	FINDING_WARN("steering-none", "steering",
	     "Nothing sets this host's system clock, so it drifts, and with it the guests. Where ptp4l runs, phc2sys "
	     "has to bring its time to the system; else chrony keeps it by NTP."),
	FINDING_FAIL("steering-fight", "steering",
	     "More than one program sets the system's clock. They undo each other's corrections: it swings, and the "
	     "guests with it. Only one may stay; where PTP comes in that is the one that brings it."),
	FINDING_WARN("steering-silent", "steering",
	     "chronyd steers the clock, as far as can be seen, but does not answer chronyc. It hangs, or takes "
	     "commands elsewhere. How well it keeps the time is not known."),
	FINDING_WARN("steering-enabled", "steering",
	     "Another unit that sets the clock is enabled and does not run now: from the next boot on there are two. "
	     "Disable it."),
	FINDING_WARN("steering-no-source", "steering",
	     "chronyd runs and has selected none of its sources: it just started, none can be reached, or they "
	     "disagree. The clock drifts meanwhile."),
	FINDING_WARN("steering-unheard", "steering",
	     "chronyd keeps to a source that has been silent for its last eight polls, until another is better. The "
	     "clock drifts by what was last known of it."),
	FINDING_WARN("steering-ptp-unused", "steering",
	     "ptp4l follows a grandmaster, but chronyd keeps the system's clock by NTP: what PTP brings ends at the "
	     "card. chronyd needs a refclock of ptp4l's clock, or phc2sys in its place."),

	FINDING_WARN("tai-unset", "tai",
	     "Nobody has told the kernel how far TAI is from UTC, so programs that read CLOCK_TAI get UTC. ptp4l as a "
	     "grandmaster, and some radio software, take it from there. chronyd tells it if it knows a leap second "
	     "list (leapseclist from 4.6 on, leapsectz before)."),
	FINDING_WARN("tai-kernel", "tai",
	     "The kernel has another TAI - UTC than there is today: somebody set it by an old constant or list. "
	     "CLOCK_TAI is off by whole seconds, the system's clock itself is not."),
	FINDING_FAIL("tai-ptp", "tai",
	     "The grandmaster announces another TAI - UTC than there is today. PTP's time is TAI, and UTC is made by "
	     "that number: this host's clock comes out wrong by whole seconds. Mended at the grandmaster, or by what "
	     "there is told by hand (utc_offset)."),
	FINDING_EITHER("tai-constant", "tai", LEVEL_WARN,
	     "TAI - UTC stands somewhere as a number that is out of date: in a file, which counts from the next "
	     "start on, or, as a failure, in the command line of a program that runs. The clock is then off by whole "
	     "seconds. phc2sys -w takes it from ptp4l, and needs no number."),

	FINDING_WARN("leap-expired", "leap",
	     "The leap second list is past its date: a leap second announced since then is not in it. None has come "
	     "since 2016, so nothing need be wrong yet. tzdata brings a new list twice a year."),
	FINDING_WARN("leap-missing", "leap",
	     "A configuration names a leap second list or zone that is not there, so chronyd or ptp4l goes without. "
	     "Debian 13 has the right/ zones in tzdata-legacy; the list itself is in tzdata."),

	FINDING_WARN("kernel-unsynchronized", "kernel",
	     "The kernel counts its clock as not synchronized, since nobody has told it otherwise for a while. Guests "
	     "of a host that tells them are told so, and may hold this clock out. Whoever steers has no source, or "
	     "does not tell the kernel."),
	FINDING_WARN("kernel-holdover", "kernel",
	     "phc2sys -s goes on when ptp4l has lost its master, and says at each update that the clock is "
	     "synchronized, with an error of 0. So the kernel and the guests believe in a clock that drifts. With -a "
	     "-r instead of -s it stops."),
	FINDING_WARN("kernel-error", "kernel",
	     "The kernel's bound on its clock's error is beyond --warn-kernel-error: whoever steers has not been sure "
	     "for a while, or has a poor source. Guests are told that bound where the host tells."),

	FINDING_WARN("clocksource-kvm-clock", "clocksource",
	     "This host is a KVM guest itself and runs on kvm-clock. A stock kernel pairs its clock with guests' "
	     "counters on a TSC only, so guests of this one are refused. On a TSC, or with the patches of host-patch/, "
	     "they are served."),
	FINDING_WARN("clocksource-other", "clocksource",
	     "The kernel's clock does not run on the TSC, and a stock kernel pairs clocks on that only: guests are "
	     "refused, and the clock is slow to read. It was chosen by hand, or the TSC was found wanting."),
	FINDING_WARN("tsc-unstable", "clocksource",
	     "The CPU's TSC is steady by what it promises, but the kernel has compared it with another timer and given "
	     "it up. Stock kernels then refuse their guests. A busy machine, or firmware that writes to it, can be the "
	     "cause; if the TSC is good, the kernel argument tsc=reliable says so."),
	FINDING_WARN("tsc-variable", "clocksource",
	     "The TSC of this CPU changes its pace, or stops in sleep: pairs of it are soon out of date, and guests' "
	     "clocks are not exact. A newer CPU is what it takes; in a nested set-up the outer host may hide what the "
	     "CPU can."),

	FINDING_FAIL("kvm-no-virtualization", "kvm",
	     "The CPU has neither vmx nor svm, so no KVM guest can run here. It is switched off in the firmware, or, "
	     "where this host is itself a guest, not handed on by its own host (nested)."),
	FINDING_FAIL("kvm-not-loaded", "kvm",
	     "The CPU could run guests, but KVM's module for it is not loaded. It is at boot, as a rule; where loading "
	     "fails the firmware has virtualization switched off, and the kernel's log says so."),
	FINDING_FAIL("kvm-no-node", "kvm",
	     "KVM's module is loaded, but there is no /dev/kvm by which programs start guests. udev makes it when it "
	     "is told of the device again."),
	FINDING_WARN("kvm-denied", "kvm",
	     "This user may not open /dev/kvm; members of group kvm may. Guests started by a service of root's are not "
	     "affected."),
	FINDING_FAIL("kvm-error", "kvm",
	     "/dev/kvm is there and cannot be opened, for another reason than rights. The kernel's log may say why."),

	FINDING_WARN("quality-lost", "kvm",
	     "This host's KVM once told guests how good its time is, and the one that runs now lacks the patches of "
	     "host-patch/: most often a newer stock kernel came by an upgrade and was booted. Guests go on without "
	     "quality, and where this host is not on the TSC without the time. Boot the other kernel again, or build "
	     "one anew."),

	FINDING_WARN("serve-no-vhost", "serve",
	     "'ptpkvm-host serve' waits for guests over vsock, and the kernel has no vhost_vsock, by which QEMU gives a "
	     "guest such a device. The module is loaded when /dev/vhost-vsock is opened, where it is installed."),
	FINDING_WARN("serve-no-vsock", "serve",
	     "'ptpkvm-host serve' waits for guests over vsock, and guests run that have no vsock device: they are not "
	     "told how good this host's clock is, nor at once that it was set. Each needs a device of its own, with a "
	     "number (CID) of its own, from its next start on."),

	FINDING_WARN("guests-refused", "guests",
	     "Said by 'ptpkvm-host status' only: virtual machines here have asked for the time and never got an "
	     "answer, by KVM's own counts. Their clocks are not kept by this host's. 'ptpkvm-host probe' finds out "
	     "why, without a guest."),
	{ 0 },
};
