#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The programs of every suite read what ptpkvm-host config writes for them, in all combinations of role, transport,
# time stamps, slave and NTP: ptp4l, timemaster and what that makes, chronyd, phc2sys' options, systemd's units.
# TOOLS names the folder of the built programs (default: build/tools of this tree).
# check: bookworm trixie
# check-all: bullseye sid
cd "$(dirname "$0")/../.." || exit 1
. tests/lib/tap.sh
cases=("$@")
((${#cases[@]})) || mapfile -t cases < <(tier_cases)
tool=${TOOLS:-build/tools}/ptpkvm-host
[[ -x $tool ]] || bail "$tool is not built (make tools)"

# write IMAGE DISTRIBUTION LINUXPTP CHRONY: every combination that is one
# shellcheck disable=SC2317 # by its name
write() {
	local role transport stamps slave ntp name options
	for role in ordinary boundary grandmaster; do
		for transport in L2 UDPv4 UDPv6; do
			for stamps in hardware software; do
				for slave in 0 1; do
					for ntp in '' ntp.example; do
						[[ $role = ordinary || $slave = 0 ]] || continue
						name=$2-$role-$transport-$stamps-$slave${ntp:+-ntp}
						options=(--interface v0 --role "$role" --transport "$transport" --slave "$slave"
							--timestamping "$stamps" --domain 24 --distribution "$2"
							--linuxptp-version "$3" --chrony-version "$4")
						[[ $role != boundary ]] || options+=(--interface v1)
						[[ -z $ntp ]] || options+=(--ntp-server "$ntp" --ntp-server 192.0.2.9)
						"$tool" config --output "build/linuxptp/$1/$name" "${options[@]}" || return
					done
				done
			done
		done
	done
}

# wrong IMAGE: the same files with something in each that no version knows
wrong() {
	local dir=build/linuxptp/$1/wrong file
	cp -r "build/linuxptp/$1/debian-ordinary-UDPv4-hardware-0-ntp" "$dir"
	cp "build/linuxptp/$1/debian-ordinary-UDPv4-hardware-1-ntp/etc/ptpkvm/timemaster.conf" "$dir/etc/ptpkvm"
	for file in etc/ptpkvm/ptp4l.conf etc/ptpkvm/timemaster.conf etc/chrony/conf.d/ptpkvm-host.conf; do
		echo 'nonsense 1' >>"$dir/$file"
	done
	sed -i 's/phc2sys -a/& --nonsense/; s/^Restart=/Nonsense=/' "$dir/etc/systemd/system/phc2sys@v0.service"
}

rm -rf build/linuxptp
for image in "${cases[@]}"; do
	linuxptp=$(vm-images/in-image $image ptp4l -v)
	chrony=$(vm-images/in-image $image chronyd --version | sed -E 's/.* version ([^ ]*).*/\1/')
	mkdir -p build/linuxptp/$image
	for distribution in debian rhel; do
		runs "$image: written for linuxptp $linuxptp, chrony $chrony on $distribution" \
			write $image $distribution "$linuxptp" "$chrony"
	done
	wrong $image
	said=$(vm-images/in-image $image --ro-bind tests/lib/linuxptp-accepts /accepts --ro-bind build/linuxptp/$image /cases \
		unshare -rn bash /accepts /cases 2>&1)
	is $? 0 "$image: all were read"
	is_empty "$(grep -vE '^good |^bad [a-z0-9]+ wrong:' <<<"$said")" "$image: no complaint"
	found=$(sed -nE 's/^bad ([a-z0-9]+) wrong:.*/\1/p' <<<"$said" | sort -u | tr '\n' ' ')
	is "$found" "chronyd phc2sys ptp4l $([[ $image = bullseye ]] || echo 'systemd ')timemaster " \
		"$image: and what is wrong is found"
	cmp "$(grep -c '^good ptp4l' <<<"$said")" == 96 "$image: ptp4l $linuxptp took"
	cmp "$(grep -c '^good timemaster' <<<"$said")" == 6 "$image: timemaster took"
	cmp "$(grep -c '^good chronyd' <<<"$said")" == 48 "$image: chronyd $chrony took"
	cmp "$(grep -c '^good phc2sys' <<<"$said")" '>=' 3 "$image: phc2sys took"
	[[ $image = bullseye ]] || cmp "$(grep -c '^good systemd' <<<"$said")" '>=' 10 "$image: systemd took"
done
done_testing
