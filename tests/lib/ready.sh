# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# A ready image as a guest: it has nothing of the lab's in it, and is asked through ssh. Sourced after lab.sh.
#
#     ready_build SUITE              the image, as make image does; before a lab, as it takes a minute
#     ready_plug NAME SUITE          that image, with a disk of 4 GiB over it that lasts, and a seed
#     ready_boot NAME bios|uefi|secure   back when a key of cloud-init's lets us in. secure: UEFI with Microsoft's keys, as
#         libvirt has it by default, but for the SMM that keeps the guest from writing them
#     ready NAME CMD...              as the user of cloud-init, by that one's shell
#     ready_off NAME                 an orderly end; it can be booted again
#     ready_unplug NAME
#
# guest_kill pulls the plug, and unplugs.

READY_PORT=2222

ready_build() {
	[[ -n ${LAB_NO_BUILD-} ]] || tests/lib/timed build make -s image SUITE="$1" >&2 || bail "lab: no ready image of $1"
}

ready_plug() {
	local name=$1 image=$LAB_TOP/build/image/ptpkvm-$2.qcow2 dir=$LAB_DIR/$1
	[[ -z ${DIRECT-} ]] || bail 'lab: a ready image needs a host machine (DIRECT=1)'
	_lab_check_name "$name"
	LAB_SERIAL=$((LAB_SERIAL + 1))
	# shellcheck disable=SC2034 # lab.sh's
	LAB_SUITE[$name]=$2 LAB_ON[$name]=$LAB_HOST LAB_RUN[$name]=$name LAB_SYSTEMD[$name]=''
	host "ssh-keygen -q -t ed25519 -N '' -f /run/lab/$name.key" || bail "lab: no key for $name"
	mkdir -p "$dir"
	printf 'instance-id: %s\nlocal-hostname: %s\n' "$SRANDOM" "$name" >"$dir/meta-data"
	printf '#cloud-config\nssh_authorized_keys:\n- %s\n' "$(host "cat /run/lab/$name.key.pub")" >"$dir/user-data"
	mformat -C -f 1440 -v CIDATA -i "$dir/seed" :: && mcopy -i "$dir/seed" "$dir/meta-data" "$dir/user-data" :: ||
		bail "lab: no seed for $name"
	_lab_plug "$name" "$image" "$dir/seed"
	qemu-img create -q -f qcow2 -u -F qcow2 -b "/dev/disk/by-id/virtio-lab$LAB_SERIAL" "$dir/disk" 4G &&
		host_put "$dir/disk" "/run/lab/$name.disk" || bail "lab: no disk for $name"
}

ready_boot() {
	local name=$1 firmware=$2 n=${LAB_PORTS[$1]} began=$SECONDS cpu='' flash=''
	case $firmware in
	uefi) firmware=/usr/share/ovmf/OVMF.fd ;;
	secure)
		# With bios ready/start leaves out -bios
		firmware=bios flash="-- -drive if=pflash,format=raw,readonly=on,file=/usr/share/OVMF/OVMF_CODE_4M.fd \
			-drive if=pflash,format=raw,file=/run/lab/$name.vars"
		host "cp /usr/share/OVMF/OVMF_VARS_4M.ms.fd /run/lab/$name.vars" || bail "lab: $name: no UEFI variables"
		;;
	esac
	# As images.conf has it for kernels that the lab starts itself
	! _lab_emulated || cpu=host,migratable=off,-xsave,-avx,-avx2
	_lab again "$name"
	# With two CPUs half of their time would go into waking the other
	on "${LAB_ON[$name]}" host "ACCEL=kvm launch $name --ready /run/lab/$name.disk --firmware $firmware --mem 768 --smp 1 \
		--seed /dev/disk/by-id/virtio-lab${n}k --ssh-port $READY_PORT ${cpu:+--cpu $cpu} $flash" ||
		bail "lab: cannot launch $name"
	LAB_TIMEOUT=$READY_TIMEOUT on "${LAB_ON[$name]}" host "until $(_ready_ssh "$name") true 2>/dev/null; do
			test -e /run/lab/$name.pid || { cat /run/lab/$name.qemu.log; exit 1; }
			sleep 1
		done" || bail "lab: $name lets nobody in; see $(_lab_log "$name")"
	note "lab: $name, with $2, let us in after $((SECONDS - began)) s"
}

_ready_ssh() {
	echo "ssh -i /run/lab/$1.key -p $READY_PORT -o BatchMode=yes -o ConnectTimeout=60 -o LogLevel=ERROR" \
		"-o StrictHostKeyChecking=accept-new -o UserKnownHostsFile=/run/lab/$1.known" \
		"-o ControlMaster=auto -o ControlPath=/run/lab/$1.ssh -o ControlPersist=1000 debian@127.0.0.1"
}

ready() {
	local name=$1 quote="'\\''"
	shift
	set -- "$*"
	on "${LAB_ON[$name]}" host "$(_ready_ssh "$name") '${1//\'/$quote}'"
}

ready_off() {
	ready "$1" 'sudo systemctl --no-block poweroff' || true
	_lab await-end "$1" "$LAB_BOOT_TIMEOUT" || bail "lab: $1 does not power off"
}

ready_unplug() {
	_lab_guest_clean "$1"
}
