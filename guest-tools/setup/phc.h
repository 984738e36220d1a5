/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The device that setup takes. */
#ifndef SETUP_PHC_H
#define SETUP_PHC_H

#include <stdbool.h>
#include <stddef.h>

/*
 * The KVM PHC's device: want (NULL: none wanted) if that is one, else the link by udev, else /dev/ptpN. False
 * with the reason if there is none, or none that answers.
 */
bool setup_phc(const char *want, char *path, size_t path_len, char *why, size_t len);

#endif
