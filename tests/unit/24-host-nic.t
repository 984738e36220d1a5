#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# It reads tests/unit/fixtures/.
cd "$(dirname "$0")/../.." && exec build/unit/host_nic
