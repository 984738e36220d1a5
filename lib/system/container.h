/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Whether this is a container. */
#ifndef SYSTEM_CONTAINER_H
#define SYSTEM_CONTAINER_H

#include <stdbool.h>

#define CONTAINER_NAME_LEN 32

/*
 * The container that this runs in: its kind, "docker", "lxc", as its manager names it. False, and empty, outside of one,
 * and in one that leaves no mark.
 */
bool container_kind(char kind[static CONTAINER_NAME_LEN]);

#endif
