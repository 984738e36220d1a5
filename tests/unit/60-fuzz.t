#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# What comes from outside (chronyc, pmc, configurations, processes, sysfs, debugfs, TripleO's YAML, a host's records), fuzzed
# for so many seconds. FUZZ_SEED repeats a run.
# check: 5
# check-all: 20
cd "$(dirname "$0")/../.." || exit 1
. tests/lib/tap.sh
cases=("$@")
((${#cases[@]})) || mapfile -t cases < <(tier_cases)

dir=build/fuzz
seed=${FUZZ_SEED:-$((SRANDOM % 2147483647 + 1))}
command -v clang >/dev/null || bail 'there is no clang (Debian: apt install clang libclang-rt-dev)'
rm -rf $dir/corpus
mkdir -p $dir/corpus

# One input of each kind, for the fuzzer to begin with; the first byte is the kind. | is NUL.
kind=0
for line in '#,*,KVM,0,-1,377,1,-0.000000003,0.000000004,0.000000040' \
	'4B564D00,KVM,1,1795449334.123456789,0.1,-0.1,0.1,-37.003,0.0,0.012,0.1,0.1,0.5,Normal' \
	'*,KVM,N,-,-,-,-,-,N,P,T,R,-,1,1.0,-0.000000020,0.000000021,Normal' \
	'chronyd (chrony) version 4.9-pre1 (+CMDMON)' \
	$'refclock PHC /dev/ptp0:nocrossts poll 3\nconfdir /a /b\ninclude *.conf\n! no' \
	'0xfedcba9876543210' synchronized insert-pending 4294967295 \
	$'"\\ \xf0\x9f\x95\x92 \x01' \
	"$(<tests/unit/fixtures/pmc-4.4-boundary.txt)" \
	$'[global]\nclock_servo ntpshm\n#\n[eth0]\nmasterOnly 1\n[unicast_master_table]\nUDPv4 x' \
	$'phc2sys|-arwq|-c|CLOCK_REALTIME|--clock_servo=pi|-f|/etc/x|\n[global]\nclock_servo pi' \
	$'#@\t3991766400\n3692217600\t37\t# 1 Jan 2017' \
	$'parameter_defaults:\n  PtpInterface: nic1\n  ComputeParameters: &c {PtpSlaveMode: 0}\n  NtpServer: [&a a, "b", *a]\n  <<: [*c, {}]' \
	$'1234-11\nvcpu0\n7|-name|guest=web,,1,debug-threads=on|' \
	$'ptp4l\n1\n[global]\nclock_servo ntpshm\n0::/system.slice/ptp4l@eth0.service\n|-f|/x|-i|eth0|-S|--domainNumber=7|' \
	$'phc2sys\n7\n0::/system.slice/phc2sys.service\nPPid:\t1\nCapEff:\tffffffff\n|-arr|' \
	$'[Service]\nEnvironment="A=-a -r" B=x\nEnvironmentFile=-/x\nExecStart=-@/usr/sbin/phc2sys p $A ${B} %i \\\n -q' \
	$'up\nlower_eth1\nDEVTYPE=vlan\n1000' '4.2-dirty' \
	$'#\nversion 2\ndirectory /etc/x\nfile 00000000deadbeef /etc/a.conf\nnext 00000000deadbeef /etc/systemd/x.service.d/b.conf' \
	$'[Service]\nEnvironmentFile=-/x\nExecStart=/usr/sbin/chronyd $OPTIONS -f /etc/c\nOPTIONS="-x"\nrefclock PHC /dev/ptp0:nocrossts refid K' \
	$'PCKR\001|`|0123456789abcdefMARKER..\001\002\003\004\005\006\007|\001\001||||||\002\002||||||\230:||\037|||%|||\002\002\001|||||||||||||||||||||||||PCKR' \
	$'time=1.000000002\nhost_id=00112233445566778899aabbccddeeff\ndisruption_marker=0x0123456789abcdef\nstatus=synchronized\nmax_error_ns=7\nref_error_ns=5\ndrift_ppb=9\nbound_source=ptp4l\ntai_offset=37\nleap_indicator=none\nsmear=utc-sls'; do
	printf '%b%s\n' "\\x$(printf %02x "$kind")" "$line" | tr '|' '\0' >"$dir/corpus/$kind-${#line}"
	case $line in 0x* | sync* | insert*) ;; *) kind=$((kind + 1)) ;; esac
done

runs 'the fuzzer builds' clang -std=gnu11 -D_GNU_SOURCE -O1 -g -fsanitize=fuzzer,address,undefined \
	-fno-sanitize-recover=all -Wall -Wextra -Werror -pthread -Ihost-tools -Ilib \
	-Dreaddir=input_readdir -Dclosedir=input_closedir -o $dir/fuzz_input tests/unit/fuzz_input.c \
	lib/base/die.c lib/base/numbers.c lib/base/text.c lib/base/now.c lib/chrony/*.c \
	lib/linuxptp/conf.c lib/linuxptp/phc2sys.c lib/linuxptp/pmc.c lib/linuxptp/ptp4l.c lib/output/{json,text}.c \
	lib/system/install.c lib/system/processes.c lib/system/run.c lib/system/units.c lib/time/host_clock.c lib/time/host_record.c lib/time/steering.c \
	host-tools/config/generate.c \
	host-tools/config/params.c host-tools/config/tripleo.c host-tools/facts/guests.c host-tools/facts/leap.c host-tools/nic/fit.c host-tools/nic/nic.c -lyaml -lm
note "seed $seed"
status=0
# What was freed is kept for a while: that must not be the memory that is used up.
ASAN_OPTIONS=quarantine_size_mb=64 $dir/fuzz_input -seed="$seed" -max_total_time="${cases[-1]}" -timeout=5 -rss_limit_mb=512 -max_len=4096 \
	-artifact_prefix=$dir/ -print_final_stats=1 $dir/corpus >$dir/log 2>&1 || status=$?
ok $status "nothing found (seed $seed)"
((status == 0)) || diag "$(tail -n 40 $dir/log)"
units=$(sed -n 's/^stat::number_of_executed_units: *//p' $dir/log)
# Some 100,000 on an idle machine; in what others leave of a busy one, fewer
cmp "${units:-0}" '>=' 1000 'inputs tried'
done_testing
