# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash disable=SC2034
# What an image is made of. All that is in here, in images.conf and in hooks/
# goes into the image's key, so that a change builds it anew. Sourced.

VM_IMAGES=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)

declare -A IMAGE_SUITE IMAGE_PACKAGES IMAGE_SOURCES IMAGE_EXTRA IMAGE_BOOT IMAGE_APPEND IMAGE_ARCH
IMAGE_NAMES=()

image() {
	local name=$1 suite=$2 option
	shift 2
	IMAGE_NAMES+=("$name")
	IMAGE_SUITE[$name]=$suite
	IMAGE_SOURCES[$name]=no IMAGE_EXTRA[$name]='' IMAGE_BOOT[$name]=yes IMAGE_APPEND[$name]='' IMAGE_ARCH[$name]=amd64
	for option; do
		shift
		case $option in
		--) break ;;
		sources=*) IMAGE_SOURCES[$name]=${option#*=} ;;
		extra=*) IMAGE_EXTRA[$name]=${option#*=} ;;
		boot=*) IMAGE_BOOT[$name]=${option#*=} ;;
		append=*) IMAGE_APPEND[$name]=${option#*=} ;;
		arch=*) IMAGE_ARCH[$name]=${option#*=} ;;
		*) echo "images.conf: $name: unknown option $option" >&2; return 1 ;;
		esac
	done
	IMAGE_PACKAGES[$name]=$*
}

# shellcheck source=vm-images/images.conf
. "$VM_IMAGES/images.conf"

image_exists() {
	[[ -n ${IMAGE_SUITE[$1]-} ]]
}

image_cache() {
	local cache=${PTPKVM_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/ptp_kvm}
	echo "$cache/images"
}

# append= is not part of the key: it isn't in the image
image_key() {
	local name=$1
	{
		echo "$name ${IMAGE_SUITE[$name]} ${IMAGE_EXTRA[$name]} ${IMAGE_SOURCES[$name]}" \
			"${IMAGE_BOOT[$name]} ${IMAGE_PACKAGES[$name]} ${IMAGE_ARCH[$name]}"
		cat "$VM_IMAGES/recipe.sh" "$VM_IMAGES"/hooks/*
	} | sha256sum | cut -c1-12
}

# kernel_name NAME: what Debian calls its kernel in /boot
kernel_name() {
	[[ ${IMAGE_ARCH[$1]} = riscv64 ]] && echo vmlinux || echo vmlinuz
}

image_dir() {
	echo "$(image_cache)/$1-$(image_key "$1")"
}

# What no machine of the lab has hardware for, and what nobody reads there
EXCLUDED_MODULES=(
	drivers/{accel,ata,bluetooth,comedi,edac,firewire,fpga,gpu,hid,hwmon,iio,infiniband,input}
	drivers/{isdn,leds,md,media,mfd,misc,mmc,mtd,net/can,net/dsa,net/phy,net/usb,net/wireless}
	drivers/{net/wwan,nfc,nvme,parport,pcmcia,platform,power,regulator,scsi,soundwire,staging}
	drivers/{target,thunderbolt,usb,video}
	drivers/net/ethernet/{amd,aquantia,atheros,broadcom,brocade,cavium,chelsio,cisco,emulex}
	drivers/net/ethernet/{huawei,marvell,mellanox,micrel,microchip,microsoft,neterion,netronome}
	drivers/net/ethernet/{pensando,qlogic,realtek,sfc,sis,smsc,stmicro,sun,ti,wangxun}
	fs/{affs,afs,bcachefs,btrfs,ceph,dlm,f2fs,gfs2,hfs,hfsplus,jffs2,jfs,nfs,nfsd,nilfs2,ntfs}
	fs/{ntfs3,ocfs2,orangefs,reiserfs,smb,ubifs,udf,ufs,xfs}
	net/{batman-adv,bluetooth,can,ceph,mac80211,rds,sctp,tipc,wireless} sound
)

# Another architecture's packages are unpacked, since nothing of theirs can run here. Its ports' updates may be out of step with
# the mirror's index for days: main alone will do.
# shellcheck disable=SC2016 # the hooks'
image_bootstrap_foreign() {
	local name=$1 tarfile=$2 path unwanted=()
	shift 2
	for path in "${EXCLUDED_MODULES[@]}"; do
		unwanted+=("kernel/$path")
	done
	exec mmdebstrap --mode=auto --variant=extract --format=tar --aptopt='Acquire::Retries "3"' \
		--architectures="${IMAGE_ARCH[$name]}" --include="${IMAGE_PACKAGES[$name]// /,}" \
		--setup-hook='sed -i -E "/-(updates|security) /d" "$1/etc/apt/sources.list"' \
		--extract-hook='cd "$1" && rm -rf usr/share/doc usr/share/info usr/share/locale usr/share/man
			for kernel in usr/lib/modules/*; do
				(cd "$kernel" && rm -rf '"${unwanted[*]}"')
				PATH=$PATH:/usr/sbin:/sbin depmod -b "$1" "${kernel##*/}" || exit
			done' "$@" "${IMAGE_SUITE[$name]}" "$tarfile"
}

# image_bootstrap NAME TARFILE [mmdebstrap option]...
image_bootstrap() {
	[[ ${IMAGE_ARCH[$1]} = amd64 ]] || image_bootstrap_foreign "$@"
	local name=$1 tarfile=$2 options=() excluded=(/usr/share/{doc,info,locale,man}/'*' /usr/sbin/update-initramfs) path
	shift 2
	for path in "${EXCLUDED_MODULES[@]}"; do
		excluded+=({,/usr}"/lib/modules/*/kernel/$path/*")
	done
	# Not by --dpkgopt, for which mmdebstrap filters each archive by a script of its own. update-initramfs: the lab
	# makes its own, and making that one takes long.
	options+=(--extract-hook="(cd \"\$1/usr/share\" && rm -rf doc info locale man)
		printf 'path-exclude=%s\\n' ${excluded[*]@Q} >\"\$1/etc/dpkg/dpkg.cfg.d/excluded\""
		--essential-hook='install -D /dev/stdin "$1/usr/sbin/update-initramfs" <<-END
			#!/bin/sh
			exit 0
			END')
	# By their text: they run as a user who may not be let into this directory
	if [[ -n ${IMAGE_EXTRA[$name]} ]]; then
		options+=(--setup-hook="set -- \"\$1\" ${IMAGE_SUITE[$name]} ${IMAGE_EXTRA[$name]}
			$(cat "$VM_IMAGES/hooks/extra-suite")")
	fi
	if [[ ${IMAGE_SOURCES[$name]} = yes ]]; then
		options+=(--customize-hook="$(cat "$VM_IMAGES/hooks/kernel-sources")")
	fi
	exec mmdebstrap --mode=auto --variant=apt --format=tar --aptopt='Acquire::Retries "3"' \
		--include="${IMAGE_PACKAGES[$name]// /,}" "${options[@]}" "$@" \
		"${IMAGE_SUITE[$name]}" "$tarfile"
}
