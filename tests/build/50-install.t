#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# make modules_install: under updates/, found by modprobe before the in-tree
# driver, refused where that one is built in; and its inverse. All of it in a
# copy of a guest's module tree, with that kernel's own headers.
cd "$(dirname "$0")/../.." || exit 1
. tests/lib/tap.sh

plan 13

image=bookworm
dir=$(vm-images/build-image --print "$image")
kernel=$(cat "$dir/kver")
dest=$PWD/build/install
rm -rf "$dest"
mkdir -p "$dest/lib/modules"
cp -r "$dir/root/lib/modules/$kernel" "$dest/lib/modules/"

# install TARGET [VARIABLE]: in the image, whose tools fit its kernel
install() {
	vm-images/in-image "$image" --bind "$PWD/build/modules/$image" /src --bind "$dest" /dest \
		make -C /src "$1" KDIR="/lib/modules/$kernel/build" "${2:-INSTALL_MOD_PATH=/dest}"
}
chosen() {
	modinfo -b "$dest" -k "$kernel" -n ptp_kvm
}

runs 'builds' tests/build-module "$image"
like "$(chosen)" 'kernel/drivers/ptp/ptp_kvm' 'modprobe takes the in-tree driver at first'
runs 'make modules_install' install modules_install
like "$(chosen)" 'updates/.*ptp_kvm.ko' 'modprobe takes ours afterwards'
is "$(modinfo -b "$dest" -k "$kernel" -F filename kvm_ptp)" "$(chosen)" \
	'and finds it under the other name, kvm_ptp'
runs 'make modules_uninstall' install modules_uninstall
like "$(chosen)" 'kernel/drivers/ptp/ptp_kvm' 'modprobe takes the in-tree driver again'

runs 'make modules_install DESTDIR=, where there is no kernel' install modules_install DESTDIR=/dest/package
is "$(cd "$dest/package" && find . -type f)" "./lib/modules/$kernel/updates/driver/ptp_kvm.ko" \
	'the module is there, and nothing of depmod'
runs 'make modules_uninstall DESTDIR=' install modules_uninstall DESTDIR=/dest/package
silent 'and it is gone' find "$dest/package" -type f

echo kernel/drivers/ptp/ptp_kvm.ko >>"$dest/lib/modules/$kernel/modules.builtin"
said=$(install modules_install 2>&1)
isnt $? 0 'refused where the in-tree driver is built in'
like "$said" "ptp_kvm is built into $kernel" 'and the reason is given'
done_testing
