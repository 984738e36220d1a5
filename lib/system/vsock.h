/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The vsock device by which a guest reaches its host. */
#ifndef SYSTEM_VSOCK_H
#define SYSTEM_VSOCK_H

#include "base/answer.h"

#define VSOCK_DEVICE "/dev/vsock"

/*
 * Does this machine have one, as a guest? cid is the number then that its host has given it. Without one CID 2 would be
 * this machine itself: a loopback, which is loaded where a socket is made. So this comes first, and makes none.
 * MAYBE: device, which is VSOCK_DEVICE but in tests, may not be opened.
 */
enum answer vsock_guest(const char *device, unsigned int *cid);

#endif
