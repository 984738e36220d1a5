# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# promtool, out of Debian's package, which starts a service where it is installed; after tap.sh.

# promtool ARGUMENT...
promtool() {
	build/prometheus/usr/bin/promtool "$@"
}

# Two tests may want it at once.
promtool_get() {
	local said
	mkdir -p build/prometheus
	said=$(cd build/prometheus && {
		flock 9
		[[ -x usr/bin/promtool ]] || {
			{ apt-get download prometheus || { apt-get -qq update && apt-get download prometheus; }; } 2>&1 &&
				dpkg-deb -x prometheus_*.deb . && rm prometheus_*.deb
		}
	} 9>lock) || bail "promtool cannot be had (apt-get update?): $said"
}
