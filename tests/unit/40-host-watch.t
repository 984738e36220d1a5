#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# It reads host-tools/man/.
cd "$(dirname "$0")/../.." && exec build/unit/host_watch
