/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Files for other programs, where a user wants them: what --output and --plot name. */
#ifndef OUTPUT_PUBLISH_H
#define OUTPUT_PUBLISH_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/*
 * "-" is standard output. A regular file, or none yet, is replaced whole, and new also where nothing has changed, as
 * node_exporter tells by that how old it is. A device, or a FIFO that has a reader, is written through. A link is
 * refused: in a folder of another user it would lead root's writes anywhere. No folder is made.
 *
 * False with the reason, and what to do, in why.
 */
bool publish(const char *file, const char *data, size_t len, mode_t mode, char *why, size_t why_len);

/* The same questions beforehand, for what takes long to make; nothing is opened or written. */
bool publish_possible(const char *file, char *why, size_t why_len);

#endif
