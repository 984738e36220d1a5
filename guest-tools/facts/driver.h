/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Why there is no driver. */
#ifndef FACTS_DRIVER_H
#define FACTS_DRIVER_H

/*
 * Why ptp_kvm could not be loaded, by what modprobe said, the driver in the kernel's log, or we by the text below:
 * EOPNOTSUPP, the host refuses; ENOSYS, it does not know the call; ENODEV, no KVM, or a driver that says no more;
 * ENOENT, there is no module for this kernel; EKEYREJECTED, its signature. 0: none of these.
 */
int driver_refusal(const char *said);

/* That in words, with what more there is to see of one that is not known. */
const char *driver_refusal_text(int error);

#endif
