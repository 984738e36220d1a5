#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The libvirt domain for a ready image is one, by libvirt's own schema; and so is what its comments offer.
cd "$(dirname "$0")/../.." || exit 1
. tests/lib/tap.sh

domain=vm-images/ready/domain.xml
mkdir -p build/domain
sed "s/ firmware='efi'//; /<firmware>/,/<\/firmware>/d" $domain >build/domain/bios.xml
sed -E "s/(migratable=')off/\1on/; s/^ *(<timer name='tsc'[^>]*>) -->/--> \1/" $domain >build/domain/migratable.xml

plan 7
runs 'UEFI' virt-xml-validate $domain domain
runs 'BIOS' virt-xml-validate build/domain/bios.xml domain
runs 'migratable' virt-xml-validate build/domain/migratable.xml domain
like "$(xmllint --xpath '//cpu/@migratable | //timer[@name="tsc"]/@frequency' build/domain/migratable.xml)" \
	'migratable="on".*frequency="[0-9]+"' 'migratable: it is that'
sed 's/mode=/kind=/' $domain >build/domain/bad.xml
fails 'and another that is not' virt-xml-validate build/domain/bad.xml domain
is "$(xmllint --xpath 'string(//cpu/@mode)' $domain),$(xmllint --xpath 'string(//cpu/@migratable)' $domain)" \
	'host-passthrough,off' "the CPU is as in QEMU's command line, host,migratable=off"
is "$(xmllint --xpath 'string(//firmware/feature[@name="secure-boot"]/@enabled)' $domain)" no \
	"no Secure Boot, which libvirt has by default and which refuses the image's module"
done_testing
