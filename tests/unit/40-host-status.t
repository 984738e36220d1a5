#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# It reads Documentation/.
cd "$(dirname "$0")/../.." && exec build/unit/host_status
