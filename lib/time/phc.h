/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A PTP hardware clock (PHC) and the four ways of reading it. */
#ifndef TIME_PHC_H
#define TIME_PHC_H

#include <linux/ptp_clock.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/ioctl.h>
#include <time.h>

#define PHC_KVM_NAME "KVM virtual PTP"
#define PHC_DEVICE_LEN 80

/* Newer than the header of Debian 12 (Linux 6.1). */
#ifndef PTP_MASK_CLEAR_ALL
#define PTP_MASK_CLEAR_ALL _IO(PTP_CLK_MAGIC, 19)
#define PTP_MASK_EN_SINGLE _IOW(PTP_CLK_MAGIC, 20, unsigned int)
#endif
#ifndef PTP_SYS_OFFSET_PRECISE_CYCLES
#define PTP_SYS_OFFSET_PRECISE_CYCLES _IOWR(PTP_CLK_MAGIC, 21, struct ptp_sys_offset_precise)
#define PTP_SYS_OFFSET_EXTENDED_CYCLES _IOWR(PTP_CLK_MAGIC, 22, struct ptp_sys_offset_extended)
#endif

enum phc_method { PHC_PRECISE, PHC_EXTENDED, PHC_OFFSET, PHC_GETTIME, PHC_METHODS };

/* All in nanoseconds of the epoch, but for raw. PRECISE gives pre = post = the system time at the pair. */
struct phc_sample {
	int64_t device;
	int64_t pre;
	int64_t post;
	int64_t raw;		/* CLOCK_MONOTONIC_RAW at the pair, PRECISE only */
};

struct phc {
	int fd;
	char path[300];
	char name[64];		/* its clock_name */
};

/* "precise" and so on; -1 if it is none. */
int phc_method(const char *name);
const char *phc_method_name(enum phc_method m);

/*
 * Open the PHC at path, or the KVM one if path is NULL. 0, or -1 with the reason in why. flags are those of
 * open(2); reading the time needs no more than O_RDONLY.
 */
int phc_open(struct phc *phc, const char *path, int flags, char *why, size_t len);
bool phc_is_kvm(const struct phc *phc);
/* A rule of udev's makes a link to the KVM one by that path: for an image, where no link is yet. */
bool phc_named_by_rule(const char *path);
/* "/dev/ptp0" of "ptp0"; /dev/ptp_kvm where a container has that device by this name alone. */
void phc_device(const char *node, char path[static PHC_DEVICE_LEN]);

/* 0 or an errno. */
int phc_read(int fd, enum phc_method m, struct phc_sample *s);
/* The narrowest of a few readings; one exact pair is enough. 0 or an errno. */
int phc_read_narrowest(int fd, enum phc_method m, struct phc_sample *best);
/* The same by the first of precise, extended, offset, gettime that works. 0, or the last one's errno. */
int phc_read_best(int fd, enum phc_method *m, struct phc_sample *best);

/* device − system: against the middle of the window where there is one. */
int64_t phc_offset(const struct phc_sample *s);

static inline clockid_t phc_clockid(int fd)
{
	return (clockid_t)(~(unsigned int)fd << 3 | 3);
}

#endif
