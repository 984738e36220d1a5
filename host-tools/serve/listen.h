/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What guests reach: it sends them records, and reads nothing of theirs. */
#ifndef SERVE_LISTEN_H
#define SERVE_LISTEN_H

/* The sockets are systemd's, or where there is none its own. Never returns, but to the end of the program. */
int listen_run(void);

#endif
